import { Type } from '@sinclair/typebox'
import { openConversation } from '../conversation.ts'
import { answers, channelField, dryRunField, optional } from '../fields.ts'
import { escapeOutgoing, refuseBroadcast } from '../outgoing-text.ts'
import { type DryRun, perform } from '../planned-call.ts'
import { defineSlackTool } from '../slack-tool.ts'

export const setChannelTopic = defineSlackTool({
  name: 'slack_set_channel_topic',
  title: 'Set the topic of a channel',
  description: 'Set the topic; empty text removes it.',
  toolset: 'channel_admin',
  effect: 'write',
  isIdempotent: true,
  scopes: ['channels:manage', 'groups:write'],
  needsAnyScope: true,
  cost: { methods: ['conversations.setTopic'], warm: '1', cold: '1 + look-up of a name (1-10)' },
  examples: { channel: '#general', topic: 'Release on Friday' },
  input: Type.Object(
    { channel: channelField, topic: Type.String({ maxLength: 250 }), dry_run: optional(dryRunField) },
    { additionalProperties: false },
  ),
  output: answers<{ readonly channel: string; readonly topic: string } | DryRun>({
    channel: optional(Type.String()),
  }),
  async run(args, context) {
    const { settings, directory } = context
    const { id } = await openConversation(context, args.channel, 'write')
    refuseBroadcast('topic', args.topic, settings.allowsBroadcasts)
    const params = { channel: id, topic: escapeOutgoing(args.topic) }
    return await perform(context, { method: 'conversations.setTopic', params }, args.dry_run, () => {
      directory.channels.forget(id)
      return { text: `Topic of ${id} set.`, data: { channel: id, topic: args.topic } }
    })
  },
})
