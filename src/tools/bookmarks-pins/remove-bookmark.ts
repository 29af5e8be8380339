import { Type } from '@sinclair/typebox'
import { openConversation } from '../conversation.ts'
import { answers, channelField, dryRunField, optional } from '../fields.ts'
import { type DryRun, perform } from '../planned-call.ts'
import { defineSlackTool } from '../slack-tool.ts'

export const removeBookmark = defineSlackTool({
  name: 'slack_remove_bookmark',
  title: 'Remove a bookmark',
  description: 'Remove a bookmark from a channel.',
  toolset: 'bookmarks_pins',
  effect: 'destructive',
  scopes: ['bookmarks:write'],
  cost: { methods: ['bookmarks.remove'], warm: '1', cold: '1 + look-up of a name (1-10)' },
  examples: { channel: '#general', bookmark_id: 'Bk0123456789' },
  input: Type.Object(
    {
      channel: channelField,
      bookmark_id: Type.String({ pattern: '^[A-Za-z0-9]{3,40}$' }),
      dry_run: optional(dryRunField),
    },
    { additionalProperties: false },
  ),
  output: answers<{ readonly channel: string; readonly bookmark_id: string } | DryRun>({
    bookmark_id: optional(Type.String()),
  }),
  async run(args, context) {
    const { id } = await openConversation(context, args.channel, 'write')
    const params = { channel_id: id, bookmark_id: args.bookmark_id }
    return await perform(context, { method: 'bookmarks.remove', params }, args.dry_run, () => ({
      text: `Removed ${args.bookmark_id} from ${id}.`,
      data: { channel: id, bookmark_id: args.bookmark_id },
    }))
  },
})
