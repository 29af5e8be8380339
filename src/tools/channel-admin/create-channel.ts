import { Type } from '@sinclair/typebox'
import { AppError } from '../../base/errors.ts'
import { parseChannel } from '../../slack/channel.ts'
import { asObject, asText } from '../../slack/json-fields.ts'
import { answers, dryRunField, optional } from '../fields.ts'
import { type DryRun, perform } from '../planned-call.ts'
import { defineSlackTool } from '../slack-tool.ts'
import type { SlackToolContext } from '../tool-context.ts'

export const createChannel = defineSlackTool({
  name: 'slack_create_channel',
  title: 'Create a channel',
  description: 'Create a public or private channel.',
  toolset: 'channel_admin',
  effect: 'write',
  scopes: ['channels:manage', 'groups:write'],
  needsAnyScope: true,
  cost: { methods: ['conversations.create'], warm: '1', cold: '1' },
  examples: { name: 'release-2026-12', is_private: false },
  input: Type.Object(
    {
      // Slack takes letters of any script, but no capitals, spaces or punctuation besides hyphen and underscore.
      name: Type.String({ pattern: '^#?[^\\sA-Z#@.,:;!?/"\'<>|]{1,80}$' }),
      is_private: optional(Type.Boolean()),
      dry_run: optional(dryRunField),
    },
    { additionalProperties: false },
  ),
  output: answers<{ readonly channel: string; readonly name: string } | DryRun>({
    channel: optional(Type.String()),
  }),
  async run(args, context) {
    const name = args.name.replace(/^#/, '')
    const params = { name, is_private: args.is_private === true }
    await requireAllowed(context, params)
    return await perform(context, { method: 'conversations.create', params }, args.dry_run, (answer) => {
      const channel = asText(asObject(answer['channel'])['id']) ?? ''
      context.directory.channels.learn(answer['channel'])
      context.noteChannel(channel)
      return { text: `Created #${name}: ${channel}.`, data: { channel, name } }
    })
  },
})

/** A channel that could not be written to afterwards is not made either. It has no id yet, so the lists are asked by its name. */
async function requireAllowed(
  { policy, principal, signal }: SlackToolContext,
  params: { readonly name: string; readonly is_private: boolean },
): Promise<void> {
  const planned = parseChannel({ id: 'C', ...params })
  const allowed = planned === undefined ? [] : await policy.allowed(principal, 'write', [planned], signal)
  if (allowed.length > 0) return
  throw new AppError('TOOL_FORBIDDEN', {
    details: { rule: 'write_channels', hint: 'The operator lets no channel of this name be written to.' },
  })
}
