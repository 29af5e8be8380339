import type { EventSource } from '../queue/driver.ts'
import { idOfSignature } from '../slack/form-payload.ts'
import { signBody } from '../slack/signature.ts'
import { type TriggerFields, triggerTemplates } from './trigger-templates.ts'

export interface TriggerInput {
  /** A key of `triggerTemplates`. */
  readonly event: string
  /** What the person chose, by the name of the field. */
  readonly chosen: Readonly<Record<string, string>>
  /** What tells this one from every other: Slack's event_id, or its trigger_id where there is no event_id. */
  readonly uniqueId: string
  /** Wall clock, milliseconds. */
  readonly nowMs: number
  readonly signingSecret: string
}

/** A request as Slack would make it. */
export interface TriggerRequest {
  /** The id under which a server keeps it. */
  readonly eventId: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const teamId = 'T0TRIGGER'
const appId = 'A0TRIGGER'

const defaults = { text: 'hello', channel: 'C0TRIGGER', user: 'U0TRIGGER', reaction: 'thumbsup' }
/** Those that a template places where they belong; every other one is a field of the event itself. */
const placed: ReadonlySet<string> = new Set(Object.keys(defaults))

/** A made-up event, signed as Slack signs. */
export function createTriggerRequest({
  event,
  chosen,
  uniqueId,
  nowMs,
  signingSecret,
}: TriggerInput): TriggerRequest {
  const template = triggerTemplates[event]
  if (template === undefined) throw new TypeError(`There is no template ${event}`)
  const { source, payload } = template
  const seconds = Math.floor(nowMs / 1000)
  const fields: TriggerFields = {
    ...defaults,
    ...chosen,
    ts: `${seconds}.${String(nowMs % 1000).padStart(3, '0')}000`,
  }
  const extra = Object.entries(chosen).filter(([name]) => !placed.has(name))
  const inner = payload(fields, Object.fromEntries(extra))
  const body = renderBody[source](inner, { uniqueId, seconds })
  const signature = signBody(signingSecret, seconds, body)
  return {
    eventId: source === 'events' ? uniqueId : idOfSignature(signature),
    path: `/slack/${source}`,
    body,
    headers: {
      'content-type': source === 'events' ? 'application/json' : 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': String(seconds),
      'x-slack-signature': signature,
    },
  }
}

interface Stamp {
  readonly uniqueId: string
  readonly seconds: number
}

/** How Slack wraps what it posts at each of its three paths. */
const renderBody: Readonly<Record<EventSource, (inner: object, stamp: Stamp) => string>> = {
  events: (event, { uniqueId, seconds }) =>
    JSON.stringify({
      team_id: teamId,
      api_app_id: appId,
      event,
      type: 'event_callback',
      event_id: uniqueId,
      event_time: seconds,
      authorizations: [],
    }),
  commands: (command, { uniqueId }) =>
    asForm({ ...command, team_id: teamId, api_app_id: appId, trigger_id: uniqueId }),
  interactivity: (interaction, { uniqueId }) => {
    const team = { id: teamId, domain: 'trigger' }
    return asForm({
      payload: JSON.stringify({ ...interaction, team, api_app_id: appId, trigger_id: uniqueId }),
    })
  },
}

function asForm(fields: Readonly<Record<string, unknown>>): string {
  return new URLSearchParams(
    Object.entries(fields).map(([name, value]): [string, string] => [name, String(value)]),
  ).toString()
}
