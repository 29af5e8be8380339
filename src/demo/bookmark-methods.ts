import type { Bookmark, Conversation } from './conversation.ts'
import { type Call, conversationOf, type MethodTable, requireMembership } from './method.ts'
import { Refusal } from './refusal.ts'
import type { Rendered } from './render-people.ts'
import { demoTeam } from './seed-table.ts'

/** https://slack.com/help/articles/205239997 */
const bookmarksMax = 100

export const bookmarkMethods: MethodTable = {
  'bookmarks.list': { scopes: ['bookmarks:read'], run: list },
  'bookmarks.add': { scopes: ['bookmarks:write'], run: add },
  'bookmarks.remove': { scopes: ['bookmarks:write'], run: remove },
}

function list(call: Call): Rendered {
  const conversation = bookmarkedOf(call)
  return { bookmarks: conversation.bookmarks.map((bookmark) => renderBookmark(bookmark, conversation)) }
}

function add(call: Call): Rendered {
  const { params, state, grant } = call
  const conversation = bookmarkedOf(call)
  if (conversation.isArchived) throw new Refusal('is_archived')
  if (params.required('type') !== 'link') throw new Refusal('invalid_bookmark_type')
  const link = params.text('link')
  if (link === undefined || URL.parse(link) === null) throw new Refusal('invalid_link')
  if (conversation.bookmarks.length >= bookmarksMax) throw new Refusal('too_many_bookmarks')
  const bookmark: Bookmark = {
    id: `Bk0${state.ids.uuid().slice(-9).toUpperCase()}`,
    title: params.required('title'),
    link,
    emoji: params.text('emoji') ?? '',
    createdAtSeconds: Math.floor(state.clock.now() / 1000),
    userId: grant.userId,
  }
  conversation.bookmarks.push(bookmark)
  return { bookmark: renderBookmark(bookmark, conversation) }
}

function remove(call: Call): Rendered {
  const conversation = bookmarkedOf(call)
  const id = call.params.required('bookmark_id')
  const index = conversation.bookmarks.findIndex((bookmark) => bookmark.id === id)
  if (index === -1) throw new Refusal('not_found')
  conversation.bookmarks.splice(index, 1)
  return {}
}

function bookmarkedOf(call: Call): Conversation {
  const conversation = conversationOf(call, 'channel_id')
  requireMembership(conversation, call.grant)
  return conversation
}

function renderBookmark(bookmark: Bookmark, conversation: Conversation): Rendered {
  return {
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
    rank: String(conversation.bookmarks.indexOf(bookmark)),
    last_updated_by_user_id: bookmark.userId ?? conversation.creatorId,
    last_updated_by_team_id: demoTeam.id,
    shortcut_id: null,
    app_id: null,
    app_action_id: null,
  }
}
