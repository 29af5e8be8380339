import { Type } from '@sinclair/typebox'
import { asObject, asText } from '../../slack/json-fields.ts'
import { findUserId } from '../conversation.ts'
import { answers, dryRunField, optional, userField } from '../fields.ts'
import { type DryRun, perform } from '../planned-call.ts'
import { defineSlackTool } from '../slack-tool.ts'

export const openDirectMessage = defineSlackTool({
  name: 'slack_open_conversation',
  title: 'Open a direct message',
  description: 'Open a direct message with one to eight people and get its id.',
  toolset: 'channel_admin',
  effect: 'write',
  isIdempotent: true,
  scopes: ['im:write', 'mpim:write'],
  needsAnyScope: true,
  cost: { methods: ['conversations.open'], warm: '1', cold: '1 + look-up of names' },
  examples: { users: ['@ada', 'grace@example.com'] },
  input: Type.Object(
    {
      users: Type.Array(userField, { minItems: 1, maxItems: 8 }),
      dry_run: optional(dryRunField),
    },
    { additionalProperties: false },
  ),
  output: answers<{ readonly channel: string } | DryRun>({ channel: optional(Type.String()) }),
  async run(args, context) {
    context.policy.requireDirectMessages(context.principal, 'write')
    const ids: string[] = []
    for (const user of args.users) ids.push(await findUserId(context, user, 'users'))
    context.policy.requirePartOf(context.principal, ids)
    const call = { method: 'conversations.open', params: { users: ids.join(',') } }
    return await perform(context, call, args.dry_run, (answer) => {
      const channel = asText(asObject(answer['channel'])['id']) ?? ''
      context.noteChannel(channel)
      for (const id of ids) context.directory.memberships.joined(id, channel)
      return { text: `Open: ${channel}. Post to it with slack_post_message.`, data: { channel } }
    })
  },
})
