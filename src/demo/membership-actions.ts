import { type Conversation, ListedMembers, Timeline } from './conversation.ts'
import { demoTeam } from './seed-table.ts'
import type { WorkspaceState } from './workspace-state.ts'

/** Joining a channel announces it; opening a direct message does not, as in Slack until something is written. */
export function joinConversation(state: WorkspaceState, conversation: Conversation, userId: string): void {
  conversation.members.add(userId)
  state.announce(
    {
      type: 'member_joined_channel',
      user: userId,
      channel: conversation.id,
      channel_type: conversation.kind === 'public' ? 'C' : 'G',
      team: demoTeam.id,
      event_ts: state.timestamps.next(),
    },
    conversation,
  )
}

/** The direct message of these people, opened where there was none. */
export function openDirect(
  state: WorkspaceState,
  userIds: readonly string[],
): { readonly conversation: Conversation; readonly isNew: boolean } {
  const members = [...new Set(userIds)]
  const known = state.conversations.directWith(members)
  if (known !== undefined) return { conversation: known, isNew: false }
  const kind = members.length > 2 ? 'mpim' : 'im'
  const names = members.map((id) => state.people.byId(id)?.name ?? id)
  const conversation: Conversation = {
    id: `${kind === 'im' ? 'D' : 'C'}0${state.ids.uuid().slice(-9).toUpperCase()}`,
    kind,
    name: kind === 'mpim' ? `mpdm-${names.join('--')}-1` : '',
    isArchived: false,
    isGeneral: false,
    creatorId: members[0] ?? '',
    createdAtSeconds: Math.floor(state.clock.now() / 1000),
    topic: '',
    purpose: kind === 'mpim' ? `Group messaging with: ${names.map((name) => `@${name}`).join(' ')}` : '',
    members: new ListedMembers(members),
    timeline: new Timeline(),
    pins: [],
    lastReadBy: new Map(),
    bookmarks: [],
  }
  state.conversations.open(conversation)
  return { conversation, isNew: true }
}
