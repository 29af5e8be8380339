import { Type } from '@sinclair/typebox'
import { asObject, asText } from '../../slack/json-fields.ts'
import { openConversation } from '../conversation.ts'
import { answers, channelField, dryRunField, optional } from '../fields.ts'
import { refuseBroadcast } from '../outgoing-text.ts'
import { type DryRun, perform } from '../planned-call.ts'
import { defineSlackTool } from '../slack-tool.ts'

export const addBookmark = defineSlackTool({
  name: 'slack_add_bookmark',
  title: 'Add a bookmark',
  description: 'Add a link to the bookmarks of a channel.',
  toolset: 'bookmarks_pins',
  effect: 'write',
  scopes: ['bookmarks:write'],
  cost: { methods: ['bookmarks.add'], warm: '1', cold: '1 + look-up of a name (1-10)' },
  examples: { channel: '#general', title: 'Runbook', link: 'https://example.com/runbook' },
  input: Type.Object(
    {
      channel: channelField,
      title: Type.String({ minLength: 1, maxLength: 200 }),
      link: Type.String({ pattern: '^https?://[^\\s<>]{1,2900}$' }),
      dry_run: optional(dryRunField),
    },
    { additionalProperties: false },
  ),
  output: answers<{ readonly channel: string; readonly bookmark_id: string } | DryRun>({
    bookmark_id: optional(Type.String()),
  }),
  async run(args, context) {
    refuseBroadcast('title', args.title, context.settings.allowsBroadcasts)
    const { id } = await openConversation(context, args.channel, 'write')
    const params = { channel_id: id, title: args.title, type: 'link', link: args.link }
    return await perform(context, { method: 'bookmarks.add', params }, args.dry_run, (answer) => {
      const bookmarkId = asText(asObject(answer['bookmark'])['id']) ?? ''
      return { text: `Added ${bookmarkId} to ${id}.`, data: { channel: id, bookmark_id: bookmarkId } }
    })
  },
})
