import { signBody } from '../slack/signature.ts'
import { type TriggerFields, triggerTemplates } from './trigger-templates.ts'

export interface TriggerInput {
  /** A key of `triggerTemplates`. */
  readonly event: string
  /** What the person chose, by the name of the field. */
  readonly chosen: Readonly<Record<string, string>>
  readonly eventId: string
  /** Wall clock, milliseconds. */
  readonly nowMs: number
  readonly signingSecret: string
}

/** A request as Slack would make it. */
export interface TriggerRequest {
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
  eventId,
  nowMs,
  signingSecret,
}: TriggerInput): TriggerRequest {
  const template = triggerTemplates[event]
  if (template === undefined) throw new TypeError(`There is no template ${event}`)
  const seconds = Math.floor(nowMs / 1000)
  const fields: TriggerFields = {
    ...defaults,
    ...chosen,
    ts: `${seconds}.${String(nowMs % 1000).padStart(3, '0')}000`,
  }
  const extra = Object.entries(chosen).filter(([name]) => !placed.has(name))
  const inner = { ...template.fields(fields), ...Object.fromEntries(extra) }
  const isForm = template.source !== 'events'
  const body = isForm
    ? asForm({ ...inner, team_id: teamId, trigger_id: eventId })
    : asEnvelope(inner, eventId, seconds)
  return {
    path: `/slack/${template.source}`,
    body,
    headers: {
      'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json',
      'x-slack-request-timestamp': String(seconds),
      'x-slack-signature': signBody(signingSecret, seconds, body),
    },
  }
}

function asEnvelope(inner: object, eventId: string, seconds: number): string {
  return JSON.stringify({
    team_id: teamId,
    api_app_id: appId,
    event: inner,
    type: 'event_callback',
    event_id: eventId,
    event_time: seconds,
    authorizations: [],
  })
}

function asForm(fields: Readonly<Record<string, unknown>>): string {
  return new URLSearchParams(
    Object.entries(fields).map(([name, value]): [string, string] => [name, String(value)]),
  ).toString()
}
