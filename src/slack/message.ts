import type { JsonObject } from '../base/json-object.ts'
import { asList, asNumber, asObject, asObjects, asText } from './json-fields.ts'

/** One message of a channel or thread, as Slack answers it in history, replies and search. */
export interface SlackMessage {
  /** Slack's id of the message within its channel. */
  readonly ts: string
  /** The ts of the head of its thread; equal to `ts` for the head itself. */
  readonly threadTs: string | undefined
  readonly userId: string | undefined
  readonly botId: string | undefined
  /** The name that came with the message itself: of a bot, or of a user in a shared channel. */
  readonly authorName: string | undefined
  readonly subtype: string | undefined
  readonly text: string
  readonly blocks: readonly unknown[]
  readonly attachments: readonly JsonObject[]
  readonly files: readonly JsonObject[]
  readonly reactions: readonly SlackReaction[]
  readonly replyCount: number
  readonly latestReply: string | undefined
  readonly isEdited: boolean
  /** The workspace of the author, where Slack says it. */
  readonly teamId: string | undefined
}

export interface SlackReaction {
  readonly name: string
  readonly count: number
  readonly userIds: readonly string[]
}

/** A message from what Slack sent. Never throws: what is missing or odd counts as absent. */
export function parseMessage(value: unknown): SlackMessage {
  const raw = asObject(value)
  return {
    ts: asText(raw['ts']) ?? '',
    threadTs: asText(raw['thread_ts']),
    userId: asText(raw['user']) ?? asText(raw['bot_user_id']),
    botId: asText(raw['bot_id']),
    authorName: authorNameOf(raw),
    subtype: asText(raw['subtype']),
    text: asText(raw['text']) ?? '',
    blocks: asList(raw['blocks']),
    attachments: asObjects(raw['attachments']),
    files: asObjects(raw['files']),
    reactions: asObjects(raw['reactions']).map(parseReaction),
    replyCount: asNumber(raw['reply_count']) ?? 0,
    latestReply: asText(raw['latest_reply']),
    isEdited: asText(asObject(raw['edited'])['ts']) !== undefined,
    teamId:
      asText(raw['user_team']) ??
      asText(raw['source_team']) ??
      asText(raw['team']) ??
      asText(asObject(raw['bot_profile'])['team_id']),
  }
}

function authorNameOf(raw: JsonObject): string | undefined {
  const profile = asObject(raw['user_profile'])
  return (
    asText(asObject(raw['bot_profile'])['name']) ??
    asText(profile['display_name']) ??
    asText(profile['real_name']) ??
    asText(raw['username'])
  )
}

function parseReaction(raw: JsonObject): SlackReaction {
  const userIds = asList(raw['users']).filter((id): id is string => typeof id === 'string')
  return { name: asText(raw['name']) ?? '', count: asNumber(raw['count']) ?? userIds.length, userIds }
}
