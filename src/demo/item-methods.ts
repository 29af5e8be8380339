import { addReaction, removeReaction, togglePin } from './item-actions.ts'
import {
  type Call,
  conversationOf,
  isVisible,
  itemOf,
  type MethodTable,
  requireMembership,
} from './method.ts'
import { Refusal } from './refusal.ts'
import { renderFile, renderMessage, renderPermalink } from './render-messages.ts'
import type { Rendered } from './render-people.ts'
import { demoTeam } from './seed-table.ts'
import { knownEmoji, type WorkspaceState } from './workspace-state.ts'

const filesPerPageDefault = 100
const filesPerPageMax = 1_000
/** Distinct emoji on one message. https://docs.slack.dev/reference/methods/reactions.add */
export const emojiPerMessageMax = 50

/** What hangs on messages and channels: reactions, pins, bookmarks, files. */
export const itemMethods: MethodTable = {
  'reactions.add': { scopes: ['reactions:write'], run: react },
  'reactions.remove': { scopes: ['reactions:write'], run: unreact },
  'reactions.get': { scopes: ['reactions:read'], run: getReactions },
  'pins.add': { scopes: ['pins:write'], run: (call) => setPin(call, true) },
  'pins.remove': { scopes: ['pins:write'], run: (call) => setPin(call, false) },
  'pins.list': { scopes: ['pins:read'], run: listPins },
  'bookmarks.list': { scopes: ['bookmarks:read'], run: listBookmarks },
  'files.list': { scopes: ['files:read'], run: listFiles },
  'files.info': { scopes: ['files:read'], run: fileInfo },
}

function emojiOf({ params, state }: Call): string {
  const name = params.text('name') ?? ''
  if (knownEmoji(name, state.standardEmoji) === undefined) throw new Refusal('invalid_name')
  return name
}

function react(call: Call): Rendered {
  const name = emojiOf(call)
  const { conversation, message } = itemOf(call)
  if (conversation.isArchived) throw new Refusal('is_archived')
  const isNew = message.reactions.every((reaction) => reaction.name !== name)
  if (isNew && message.reactions.length >= emojiPerMessageMax) throw new Refusal('too_many_emoji')
  const wasAdded = addReaction(call.state, conversation, message, { name, userId: call.grant.userId })
  if (!wasAdded) throw new Refusal('already_reacted')
  return {}
}

function unreact(call: Call): Rendered {
  const name = emojiOf(call)
  const { conversation, message } = itemOf(call)
  const wasRemoved = removeReaction(call.state, conversation, message, { name, userId: call.grant.userId })
  if (!wasRemoved) throw new Refusal('no_reaction')
  return {}
}

function getReactions(call: Call): Rendered {
  const { conversation, message } = itemOf(call)
  return {
    type: 'message',
    channel: conversation.id,
    message: {
      ...renderMessage(message, conversation, call.state),
      permalink: renderPermalink(message, conversation),
    },
  }
}

function setPin(call: Call, isWanted: boolean): Rendered {
  const { conversation, message } = itemOf(call)
  const isPinned = conversation.pins.some(({ ts }) => ts === message.ts)
  if (isPinned === isWanted) throw new Refusal(isWanted ? 'already_pinned' : 'no_pin')
  togglePin(call.state, conversation, message, call.grant.userId)
  return {}
}

/** Newest pin first. */
function listPins(call: Call): Rendered {
  const conversation = conversationOf(call)
  requireMembership(conversation, call.grant)
  const items = conversation.pins.toReversed().flatMap((pin) => {
    const message = conversation.timeline.find(pin.ts)
    if (message === undefined) return []
    return {
      type: 'message',
      created: pin.createdAtSeconds,
      created_by: pin.userId,
      channel: conversation.id,
      message: {
        ...renderMessage(message, conversation, call.state),
        permalink: renderPermalink(message, conversation),
      },
    }
  })
  return { items }
}

function listBookmarks(call: Call): Rendered {
  const conversation = conversationOf(call, 'channel_id')
  requireMembership(conversation, call.grant)
  return {
    bookmarks: conversation.bookmarks.map((bookmark, index) => ({
      id: bookmark.id,
      channel_id: conversation.id,
      title: bookmark.title,
      link: bookmark.link,
      emoji: bookmark.emoji,
      icon_url: null,
      type: 'link',
      entity_id: null,
      date_created: bookmark.createdAtSeconds,
      date_updated: 0,
      rank: String(index),
      last_updated_by_user_id: conversation.creatorId,
      last_updated_by_team_id: demoTeam.id,
      shortcut_id: null,
      app_id: null,
      app_action_id: null,
    })),
  }
}

type StoredFile = WorkspaceState['files'][number]

function visibleFiles({ state, grant }: Call): readonly StoredFile[] {
  return state.files.filter(({ conversationId }) => {
    const conversation = state.conversations.byId(conversationId)
    return conversation !== undefined && isVisible(conversation, grant)
  })
}

/** Newest first, by pages with numbers. */
function listFiles(call: Call): Rendered {
  const { params } = call
  const channel = params.text('channel')
  const user = params.text('user')
  const files = visibleFiles(call)
    .filter((file) => channel === undefined || file.conversationId === channel)
    .filter((file) => user === undefined || file.userId === user)
    .toReversed()
  const count = params.limit('count', filesPerPageDefault, filesPerPageMax)
  const page = params.limit('page', 1, Number.MAX_SAFE_INTEGER)
  return {
    files: files.slice((page - 1) * count, page * count).map((file) => renderPlaced(file, call.state)),
    paging: { count, total: files.length, page, pages: Math.ceil(files.length / count) },
  }
}

function fileInfo(call: Call): Rendered {
  const id = call.params.required('file')
  const file = visibleFiles(call).find((candidate) => candidate.id === id)
  if (file === undefined) throw new Refusal('file_not_found')
  return {
    file: renderPlaced(file, call.state),
    comments: [],
    response_metadata: { next_cursor: '' },
  }
}

/** A file with the conversations it was shared in. */
function renderPlaced(file: StoredFile, state: WorkspaceState): Rendered {
  const conversation = state.conversations.byId(file.conversationId)
  const isPublic = conversation?.kind === 'public'
  const share = { ts: file.ts, channel_name: conversation?.name ?? '', team_id: demoTeam.id }
  return {
    ...renderFile(file),
    is_public: isPublic,
    channels: isPublic ? [file.conversationId] : [],
    groups: isPublic ? [] : [file.conversationId],
    ims: [],
    shares: { [isPublic ? 'public' : 'private']: { [file.conversationId]: [share] } },
    comments_count: 0,
  }
}
