import { Type } from '@sinclair/typebox'
import { messageBehind, openConversation, requireTs } from '../conversation.ts'
import { answers, channelField, dryRunField, optional, tsField } from '../fields.ts'
import { type DryRun, perform, type SentMessage } from '../planned-call.ts'
import { defineSlackTool } from '../slack-tool.ts'
import { tsAliases } from '../ts-aliases.ts'

export const deleteMessage = defineSlackTool({
  name: 'slack_delete_message',
  title: 'Delete a message',
  description: 'Delete a message of this bot, for good.',
  toolset: 'messages',
  effect: 'destructive',
  scopes: ['chat:write'],
  cost: { methods: ['chat.delete'], warm: '1', cold: '1 + look-up of a name (1-10)' },
  aliases: tsAliases('message_ts'),
  examples: { channel: '#general', message_ts: '1712345678.000100' },
  input: Type.Object(
    { channel: channelField, message_ts: optional(tsField), dry_run: optional(dryRunField) },
    { additionalProperties: false },
  ),
  output: answers<SentMessage | DryRun>({ ts: optional(Type.String()) }),
  async run(args, context) {
    const ts = requireTs('message_ts', args.message_ts, messageBehind(args.channel))
    const conversation = await openConversation(context, args.channel, 'write')
    const params = { channel: conversation.id, ts }
    return await perform(context, { method: 'chat.delete', params }, args.dry_run, () => ({
      text: `Deleted ${ts} in ${conversation.id}.`,
      data: params,
    }))
  },
})
