import type { Conversation, Message, ThreadSummary } from './conversation.ts'
import { sizeOf } from './file-actions.ts'
import { type Rendered, renderBotProfile, workspaceUrl } from './render-people.ts'
import type { StoredFile } from './seed-messages.ts'
import { demoTeam } from './seed-table.ts'
import { secondsOf } from './timestamp.ts'
import type { WorkspaceState } from './workspace-state.ts'

/** How many of a thread's participants and a reaction's users Slack names before it only counts. */
const replyUsersMax = 5
const reactionUsersMax = 50

/** A message as history, replies, reactions.get and the events carry it. */
export function renderMessage(message: Message, conversation: Conversation, state: WorkspaceState): Rendered {
  return {
    ...renderAuthor(message, state),
    type: 'message',
    ts: message.ts,
    ...(message.subtype !== undefined && { subtype: message.subtype }),
    ...(message.clientMsgId !== undefined && { client_msg_id: message.clientMsgId }),
    text: message.text,
    ...(message.username === undefined && { team: demoTeam.id }),
    ...renderPlaceInThread(message, conversation),
    ...renderFiles(message, state),
    ...(message.blocks.length > 0 && { blocks: message.blocks }),
    ...(message.attachments.length > 0 && { attachments: message.attachments }),
    ...(message.metadata !== undefined && { metadata: message.metadata }),
    ...(message.edited !== undefined && {
      edited: { user: message.edited.userId, ts: message.edited.ts },
    }),
    ...(message.reactions.length > 0 && { reactions: message.reactions.map(renderReaction) }),
  }
}

function renderAuthor(message: Message, state: WorkspaceState): Rendered {
  if (message.username !== undefined) return { bot_id: message.botId, username: message.username }
  if (message.botId === undefined) return { user: message.userId }
  const author = state.people.byId(message.userId ?? '')
  const profile = author === undefined ? undefined : renderBotProfile(author, state.startedAtSeconds)
  return {
    user: message.userId,
    bot_id: message.botId,
    app_id: message.appId,
    ...(profile !== undefined && { bot_profile: profile }),
  }
}

function renderPlaceInThread(message: Message, conversation: Conversation): Rendered {
  if (message.threadTs !== undefined) {
    const head = conversation.timeline.find(message.threadTs)
    return {
      thread_ts: message.threadTs,
      ...(head?.userId !== undefined && { parent_user_id: head.userId }),
    }
  }
  const thread = conversation.timeline.threadOf(message.ts)
  return thread === undefined ? {} : renderThread(message.ts, thread)
}

function renderThread(ts: string, thread: ThreadSummary): Rendered {
  return {
    thread_ts: ts,
    reply_count: thread.replyCount,
    reply_users_count: thread.userIds.length,
    latest_reply: thread.latestTs,
    reply_users: thread.userIds.slice(0, replyUsersMax),
    is_locked: false,
    subscribed: false,
  }
}

function renderReaction({ name, userIds }: Message['reactions'][number]): Rendered {
  return { name, users: userIds.slice(0, reactionUsersMax), count: userIds.length }
}

function renderFiles(message: Message, state: WorkspaceState): Rendered {
  const files = state.files.filter(({ id }) => message.fileIds.includes(id))
  if (files.length === 0) return {}
  return { files: files.map((file) => renderFile(file)), upload: false, display_as_bot: false }
}

/** What is different about a file that is no text. */
const binaryFields = {
  mimetype: 'application/octet-stream',
  filetype: 'binary',
  pretty_type: 'Binary',
  mode: 'hosted',
}

/** A file as messages and files.info carry it. `host` is where its bytes are, with a trailing slash: only the answers about files know one that answers. */
export function renderFile(file: StoredFile, host = workspaceUrl): Rendered {
  const createdAtSeconds = secondsOf(file.ts)
  const isText = file.bytes === undefined
  const address = `${host}files-pri/${demoTeam.id}-${file.id}`
  return {
    id: file.id,
    created: createdAtSeconds,
    timestamp: createdAtSeconds,
    name: file.name,
    title: file.title,
    mimetype: 'text/plain',
    filetype: 'markdown',
    pretty_type: 'Markdown (raw)',
    user: file.userId,
    user_team: demoTeam.id,
    editable: isText,
    size: sizeOf(file),
    mode: 'snippet',
    ...(!isText && binaryFields),
    is_external: false,
    external_type: '',
    is_public: true,
    public_url_shared: false,
    display_as_bot: false,
    username: '',
    url_private: `${address}/${file.name}`,
    url_private_download: `${address}/download/${file.name}`,
    permalink: `${workspaceUrl}files/${file.userId}/${file.id}/${file.name}`,
    edit_link: `${workspaceUrl}files/${file.userId}/${file.id}/${file.name}/edit`,
    ...(isText && renderPreview(file.text)),
    has_rich_preview: false,
    file_access: 'visible',
  }
}

function renderPreview(text: string): Rendered {
  return { preview: text, lines: text.split('\n').length, lines_more: 0, preview_is_truncated: false }
}

/** The address of a message; replies carry their thread. */
export function renderPermalink(message: Message, conversation: Conversation): string {
  const link = `${workspaceUrl}archives/${conversation.id}/p${message.ts.replace('.', '')}`
  return message.threadTs === undefined
    ? link
    : `${link}?thread_ts=${message.threadTs}&cid=${conversation.id}`
}
