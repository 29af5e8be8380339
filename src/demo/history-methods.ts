import type { CallParams } from './call-params.ts'
import type { Conversation, Message } from './conversation.ts'
import {
  type Call,
  conversationOf,
  historyScopes,
  type MethodTable,
  requireConversationScope,
  requireMembership,
} from './method.ts'
import { asCursor, parseCursor } from './page.ts'
import { Refusal } from './refusal.ts'
import { renderMessage } from './render-messages.ts'
import type { Rendered } from './render-people.ts'
import { asSortableTs } from './timestamp.ts'

const historyLimitDefault = 100
const historyLimitMax = 999
const repliesLimitDefault = 1_000
const repliesLimitMax = 1_000
/** What Slack's own cursors of both methods say: they name the next message. */
const cursorLabel = 'next_ts'

export const historyMethods: MethodTable = {
  'conversations.history': { scopes: historyScopes, run: history },
  'conversations.replies': { scopes: historyScopes, run: replies },
}

/** Newest first. */
function history(call: Call): Rendered {
  const { params, state } = call
  const conversation = readableConversation(call)
  const range = rangeOf(params)
  const limit = params.limit('limit', historyLimitDefault, historyLimitMax)
  const wanted = conversation.timeline.topLevel().filter(({ ts }) => isInRange(ts, range))
  const fromTs = cursorTs(params)
  const rest = wanted.filter(({ ts }) => fromTs === undefined || ts <= fromTs).reverse()
  const next = rest[limit]
  return {
    messages: rest.slice(0, limit).map((message) => renderMessage(message, conversation, state)),
    has_more: next !== undefined,
    pin_count: conversation.pins.length,
    channel_actions_ts: null,
    channel_actions_count: 0,
    ...renderRange(params),
    ...renderCursor(next),
  }
}

/** Oldest first. The head of the thread opens every page and does not count towards the limit; a reply or a lone message is all there is. */
function replies(call: Call): Rendered {
  const { params, state } = call
  const conversation = readableConversation(call)
  const found = conversation.timeline.find(params.required('ts'))
  if (found === undefined) throw new Refusal('thread_not_found')
  const range = rangeOf(params)
  const limit = params.limit('limit', repliesLimitDefault, repliesLimitMax)
  const fromTs = cursorTs(params)
  const rest = conversation.timeline
    .replies(found.ts)
    .filter(({ ts }) => isInRange(ts, range) && (fromTs === undefined || ts >= fromTs))
  const next = rest[limit]
  const page = [found, ...rest.slice(0, limit)]
  return {
    messages: page.map((message) => renderMessage(message, conversation, state)),
    has_more: next !== undefined,
    ...renderCursor(next),
  }
}

function readableConversation(call: Call): Conversation {
  const conversation = conversationOf(call)
  requireConversationScope(conversation, call.grant, 'history')
  requireMembership(conversation, call.grant)
  return conversation
}

interface Range {
  readonly oldest: string
  readonly latest: string
  readonly isInclusive: boolean
}

function rangeOf(params: CallParams): Range {
  return {
    oldest: boundOf(params, 'oldest') ?? '0000000000.000000',
    latest: boundOf(params, 'latest') ?? '9999999999.999999',
    isInclusive: params.isTrue('inclusive'),
  }
}

function boundOf(params: CallParams, name: 'oldest' | 'latest'): string | undefined {
  const text = params.text(name)
  if (text === undefined) return undefined
  const ts = asSortableTs(text)
  if (ts === undefined) throw new Refusal(`invalid_ts_${name}`)
  return ts
}

/** Both bounds are outside the range unless the caller asks for them. */
function isInRange(ts: string, { oldest, latest, isInclusive }: Range): boolean {
  return isInclusive ? ts >= oldest && ts <= latest : ts > oldest && ts < latest
}

function renderRange(params: CallParams): Rendered {
  const oldest = params.text('oldest')
  const latest = params.text('latest')
  return { ...(oldest !== undefined && { oldest }), ...(latest !== undefined && { latest }) }
}

function cursorTs(params: CallParams): string | undefined {
  const cursor = params.text('cursor')
  if (cursor === undefined) return undefined
  const digits = parseCursor(cursorLabel, cursor)
  if (!/^\d{16}$/.test(digits)) throw new Refusal('invalid_cursor')
  return `${digits.slice(0, 10)}.${digits.slice(10)}`
}

function renderCursor(next: Message | undefined): Rendered {
  if (next === undefined) return {}
  return { response_metadata: { next_cursor: asCursor(cursorLabel, next.ts.replace('.', '')) } }
}
