import { contentOf, destinationOf, threadOf } from './chat-methods.ts'
import { postMessage } from './message-actions.ts'
import { type Call, conversationOf, isVisible, type MethodTable } from './method.ts'
import { cutPage } from './page.ts'
import { Refusal } from './refusal.ts'
import type { Rendered } from './render-people.ts'
import type { ScheduledMessage } from './workspace-state.ts'

/** https://docs.slack.dev/reference/methods/chat.scheduleMessage#restrictions */
const aheadSecondsMax = 120 * 86_400
const perWindowMax = 30
const windowSeconds = 5 * 60
/** What is sent within a minute cannot be taken back. https://docs.slack.dev/reference/methods/chat.deleteScheduledMessage */
const lastCallSeconds = 60

const listLimitDefault = 100
const listLimitMax = 1_000

export const schedulingMethods: MethodTable = {
  'chat.scheduleMessage': { scopes: ['chat:write'], run: schedule },
  'chat.scheduledMessages.list': { scopes: [], run: list },
  'chat.deleteScheduledMessage': { scopes: ['chat:write'], run: cancel },
}

function schedule(call: Call): Rendered {
  const { state, grant } = call
  const { userId } = grant
  const conversation = destinationOf(call)
  const { text, blocks, attachments } = contentOf(call)
  const postAtSeconds = postAtOf(call, conversation.id)
  const threadTs = threadOf(call, conversation)
  const id = `Q${state.ids.uuid().slice(-10).toUpperCase()}`
  const nowSeconds = state.clock.now() / 1000
  const drop = state.later((postAtSeconds - nowSeconds) * 1000, () => {
    state.scheduled.delete(id)
    postMessage(state, conversation, { userId, text, blocks, attachments, threadTs })
  })
  const createdAtSeconds = Math.floor(nowSeconds)
  const channelId = conversation.id
  state.scheduled.set(id, { id, channelId, userId, text, postAtSeconds, createdAtSeconds, drop })
  const bot = state.people.byId(userId)?.bot
  return {
    channel: conversation.id,
    scheduled_message_id: id,
    post_at: postAtSeconds,
    message: {
      text,
      type: 'delayed_message',
      ...(bot === undefined ? { user: userId } : { bot_id: bot.id, subtype: 'bot_message' }),
    },
  }
}

function postAtOf({ params, state }: Call, channelId: string): number {
  const postAtSeconds = Number(params.required('post_at'))
  const aheadSeconds = postAtSeconds - state.clock.now() / 1000
  if (!Number.isInteger(postAtSeconds)) throw new Refusal('invalid_time')
  if (aheadSeconds <= 0) throw new Refusal('time_in_past')
  if (aheadSeconds > aheadSecondsMax) throw new Refusal('time_too_far')
  const near = [...state.scheduled.values()].filter(
    (other) => other.channelId === channelId && Math.abs(other.postAtSeconds - postAtSeconds) < windowSeconds,
  )
  if (near.length >= perWindowMax) throw new Refusal('restricted_too_many')
  return postAtSeconds
}

/** Those of the caller alone, in the order in which they were scheduled. */
function list(call: Call): Rendered {
  const { params, state, grant } = call
  const channelId = params.text('channel')
  const conversation = channelId === undefined ? undefined : state.conversations.byId(channelId)
  if (channelId !== undefined && (conversation === undefined || !isVisible(conversation, grant))) {
    throw new Refusal('invalid_channel')
  }
  const own = [...state.scheduled.values()].filter(
    (message) =>
      message.userId === grant.userId && (channelId === undefined || message.channelId === channelId),
  )
  const { items, nextCursor } = cutPage<ScheduledMessage>(
    {
      count: own.length,
      at: (index) => own[index],
      indexOf: (id) => own.findIndex((message) => message.id === id),
      idOf: ({ id }) => id,
    },
    {
      cursor: params.text('cursor'),
      limit: params.limit('limit', listLimitDefault, listLimitMax),
      label: 'scheduled',
    },
  )
  return {
    scheduled_messages: items.map((message) => ({
      id: message.id,
      channel_id: message.channelId,
      post_at: message.postAtSeconds,
      date_created: message.createdAtSeconds,
      text: message.text,
    })),
    response_metadata: { next_cursor: nextCursor },
  }
}

function cancel(call: Call): Rendered {
  const { params, state, grant } = call
  const conversation = conversationOf(call)
  const message = state.scheduled.get(params.required('scheduled_message_id'))
  const isCancellable =
    message?.channelId === conversation.id &&
    message.userId === grant.userId &&
    message.postAtSeconds - state.clock.now() / 1000 > lastCallSeconds
  if (!isCancellable) throw new Refusal('invalid_scheduled_message_id')
  state.scheduled.delete(message.id)
  message.drop()
  return {}
}
