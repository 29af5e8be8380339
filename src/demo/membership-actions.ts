import { type Conversation, ListedMembers, Timeline } from './conversation.ts'
import { demoTeam } from './seed-table.ts'
import type { WorkspaceState } from './workspace-state.ts'

/** Joining a channel announces it, with who invited where somebody did; opening a direct message does not, as in Slack until something is written. */
export function joinConversation(
  state: WorkspaceState,
  conversation: Conversation,
  userId: string,
  inviterId?: string,
): void {
  conversation.members.add(userId)
  state.announce(
    {
      type: 'member_joined_channel',
      user: userId,
      channel: conversation.id,
      channel_type: conversation.kind === 'public' ? 'C' : 'G',
      team: demoTeam.id,
      ...(inviterId !== undefined && { inviter: inviterId }),
      event_ts: state.timestamps.next(),
    },
    conversation,
  )
}

/** A channel with nobody in it but who made it; `undefined` where the workspace is full. */
export function createChannel(
  state: WorkspaceState,
  { name, kind, creatorId }: Pick<Conversation, 'name' | 'kind' | 'creatorId'>,
): Conversation | undefined {
  if (state.conversations.isFull) return undefined
  const conversation = newConversation(state, { kind, name, purpose: '', members: [creatorId] })
  state.conversations.open(conversation)
  return conversation
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
  const conversation = newConversation(state, {
    kind,
    name: kind === 'mpim' ? `mpdm-${names.join('--')}-1` : '',
    purpose: kind === 'mpim' ? `Group messaging with: ${names.map((name) => `@${name}`).join(' ')}` : '',
    members,
  })
  state.conversations.open(conversation)
  return { conversation, isNew: true }
}

function newConversation(
  { ids, clock }: WorkspaceState,
  made: Pick<Conversation, 'kind' | 'name' | 'purpose'> & { readonly members: readonly string[] },
): Conversation {
  return {
    ...made,
    id: `${made.kind === 'im' ? 'D' : 'C'}0${ids.uuid().slice(-9).toUpperCase()}`,
    isArchived: false,
    isGeneral: false,
    creatorId: made.members[0] ?? '',
    createdAtSeconds: Math.floor(clock.now() / 1000),
    topic: '',
    members: new ListedMembers(made.members),
    timeline: new Timeline(),
    pins: [],
    lastReadBy: new Map(),
    bookmarks: [],
  }
}
