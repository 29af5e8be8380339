import { Type } from '@sinclair/typebox'
import { messageBehind, openConversation, requireTs } from '../conversation.ts'
import { answers, channelField, dryRunField, optional, tsField } from '../fields.ts'
import { composeMessage, draftOf } from '../outgoing-message.ts'
import { type DryRun, perform, type SentMessage, unfurling } from '../planned-call.ts'
import { defineSlackTool } from '../slack-tool.ts'
import { tsAliases } from '../ts-aliases.ts'

export const updateMessage = defineSlackTool({
  name: 'slack_update_message',
  title: 'Edit a message',
  description: 'Replace a message of this bot.',
  toolset: 'messages',
  // The text that was there before is lost.
  effect: 'destructive',
  isIdempotent: true,
  scopes: ['chat:write'],
  cost: { methods: ['chat.update'], warm: '1', cold: '1 + look-up of a name (1-10)' },
  aliases: tsAliases('message_ts'),
  examples: { channel: '#general', message_ts: '1712345678.000100', text: 'Corrected' },
  input: Type.Object(
    {
      channel: channelField,
      message_ts: optional(tsField),
      text: optional(Type.String({ minLength: 1, maxLength: 4000 })),
      markdown: optional(Type.String({ minLength: 1, maxLength: 12_000 })),
      blocks: optional(Type.Array(Type.Object({}), { minItems: 1, maxItems: 50 })),
      dry_run: optional(dryRunField),
    },
    { additionalProperties: false },
  ),
  output: answers<SentMessage | DryRun>({ ts: optional(Type.String()) }),
  async run(args, context) {
    // Before Slack is asked about the channel: a draft that is refused anyway must cost no call.
    const [content] = composeMessage(draftOf(args), context.settings, false)
    const ts = requireTs('message_ts', args.message_ts, messageBehind(args.channel))
    const conversation = await openConversation(context, args.channel, 'write')
    // Without an empty list Slack keeps the blocks of the old message and shows them instead of the new text.
    const params = { channel: conversation.id, ts, blocks: [], ...content, ...unfurling(context.settings) }
    return await perform(context, { method: 'chat.update', params }, args.dry_run, () => ({
      text: `Edited ${ts} in ${conversation.id}.`,
      data: { channel: conversation.id, ts },
    }))
  },
})
