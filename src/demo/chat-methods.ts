import type { Conversation, Message } from './conversation.ts'
import { openDirect } from './membership-actions.ts'
import { deleteMessage, postMessage, updateMessage } from './message-actions.ts'
import { type Call, conversationOf, isVisible, type MethodTable } from './method.ts'
import { Refusal } from './refusal.ts'
import { renderMessage, renderPermalink } from './render-messages.ts'
import type { Rendered } from './render-people.ts'
import { asSortableTs } from './timestamp.ts'

/** Slack cuts longer text off and warns. https://docs.slack.dev/reference/methods/chat.postMessage#truncating */
export const postedTextMax = 40_000
/** chat.update refuses longer text. */
export const updatedTextMax = 4_000
export const markdownTextMax = 12_000
export const blocksMax = 50
export const attachmentsMax = 100

export const chatMethods: MethodTable = {
  'chat.postMessage': { scopes: ['chat:write'], run: post },
  'chat.postEphemeral': { scopes: ['chat:write'], run: postEphemeral },
  'chat.update': { scopes: ['chat:write'], run: update },
  'chat.delete': { scopes: ['chat:write'], run: remove },
  'chat.getPermalink': { scopes: [], run: getPermalink },
}

function post(call: Call): Rendered {
  const conversation = destinationOf(call)
  const { text, isCutOff, ...content } = contentOf(call)
  const message = postMessage(call.state, conversation, {
    userId: call.grant.userId,
    text,
    threadTs: threadOf(call, conversation),
    isBroadcast: call.params.isTrue('reply_broadcast'),
    metadata: call.params.json('metadata', 'invalid_metadata_format'),
    ...content,
  })
  return {
    channel: conversation.id,
    ts: message.ts,
    message: renderMessage(message, conversation, call.state),
    ...(isCutOff && {
      warning: 'message_truncated',
      response_metadata: { warnings: ['message_truncated'] },
    }),
  }
}

/** Where a message may go: a conversation by its id, a channel by its name with or without `#`, a person by id. */
export function destinationOf(call: Call): Conversation {
  const { state, grant } = call
  const name = call.params.required('channel')
  const conversation = state.people.byId(name)
    ? openDirect(state, [grant.userId, name]).conversation
    : (state.conversations.byId(name) ?? state.conversations.byName(name.replace(/^#/, '')))
  if (conversation === undefined || !isVisible(conversation, grant)) throw new Refusal('channel_not_found')
  if (conversation.isArchived) throw new Refusal('is_archived')
  if (!conversation.members.has(grant.userId) && !grant.scopes.includes('chat:write.public')) {
    throw new Refusal('not_in_channel')
  }
  return conversation
}

export interface Content {
  readonly text: string
  readonly isCutOff: boolean
  readonly blocks: readonly unknown[] | undefined
  readonly attachments: readonly unknown[] | undefined
}

/** What is to be said. Throws the refusal of what Slack does not take. */
export function contentOf({ params }: Call): Content {
  const blocks = listOf(params.json('blocks', 'invalid_blocks_format'), 'invalid_blocks_format')
  const attachments = listOf(
    params.json('attachments', 'invalid_attachments_format'),
    'invalid_attachments_format',
  )
  if ((blocks?.length ?? 0) > blocksMax) throw new Refusal('invalid_blocks')
  if ((attachments?.length ?? 0) > attachmentsMax) throw new Refusal('too_many_attachments')
  const markdown = params.text('markdown_text')
  const plain = params.text('text')
  if (markdown !== undefined && (plain ?? blocks) !== undefined) throw new Refusal('markdown_text_conflict')
  if (markdown !== undefined && markdown.length > markdownTextMax) throw new Refusal('msg_too_long')
  const text = markdown ?? plain ?? ''
  if (text === '' && (blocks ?? []).length === 0 && (attachments ?? []).length === 0) {
    throw new Refusal('no_text')
  }
  return {
    text: text.slice(0, postedTextMax),
    isCutOff: text.length > postedTextMax,
    blocks: blocks?.map(withBlockId),
    attachments,
  }
}

function listOf(value: unknown, error: string): readonly unknown[] | undefined {
  if (value === undefined) return undefined
  if (!Array.isArray(value)) throw new Refusal(error)
  return value
}

/** Slack names every block that came without a name. */
function withBlockId(block: unknown, index: number): unknown {
  if (typeof block !== 'object' || block === null || !('type' in block)) throw new Refusal('invalid_blocks')
  return { block_id: `b${index}`, ...block }
}

/** The head of the thread that `thread_ts` names; undefined where the call names none. */
export function threadOf(call: Call, conversation: Conversation): string | undefined {
  const threadTs = call.params.text('thread_ts')
  if (threadTs === undefined) return undefined
  const head = conversation.timeline.find(threadTs)
  if (head === undefined) throw new Refusal('thread_not_found')
  // A reply's ts is taken for its thread, so that nothing ever hangs on a reply.
  return head.threadTs ?? head.ts
}

function postEphemeral(call: Call): Rendered {
  const conversation = destinationOf(call)
  contentOf(call)
  if (!conversation.members.has(call.params.required('user'))) throw new Refusal('user_not_in_channel')
  return { message_ts: call.state.timestamps.next() }
}

function update(call: Call): Rendered {
  const { params, state } = call
  const conversation = conversationOf(call)
  const before = ownMessage(call, conversation, 'cant_update_message')
  if ((params.text('text') ?? '').length > updatedTextMax) throw new Refusal('msg_too_long')
  const { text, blocks, attachments } = contentOf(call)
  const message = updateMessage(state, conversation, before, {
    text,
    blocks,
    attachments,
    userId: call.grant.userId,
  })
  return {
    channel: conversation.id,
    ts: message.ts,
    text: message.text,
    message: renderMessage(message, conversation, state),
  }
}

function remove(call: Call): Rendered {
  const conversation = conversationOf(call)
  const message = ownMessage(call, conversation, 'cant_delete_message')
  deleteMessage(call.state, conversation, message)
  return { channel: conversation.id, ts: message.ts }
}

function ownMessage(call: Call, conversation: Conversation, error: string): Message {
  const message = conversation.timeline.find(call.params.required('ts'))
  if (message === undefined || message.subtype === 'tombstone') throw new Refusal('message_not_found')
  if (message.userId !== call.grant.userId) throw new Refusal(error)
  return message
}

function getPermalink(call: Call): Rendered {
  const conversation = conversationOf(call)
  const ts = asSortableTs(call.params.required('message_ts'))
  const message = ts === undefined ? undefined : conversation.timeline.find(ts)
  if (message === undefined) throw new Refusal('message_not_found')
  return { channel: conversation.id, permalink: renderPermalink(message, conversation) }
}
