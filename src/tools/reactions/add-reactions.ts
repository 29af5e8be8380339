import { Type } from '@sinclair/typebox'
import { answers, channelField, dryRunField, listField, optional, tsField } from '../fields.ts'
import type { DryRun } from '../planned-call.ts'
import { defineSlackTool } from '../slack-tool.ts'
import { changeReactions, emojisField, type ReactionOutcome } from './reaction-items.ts'

export const addReactions = defineSlackTool({
  name: 'slack_add_reactions',
  title: 'Add reactions',
  description: 'Add emoji reactions to a message.',
  toolset: 'reactions',
  effect: 'write',
  isIdempotent: true,
  scopes: ['reactions:write'],
  cost: { methods: ['reactions.add'], warm: '1 per emoji', cold: '1 per emoji + look-up of a name (1-10)' },
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
    changeReactions(context, args, { method: 'reactions.add', settled: 'already_reacted' }),
})
