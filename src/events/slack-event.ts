import { isObject, type JsonObject } from '../base/json-object.ts'
import { parseJsonObject } from '../slack/envelope.ts'

/** What every inner event has, as Slack spells it; further fields by their type. https://docs.slack.dev/reference/events */
export interface SlackEventBase extends JsonObject {
  readonly type: string
  readonly event_ts?: string
}

export interface MessageEvent extends SlackEventBase {
  readonly type: 'message'
  readonly subtype?: string
  readonly channel: string
  readonly channel_type?: 'channel' | 'group' | 'im' | 'mpim' | 'app_home'
  readonly user?: string
  readonly bot_id?: string
  readonly text?: string
  readonly ts: string
  readonly thread_ts?: string
}

export interface AppMentionEvent extends SlackEventBase {
  readonly type: 'app_mention'
  readonly channel: string
  readonly user?: string
  readonly text: string
  readonly ts: string
  readonly thread_ts?: string
}

export interface ReactionEvent<Type extends 'reaction_added' | 'reaction_removed'> extends SlackEventBase {
  readonly type: Type
  readonly user: string
  readonly reaction: string
  readonly item_user?: string
  readonly item: { readonly type: string; readonly channel?: string; readonly ts?: string }
}

export interface MembershipEvent<Type extends 'member_joined_channel' | 'member_left_channel'>
  extends SlackEventBase {
  readonly type: Type
  readonly user: string
  readonly channel: string
  readonly team?: string
  readonly inviter?: string
}

/** The events that handlers most often ask for, by name. Names that are not here give SlackEventBase. */
export interface SlackEvents {
  readonly message: MessageEvent
  readonly 'message.channels': MessageEvent
  readonly 'message.groups': MessageEvent
  readonly 'message.im': MessageEvent
  readonly 'message.mpim': MessageEvent
  readonly app_mention: AppMentionEvent
  readonly reaction_added: ReactionEvent<'reaction_added'>
  readonly reaction_removed: ReactionEvent<'reaction_removed'>
  readonly member_joined_channel: MembershipEvent<'member_joined_channel'>
  readonly member_left_channel: MembershipEvent<'member_left_channel'>
}

export type SlackEventOf<Pattern extends string> = Pattern extends keyof SlackEvents
  ? SlackEvents[Pattern]
  : SlackEventBase

/** Who the app is, as far as an event tells or the identity does. */
export interface OwnIdentity {
  readonly userId: string | undefined
  readonly botId: string | undefined
}

/** What a kept event holds. */
export interface ParsedEvent {
  /** The inner event; for payloads without one (commands, interactions, app_rate_limited) their own object. */
  readonly event: SlackEventBase
  /** The outer object as Slack sent it. */
  readonly envelope: JsonObject
}

/** Parses kept bytes again: JSON of the Events API, or the form of a command or interaction. Undefined where they are neither. */
export function parseKeptEvent(bytes: Uint8Array, type: string): ParsedEvent | undefined {
  const envelope = parseJsonObject(bytes) ?? parseForm(bytes)
  if (envelope === undefined) return undefined
  const inner = envelope['event']
  return { envelope, event: { ...(isObject(inner) ? inner : envelope), type } }
}

function parseForm(bytes: Uint8Array): JsonObject | undefined {
  const form = Object.fromEntries(new URLSearchParams(new TextDecoder().decode(bytes)))
  const { payload } = form
  return payload === undefined ? form : parseJsonObject(new TextEncoder().encode(payload))
}

/** Joining and leaving are news also where the app itself does it. */
const neverOwn: ReadonlySet<string> = new Set(['member_joined_channel', 'member_left_channel'])

/** Whether the app caused the event itself: handlers that answer such events answer themselves for ever. */
export function isOwnEvent({ event, envelope }: ParsedEvent, own: OwnIdentity): boolean {
  if (neverOwn.has(event.type)) return false
  const users = [own.userId, ...authorizedBots(envelope)].filter((id) => id !== undefined)
  const { user, bot_id: botId } = event
  return (typeof user === 'string' && users.includes(user)) || (botId !== undefined && botId === own.botId)
}

/** The user ids of the app itself, which the envelope names. */
function authorizedBots(envelope: JsonObject): readonly string[] {
  const { authorizations } = envelope
  if (!Array.isArray(authorizations)) return []
  return authorizations.flatMap((authorization: unknown) => {
    if (!isObject(authorization) || authorization['is_bot'] !== true) return []
    const { user_id: userId } = authorization
    return typeof userId === 'string' ? [userId] : []
  })
}
