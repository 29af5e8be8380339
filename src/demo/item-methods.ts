import { addReaction, removeReaction, togglePin } from './item-actions.ts'
import { type Call, conversationOf, itemOf, type MethodTable, requireMembership } from './method.ts'
import { Refusal } from './refusal.ts'
import { renderMessage, renderPermalink } from './render-messages.ts'
import type { Rendered } from './render-people.ts'
import { knownEmoji } from './workspace-state.ts'

/** Distinct emoji on one message. https://docs.slack.dev/reference/methods/reactions.add */
export const emojiPerMessageMax = 50

/** What hangs on messages: reactions and pins. */
export const itemMethods: MethodTable = {
  'reactions.add': { scopes: ['reactions:write'], run: react },
  'reactions.remove': { scopes: ['reactions:write'], run: unreact },
  'reactions.get': { scopes: ['reactions:read'], run: getReactions },
  'pins.add': { scopes: ['pins:write'], run: (call) => setPin(call, true) },
  'pins.remove': { scopes: ['pins:write'], run: (call) => setPin(call, false) },
  'pins.list': { scopes: ['pins:read'], run: listPins },
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
