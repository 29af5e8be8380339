import type { Conversation, Message, Reaction } from './conversation.ts'
import { renderMessage } from './render-messages.ts'
import type { InnerEvent, WorkspaceState } from './workspace-state.ts'

/** What is done to a message that stands: reactions and pins. Each change is announced as the event that Slack would send. */

/** What a reaction is about, and whose. */
export interface ReactionBy {
  readonly name: string
  readonly userId: string
}

/** False where they had reacted so already. */
export function addReaction(
  state: WorkspaceState,
  conversation: Conversation,
  message: Message,
  { name, userId }: ReactionBy,
): boolean {
  const before = message.reactions.find((reaction) => reaction.name === name)
  if (before?.userIds.includes(userId) === true) return false
  const after = { name, userIds: [...(before?.userIds ?? []), userId] }
  const reactions =
    before === undefined
      ? [...message.reactions, after]
      : message.reactions.map((reaction) => (reaction.name === name ? after : reaction))
  setReactions(conversation, message, reactions)
  state.announce(
    asReactionEvent('reaction_added', conversation, message, { name, userId }, state),
    conversation,
  )
  return true
}

/** False where they had not reacted so. */
export function removeReaction(
  state: WorkspaceState,
  conversation: Conversation,
  message: Message,
  { name, userId }: ReactionBy,
): boolean {
  const before = message.reactions.find((reaction) => reaction.name === name)
  if (before?.userIds.includes(userId) !== true) return false
  const userIds = before.userIds.filter((id) => id !== userId)
  const reactions = message.reactions.flatMap((reaction) => {
    if (reaction.name !== name) return reaction
    return userIds.length === 0 ? [] : { name, userIds }
  })
  setReactions(conversation, message, reactions)
  state.announce(
    asReactionEvent('reaction_removed', conversation, message, { name, userId }, state),
    conversation,
  )
  return true
}

function setReactions(conversation: Conversation, message: Message, reactions: readonly Reaction[]): void {
  conversation.timeline.replace({ ...message, reactions })
}

function asReactionEvent(
  type: 'reaction_added' | 'reaction_removed',
  conversation: Conversation,
  message: Message,
  { name, userId }: ReactionBy,
  state: WorkspaceState,
): InnerEvent {
  return {
    type,
    user: userId,
    reaction: name,
    item: { type: 'message', channel: conversation.id, ts: message.ts },
    ...(message.userId !== undefined && { item_user: message.userId }),
    event_ts: state.timestamps.next(),
  }
}

/** Pins where it is not pinned, unpins where it is. */
export function togglePin(
  state: WorkspaceState,
  conversation: Conversation,
  message: Message,
  userId: string,
): void {
  const index = conversation.pins.findIndex(({ ts }) => ts === message.ts)
  const createdAtSeconds = Math.floor(state.clock.now() / 1000)
  if (index === -1) conversation.pins.push({ ts: message.ts, userId, createdAtSeconds })
  else conversation.pins.splice(index, 1)
  state.announce(
    {
      type: index === -1 ? 'pin_added' : 'pin_removed',
      user: userId,
      channel_id: conversation.id,
      item: {
        type: 'message',
        channel: conversation.id,
        message: renderMessage(message, conversation, state),
        created: createdAtSeconds,
        created_by: userId,
      },
      ...(message.userId !== undefined && { item_user: message.userId }),
      pin_count: conversation.pins.length,
      has_pins: conversation.pins.length > 0,
      event_ts: state.timestamps.next(),
    },
    conversation,
  )
}
