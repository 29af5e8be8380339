import type { Conversation, Message } from './conversation.ts'
import { type FileDraft, keepFiles } from './file-actions.ts'
import { channelTypeOf } from './render-conversation.ts'
import { renderMessage } from './render-messages.ts'
import { asRichText, normaliseText } from './rich-text.ts'
import { demoApp, slackbotId } from './seed-table.ts'
import type { WorkspaceState } from './workspace-state.ts'

/** Writing, changing and deleting messages, whoever does it: each change is announced as the event that Slack would send. */

export interface Draft {
  /** Who writes: a person or a bot user. */
  readonly userId: string
  readonly text: string
  readonly threadTs?: string | undefined
  readonly blocks?: readonly unknown[] | undefined
  readonly attachments?: readonly unknown[] | undefined
  readonly metadata?: unknown
  readonly isBroadcast?: boolean
  /** What it shares. */
  readonly files?: readonly FileDraft[]
}

export function postMessage(state: WorkspaceState, conversation: Conversation, draft: Draft): Message {
  const ts = state.timestamps.next()
  const bot = state.people.byId(draft.userId)?.bot
  const text = normaliseText(draft.text)
  const { userId, files = [] } = draft
  keepFiles(
    state,
    files.map((file) => ({ ...file, userId, conversationId: conversation.id, ts })),
  )
  const message: Message = {
    ts,
    threadTs: draft.threadTs,
    userId: draft.userId,
    botId: bot?.id,
    appId: bot?.appId,
    subtype: subtypeOf(draft),
    username: undefined,
    text,
    blocks: draft.blocks ?? (text === '' ? [] : [asRichText(text, blockIdOf(state))]),
    attachments: draft.attachments ?? [],
    metadata: draft.metadata,
    clientMsgId: bot === undefined ? state.ids.uuid() : undefined,
    edited: undefined,
    reactions: [],
    fileIds: files.map(({ id }) => id),
    isBroadcast: draft.isBroadcast ?? false,
  }
  conversation.timeline.add(message)
  announceMessage(state, conversation, message)
  return message
}

function subtypeOf({ files = [], isBroadcast }: Draft): string | undefined {
  if (files.length > 0) return 'file_share'
  return isBroadcast === true ? 'thread_broadcast' : undefined
}

function blockIdOf(state: WorkspaceState): string {
  return state.ids.uuid().slice(-5)
}

/** One post can be two events: the message, and the mention for the bot that it names. */
function announceMessage(state: WorkspaceState, conversation: Conversation, message: Message): void {
  const place = { channel: conversation.id, event_ts: message.ts }
  const rendered = renderMessage(message, conversation, state)
  state.announce(
    { ...rendered, type: 'message', ...place, channel_type: channelTypeOf(conversation) },
    conversation,
  )
  const isMention = message.text.includes(`<@${demoApp.userId}>`) && message.userId !== demoApp.userId
  // In a direct message every message is for the bot, and Slack sends no mention.
  if (isMention && conversation.kind !== 'im') {
    state.announce({ ...rendered, type: 'app_mention', ...place }, conversation)
  }
}

export interface Edit {
  readonly text: string
  readonly blocks?: readonly unknown[] | undefined
  readonly attachments?: readonly unknown[] | undefined
  readonly userId: string
}

export function updateMessage(
  state: WorkspaceState,
  conversation: Conversation,
  before: Message,
  edit: Edit,
): Message {
  const ts = state.timestamps.next()
  const text = normaliseText(edit.text)
  const after: Message = {
    ...before,
    text,
    blocks: edit.blocks ?? (text === '' ? [] : [asRichText(text, blockIdOf(state))]),
    attachments: edit.attachments ?? before.attachments,
    edited: { userId: edit.userId, ts },
  }
  conversation.timeline.replace(after)
  state.announce(
    {
      type: 'message',
      subtype: 'message_changed',
      message: renderMessage(after, conversation, state),
      previous_message: renderMessage(before, conversation, state),
      ...hiddenChange(conversation, ts),
    },
    conversation,
  )
  return after
}

/** A head with replies leaves a tombstone, so that its thread still hangs on something. */
export function deleteMessage(state: WorkspaceState, conversation: Conversation, message: Message): void {
  const previous = renderMessage(message, conversation, state)
  if (conversation.timeline.threadOf(message.ts) === undefined) conversation.timeline.remove(message.ts)
  else conversation.timeline.replace(asTombstone(message))
  state.announce(
    {
      type: 'message',
      subtype: 'message_deleted',
      deleted_ts: message.ts,
      previous_message: previous,
      ...hiddenChange(conversation, state.timestamps.next()),
    },
    conversation,
  )
}

function asTombstone(message: Message): Message {
  return {
    ...message,
    subtype: 'tombstone',
    userId: slackbotId,
    botId: undefined,
    appId: undefined,
    text: 'This message was deleted.',
    blocks: [],
    attachments: [],
    edited: undefined,
    reactions: [],
    fileIds: [],
  }
}

function hiddenChange(conversation: Conversation, ts: string) {
  return {
    channel: conversation.id,
    hidden: true,
    ts,
    event_ts: ts,
    channel_type: channelTypeOf(conversation),
  }
}
