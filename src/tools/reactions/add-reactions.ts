import { Type } from '@sinclair/typebox'
import { openConversation } from '../conversation.ts'
import { channelField, dryRunField, listOf, optional, tsField } from '../fields.ts'
import { eachItem, renderItems } from '../item-result.ts'
import { asDryRun, type PlannedCall, renderDryRun } from '../send-message.ts'
import { callSlack, refusalOf } from '../slack-call.ts'
import { defineSlackTool } from '../slack-tool.ts'
import { asEmojiName, emojisField, type ReactionResult } from './reaction-items.ts'

export const addReactions = defineSlackTool({
  name: 'slack_add_reactions',
  title: 'Add reactions',
  description: 'Add emoji reactions to a message.',
  toolset: 'reactions',
  effect: 'write',
  isIdempotent: true,
  scopes: ['reactions:write'],
  cost: { methods: ['reactions.add'], warm: '1 per emoji', cold: '1 per emoji + look-up of a name (1-10)' },
  aliases: { message_ts: 'timestamp', ts: 'timestamp', thread_ts: 'timestamp' },
  examples: { channel: '#general', timestamp: '1712345678.000100', emojis: ['tada'] },
  input: Type.Object(
    {
      channel: channelField,
      timestamp: tsField,
      emojis: emojisField,
      dry_run: optional(dryRunField),
    },
    { additionalProperties: false },
  ),
  output: Type.Object({
    responses: optional(listOf<ReactionResult>()),
    dry_run: optional(Type.Boolean()),
    would_send: optional(listOf<PlannedCall>()),
  }),
  async run({ channel, timestamp, emojis, dry_run: isDryRun }, context) {
    const { id } = await openConversation(context, channel, 'write')
    const names = emojis.map(asEmojiName)
    const planned = names.map((name) => ({
      method: 'reactions.add',
      params: { channel: id, timestamp, name },
    }))
    if (isDryRun === true) {
      const data = asDryRun(planned)
      return { text: renderDryRun(data), data }
    }
    const responses: readonly ReactionResult[] = await eachItem(
      planned,
      ({ params }) => ({ emoji: params.name }),
      async ({ method, params }) => {
        try {
          await callSlack(context, method, params)
          return {}
        } catch (error) {
          // What was wanted is so already: not a failure.
          if (refusalOf(error) === 'already_reacted') return { already: true }
          throw error
        }
      },
    )
    return { text: renderItems(responses, (index) => `:${names[index]}:`), data: { responses } }
  },
})
