import type { Conversation, ConversationKind } from './conversation.ts'
import { createChannel, joinConversation, openDirect } from './membership-actions.ts'
import {
  type Call,
  conversationKindsOf,
  conversationOf,
  isVisible,
  type MethodTable,
  readScopes,
  requireConversationScope,
  requireMembership,
  requireScope,
} from './method.ts'
import { cutPage, type Page } from './page.ts'
import { Refusal } from './refusal.ts'
import { renderConversation } from './render-conversation.ts'
import type { Rendered } from './render-people.ts'
import { asSortableTs } from './timestamp.ts'

const listLimitDefault = 100
const listLimitMax = 1_000
/** https://docs.slack.dev/reference/methods/conversations.create#naming */
const channelNameMax = 80
/** The caller and eight others. https://docs.slack.dev/reference/methods/conversations.open */
const directMembersMax = 8
/** https://docs.slack.dev/reference/methods/conversations.setTopic */
const topicMax = 250
/** https://docs.slack.dev/reference/methods/conversations.invite */
const inviteesMax = 100
const neverRead = '0000000000.000000'

export const conversationMethods: MethodTable = {
  'conversations.list': { scopes: readScopes, run: list },
  'users.conversations': { scopes: readScopes, run: listOfUser },
  'conversations.info': { scopes: readScopes, run: info },
  'conversations.members': { scopes: readScopes, run: members },
  'conversations.create': { scopes: ['channels:manage', 'groups:write', 'channels:write'], run: create },
  'conversations.open': { scopes: ['im:write', 'mpim:write', 'channels:manage', 'groups:write'], run: open },
  'conversations.join': { scopes: ['channels:join', 'channels:write'], run: join },
  'conversations.invite': {
    scopes: ['channels:manage', 'groups:write', 'im:write', 'mpim:write', 'channels:write'],
    run: invite,
  },
  'conversations.setTopic': {
    scopes: ['channels:manage', 'groups:write', 'im:write', 'mpim:write', 'channels:write'],
    run: setTopic,
  },
  'conversations.mark': {
    scopes: ['channels:manage', 'groups:write', 'im:write', 'mpim:write', 'channels:write'],
    run: mark,
  },
}

function list(call: Call): Rendered {
  const { items, nextCursor } = pageOfConversations(call, () => true)
  return {
    channels: items.map((conversation) => ({
      ...renderConversation(conversation, call.grant.userId),
      ...(conversation.kind !== 'im' && { num_members: conversation.members.count }),
    })),
    response_metadata: { next_cursor: nextCursor },
  }
}

/** The conversations that a user and the caller share; Slack leaves is_member and num_members out here. */
function listOfUser(call: Call): Rendered {
  const userId = call.params.text('user') ?? call.grant.userId
  if (call.state.people.byId(userId) === undefined) throw new Refusal('user_not_found')
  const { items, nextCursor } = pageOfConversations(call, ({ members }) => members.has(userId))
  return {
    channels: items.map((conversation) => {
      const { is_member: _, ...rendered } = renderConversation(conversation, call.grant.userId)
      return rendered
    }),
    response_metadata: { next_cursor: nextCursor },
  }
}

function pageOfConversations(
  call: Call,
  isWanted: (conversation: Conversation) => boolean,
): Page<Conversation> {
  const { params, grant, state } = call
  const kinds = kindsOf(call)
  const withoutArchived = params.isTrue('exclude_archived')
  const { conversations } = state
  return cutPage<Conversation>(
    {
      count: conversations.count,
      at: (index) => conversations.at(index),
      indexOf: (id) => conversations.indexOf(id),
      idOf: ({ id }) => id,
    },
    {
      cursor: params.text('cursor'),
      limit: params.limit('limit', listLimitDefault, listLimitMax),
      label: 'team',
      isWanted: (conversation) =>
        kinds.includes(conversation.kind) &&
        isVisible(conversation, grant) &&
        !(withoutArchived && conversation.isArchived) &&
        isWanted(conversation),
    },
  )
}

function kindsOf({ params, grant }: Call): readonly ConversationKind[] {
  const kinds = conversationKindsOf(params.list('types'))
  for (const kind of kinds) requireConversationScope({ kind }, grant, 'read')
  return kinds
}

function info(call: Call): Rendered {
  const conversation = conversationOf(call)
  requireConversationScope(conversation, call.grant, 'read')
  const isMember = conversation.members.has(call.grant.userId)
  return {
    channel: {
      ...renderConversation(conversation, call.grant.userId),
      ...(isMember && { last_read: conversation.lastReadBy.get(call.grant.userId) ?? neverRead }),
      ...(call.params.isTrue('include_num_members') && { num_members: conversation.members.count }),
    },
  }
}

