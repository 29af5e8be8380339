import { Type } from '@sinclair/typebox'
import { asObject } from '../../slack/json-fields.ts'
import { parseMessage } from '../../slack/message.ts'
import { messageBehind, openConversation, requireTs } from '../conversation.ts'
import { answers, channelField, listField, optional, tsField } from '../fields.ts'
import { count, type Provenance, provenance, renderListing } from '../message-page.ts'
import { safeName } from '../message-view.ts'
import { callSlack } from '../slack-call.ts'
import { defineSlackTool } from '../slack-tool.ts'
import { tsAliases } from '../ts-aliases.ts'

interface ReactionView {
  readonly name: string
  readonly count: number
  /** Slack may name fewer people than it counts. */
  readonly users: readonly string[]
}

interface Reactions extends Provenance {
  readonly channel: string
  readonly ts: string
  readonly reactions: readonly ReactionView[]
}

/** People whose names are looked up; the rest keep their ids. */
const peopleMax = 50

export const getReactions = defineSlackTool({
  name: 'slack_get_reactions',
  title: 'Get reactions',
  description: 'Who reacted to a message, and with what.',
  toolset: 'channel_admin',
  effect: 'read',
  scopes: ['reactions:read'],
  cost: {
    methods: ['reactions.get', 'users.info'],
    warm: '1',
    cold: '1 + 1 per unknown person (at most 50) + look-up of a name (1-10)',
  },
  aliases: tsAliases('timestamp'),
  examples: { channel: '#general', timestamp: '1712345678.000100' },
  input: Type.Object(
    { channel: channelField, timestamp: optional(tsField) },
    { additionalProperties: false },
  ),
  output: answers<Reactions>({ reactions: listField }),
  async run(args, context) {
    const { directory } = context
    const ts = requireTs('timestamp', args.timestamp, messageBehind(args.channel))
    const conversation = await openConversation(context, args.channel, 'read')
    const answer = await callSlack(context, 'reactions.get', {
      channel: conversation.id,
      timestamp: ts,
      full: true,
    })
    const found = parseMessage(asObject(answer['message'])).reactions
    await directory.users.warm(
      found.flatMap(({ userIds }) => userIds),
      peopleMax,
      context,
    )
    const reactions = found.map((reaction) => ({
      name: safeName(reaction.name),
      count: reaction.count,
      users: reaction.userIds.map((id) => safeName(directory.user(id) ?? id)),
    }))
    const lines = reactions.map(({ name, count: times, users }) => `:${name}: ${times} ${users.join(', ')}`)
    const head = `${count(reactions.length, 'reaction')} on ${ts} in ${conversation.id}.`
    return {
      text: renderListing(head, lines),
      data: { ...provenance, channel: conversation.id, ts, reactions },
    }
  },
})
