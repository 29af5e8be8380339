import { Type } from '@sinclair/typebox'
import { answers, channelField, dryRunField, listField, optional, tsField } from '../fields.ts'
import type { DryRun } from '../planned-call.ts'
import { defineSlackTool } from '../slack-tool.ts'
import { changeReactions, emojisField, type ReactionOutcome } from './reaction-items.ts'

export const removeReactions = defineSlackTool({
  name: 'slack_remove_reactions',
  title: 'Remove reactions',
  description: "Remove this bot's own reactions from a message.",
  toolset: 'reactions',
  effect: 'write',
  isIdempotent: true,
  scopes: ['reactions:write'],
  cost: {
    methods: ['reactions.remove'],
    warm: '1 per emoji',
    cold: '1 per emoji + look-up of a name (1-10)',
  },
  aliases: { message_ts: 'timestamp', ts: 'timestamp', thread_ts: 'timestamp' },
  examples: { channel: '#general', timestamp: '1712345678.000100', emojis: ['tada'] },
  input: Type.Object(
    {
      channel: channelField,
      timestamp: optional(tsField),
      emojis: emojisField,
      dry_run: optional(dryRunField),
    },
    { additionalProperties: false },
  ),
  output: answers<ReactionOutcome | DryRun>({ responses: optional(listField) }),
  run: (args, context) =>
    changeReactions(context, args, { method: 'reactions.remove', settled: 'no_reaction' }),
})