function members(call: Call): Rendered {
  const conversation = conversationOf(call)
  requireConversationScope(conversation, call.grant, 'read')
  const { items, nextCursor } = cutPage<string>(
    {
      count: conversation.members.count,
      at: (index) => conversation.members.at(index),
      indexOf: (id) => conversation.members.indexOf(id),
      idOf: (id) => id,
    },
    {
      cursor: call.params.text('cursor'),
      limit: call.params.limit('limit', listLimitDefault, listLimitMax),
      label: 'user',
    },
  )
  return { members: items, response_metadata: { next_cursor: nextCursor } }
}

function create(call: Call): Rendered {
  const { params, state, grant } = call
  const { userId } = grant
  const name = params.text('name')
  if (name === undefined) throw new Refusal('invalid_name_required')
  if (name.length > channelNameMax) throw new Refusal('invalid_name_maxlength')
  if (!/^[\p{Ll}\p{Lo}\p{M}\p{N}_-]+$/u.test(name)) throw new Refusal('invalid_name_specials')
  if (state.conversations.byName(name) !== undefined) throw new Refusal('name_taken')
  const kind = params.isTrue('is_private') ? 'private' : 'public'
  requireScope(grant, kind === 'private' ? ['groups:write'] : ['channels:manage', 'channels:write'])
  const conversation = createChannel(state, { name, kind, creatorId: userId })
  if (conversation === undefined) throw new Refusal('too_many_convos_for_team')
  return { channel: { ...renderConversation(conversation, userId), last_read: neverRead } }
}

function open(call: Call): Rendered {
  const { params, state, grant } = call
  const userIds = params.list('users')
  if (userIds.length === 0) {
    if (params.text('channel') === undefined) throw new Refusal('users_list_not_supplied')
    return renderOpened(call, conversationOf(call), false)
  }
  if (userIds.length > directMembersMax) throw new Refusal('too_many_users')
  if (userIds.some((id) => state.people.byId(id) === undefined)) throw new Refusal('user_not_found')
  const { conversation, isNew } = openDirect(state, [grant.userId, ...userIds])
  return renderOpened(call, conversation, isNew)
}

function renderOpened(call: Call, conversation: Conversation, isNew: boolean): Rendered {
  const channel = call.params.isTrue('return_im')
    ? renderConversation(conversation, call.grant.userId)
    : { id: conversation.id }
  return { ...(!isNew && { no_op: true, already_open: true }), channel }
}

function join(call: Call): Rendered {
  const conversation = conversationOf(call)
  if (conversation.kind !== 'public') throw new Refusal('method_not_supported_for_channel_type')
  if (conversation.isArchived) throw new Refusal('is_archived')
  const wasMember = conversation.members.has(call.grant.userId)
  if (!wasMember) joinConversation(call.state, conversation, call.grant.userId)
  return {
    channel: renderConversation(conversation, call.grant.userId),
    ...(wasMember && {
      warning: 'already_in_channel',
      response_metadata: { warnings: ['already_in_channel'] },
    }),
  }
}

/** All or nobody: Slack adds none where one of them cannot be added, unless told `force`, which no tool of ours does. */
function invite(call: Call): Rendered {
  const { params, state, grant } = call
  const conversation = changeable(call)
  const userIds = params.list('users')
  if (userIds.length === 0) throw new Refusal('no_user')
  if (userIds.length > inviteesMax) throw new Refusal('too_many_users')
  if (userIds.some((id) => state.people.byId(id) === undefined)) throw new Refusal('user_not_found')
  if (userIds.includes(grant.userId)) throw new Refusal('cant_invite_self')
  if (userIds.some((id) => conversation.members.has(id))) throw new Refusal('already_in_channel')
  for (const userId of new Set(userIds)) joinConversation(state, conversation, userId, grant.userId)
  return { channel: renderConversation(conversation, grant.userId) }
}

function setTopic(call: Call): Rendered {
  const conversation = changeable(call)
  const topic = call.params.text('topic') ?? ''
  if (topic.length > topicMax) throw new Refusal('too_long')
  conversation.topic = topic
  return { channel: renderConversation(conversation, call.grant.userId) }
}

/** A channel whose members and topic the caller may change: not even people do that from outside. */
function changeable(call: Call): Conversation {
  const conversation = conversationOf(call)
  if (conversation.kind === 'im' || conversation.kind === 'mpim')
    throw new Refusal('method_not_supported_for_channel_type')
  if (conversation.isArchived) throw new Refusal('is_archived')
  if (!conversation.members.has(call.grant.userId)) throw new Refusal('not_in_channel')
  return conversation
}

function mark(call: Call): Rendered {
  const conversation = conversationOf(call)
  requireMembership(conversation, call.grant)
  const ts = asSortableTs(call.params.required('ts'))
  if (ts === undefined) throw new Refusal('invalid_timestamp')
  conversation.lastReadBy.set(call.grant.userId, ts)
  return {}
}
