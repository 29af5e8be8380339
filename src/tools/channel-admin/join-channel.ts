import { Type } from '@sinclair/typebox'
import { openConversation } from '../conversation.ts'
import { answers, channelField, dryRunField, optional } from '../fields.ts'
import { type DryRun, perform } from '../planned-call.ts'
import { defineSlackTool } from '../slack-tool.ts'

export const joinChannel = defineSlackTool({
  name: 'slack_join_channel',
  title: 'Join a channel',
  description: 'Make this bot a member of a public channel.',
  toolset: 'channel_admin',
  effect: 'write',
  isIdempotent: true,
  scopes: ['channels:join'],
  cost: { methods: ['conversations.join'], warm: '1', cold: '1 + look-up of a name (1-10)' },
  examples: { channel: '#general' },
  input: Type.Object(
    { channel: channelField, dry_run: optional(dryRunField) },
    { additionalProperties: false },
  ),
  output: answers<{ readonly channel: string } | DryRun>({ channel: optional(Type.String()) }),
  async run(args, context) {
    const { id } = await openConversation(context, args.channel, 'write')
    const call = { method: 'conversations.join', params: { channel: id } }
    return await perform(context, call, args.dry_run, (answer) => {
      context.directory.channels.learn(answer['channel'])
      return { text: `The bot is a member of ${id}.`, data: { channel: id } }
    })
  },
})
