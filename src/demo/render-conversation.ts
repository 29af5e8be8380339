import type { Conversation } from './conversation.ts'
import type { Rendered } from './render-people.ts'
import { demoTeam } from './seed-table.ts'

/** A conversation as conversations.list, .info and .join answer it to `userId`, without the counts that only some methods give. */
export function renderConversation(conversation: Conversation, userId: string): Rendered {
  const { id, kind, createdAtSeconds } = conversation
  const isMember = conversation.members.has(userId)
  const base = {
    id,
    created: createdAtSeconds,
    creator: conversation.creatorId,
    is_archived: conversation.isArchived,
    is_channel: kind === 'public',
    is_group: kind === 'private',
    is_im: kind === 'im',
    is_mpim: kind === 'mpim',
    is_private: kind !== 'public',
    is_org_shared: false,
    context_team_id: demoTeam.id,
    updated: createdAtSeconds * 1000,
  }
  if (kind === 'im') return { ...base, user: otherMember(conversation, userId) }
  return {
    ...base,
    name: conversation.name,
    name_normalized: conversation.name,
    is_general: conversation.isGeneral,
    is_shared: false,
    is_ext_shared: false,
    is_pending_ext_shared: false,
    pending_shared: [],
    parent_conversation: null,
    unlinked: 0,
    shared_team_ids: [demoTeam.id],
    pending_connected_team_ids: [],
    is_member: isMember,
    topic: renderHeadline(conversation.topic, conversation),
    purpose: renderHeadline(conversation.purpose, conversation),
    previous_names: [],
  }
}

function renderHeadline(value: string, { creatorId, createdAtSeconds }: Conversation): Rendered {
  return value === ''
    ? { value, creator: '', last_set: 0 }
    : { value, creator: creatorId, last_set: createdAtSeconds }
}

/** The other side of a direct message; oneself where somebody writes to oneself. */
function otherMember({ members }: Conversation, userId: string): string {
  return [members.at(0), members.at(1)].find((id) => id !== undefined && id !== userId) ?? userId
}

/** How events name the kind of a conversation. */
export function channelTypeOf({ kind }: Conversation): 'channel' | 'group' | 'im' | 'mpim' {
  switch (kind) {
    case 'public':
      return 'channel'
    case 'private':
      return 'group'
    default:
      return kind
  }
}
