import { Type } from '@sinclair/typebox'
import { messageBehind, openConversation, requireTs } from '../conversation.ts'
import { answers, channelField, dryRunField, optional, tsField } from '../fields.ts'
import { type DryRun, perform, type SentMessage } from '../planned-call.ts'
import { defineSlackTool } from '../slack-tool.ts'
import { tsAliases } from '../ts-aliases.ts'

export const markRead = defineSlackTool({
  name: 'slack_mark_read',
  title: 'Mark as read',
  description: "Set this bot's read mark of a channel to a message.",
  toolset: 'channel_admin',
  effect: 'write',
  isIdempotent: true,
  scopes: ['channels:manage', 'groups:write', 'im:write', 'mpim:write'],
  needsAnyScope: true,
  cost: { methods: ['conversations.mark'], warm: '1', cold: '1 + look-up of a name (1-10)' },
  aliases: tsAliases('message_ts'),
  examples: { channel: '#general', message_ts: '1712345678.000100' },
  input: Type.Object(
    { channel: channelField, message_ts: optional(tsField), dry_run: optional(dryRunField) },
    { additionalProperties: false },
  ),
  output: answers<SentMessage | DryRun>({ channel: optional(Type.String()) }),
  async run(args, context) {
    const ts = requireTs('message_ts', args.message_ts, messageBehind(args.channel))
    const conversation = await openConversation(context, args.channel, 'write')
    const params = { channel: conversation.id, ts }
    return await perform(context, { method: 'conversations.mark', params }, args.dry_run, () => ({
      text: `Read up to ${ts} in ${conversation.id}.`,
      data: params,
    }))
  },
})
