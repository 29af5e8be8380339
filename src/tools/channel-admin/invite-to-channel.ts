import { Type } from '@sinclair/typebox'
import { findUserId, openConversation } from '../conversation.ts'
import { answers, channelField, dryRunField, listField, optional, userField } from '../fields.ts'
import { eachItem, type ItemResult, renderItems } from '../item-result.ts'
import { type DryRun, dryRun } from '../planned-call.ts'
import { changeUnlessSettled } from '../slack-call.ts'
import { defineSlackTool } from '../slack-tool.ts'

type InviteResult = ItemResult<{ readonly user: string; readonly already?: true }>

export const inviteToChannel = defineSlackTool({
  name: 'slack_invite_to_channel',
  title: 'Invite to a channel',
  description: 'Add people to a channel.',
  toolset: 'channel_admin',
  effect: 'write',
  isIdempotent: true,
  scopes: ['channels:manage', 'groups:write'],
  needsAnyScope: true,
  cost: { methods: ['conversations.invite'], warm: '1 per person', cold: '1 per person + look-up of names' },
  examples: { channel: '#general', users: ['@ada'] },
  input: Type.Object(
    {
      channel: channelField,
      users: Type.Array(userField, { minItems: 1, maxItems: 20 }),
      dry_run: optional(dryRunField),
    },
    { additionalProperties: false },
  ),
  output: answers<{ readonly responses: readonly InviteResult[] } | DryRun>({
    responses: optional(listField),
  }),
  async run(args, context) {
    const { id } = await openConversation(context, args.channel, 'write')
    const calls: { method: string; params: { channel: string; users: string } }[] = []
    for (const given of args.users) {
      const users = await findUserId(context, given, 'users')
      calls.push({ method: 'conversations.invite', params: { channel: id, users } })
    }
    if (args.dry_run === true) return dryRun(calls)
    const responses: readonly InviteResult[] = await eachItem(
      calls,
      ({ params }) => ({ user: params.users }),
      (call) => changeUnlessSettled(context, call, 'already_in_channel'),
    )
    const text = renderItems(responses, (index) => calls[index]?.params.users ?? '')
    return { text, data: { responses } }
  },
})
