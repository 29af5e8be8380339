import { Type } from '@sinclair/typebox'
import { openConversation } from '../conversation.ts'
import { answers, channelField, dryRunField, optional } from '../fields.ts'
import { type DryRun, perform } from '../planned-call.ts'
import { defineSlackTool } from '../slack-tool.ts'

export const cancelScheduledMessage = defineSlackTool({
  name: 'slack_cancel_scheduled_message',
  title: 'Cancel a scheduled message',
  description: 'Cancel a scheduled message, up to a minute before it is sent.',
  toolset: 'scheduling',
  effect: 'destructive',
  scopes: ['chat:write'],
  cost: { methods: ['chat.deleteScheduledMessage'], warm: '1', cold: '1 + look-up of a name (1-10)' },
  examples: { channel: '#general', scheduled_message_id: 'Q1298393284' },
  input: Type.Object(
    {
      channel: channelField,
      scheduled_message_id: Type.String({ pattern: '^[A-Z0-9]{3,40}$' }),
      dry_run: optional(dryRunField),
    },
    { additionalProperties: false },
  ),
  output: answers<{ readonly channel: string; readonly scheduled_message_id: string } | DryRun>({
    scheduled_message_id: optional(Type.String()),
  }),
  async run(args, context) {
    const { id } = await openConversation(context, args.channel, 'write')
    const params = { channel: id, scheduled_message_id: args.scheduled_message_id }
    return await perform(context, { method: 'chat.deleteScheduledMessage', params }, args.dry_run, () => ({
      text: `Cancelled ${args.scheduled_message_id} in ${id}.`,
      data: params,
    }))
  },
})
