import { defineSlackTool } from '../slack-tool.ts'
import { tsAliases } from '../ts-aliases.ts'
import { changeReactions, reactionExamples, reactionInput, reactionOutput } from './reaction-items.ts'

export const addReactions = defineSlackTool({
  name: 'slack_add_reactions',
  title: 'Add reactions',
  description: 'Add emoji reactions to a message.',
  toolset: 'reactions',
  effect: 'write',
  isIdempotent: true,
  scopes: ['reactions:write'],
  cost: { methods: ['reactions.add'], warm: '1 per emoji', cold: '1 per emoji + look-up of a name (1-10)' },
  aliases: tsAliases('timestamp'),
  examples: reactionExamples,
  input: reactionInput,
  output: reactionOutput,
  run: (args, context) =>
    changeReactions(context, args, { method: 'reactions.add', settled: 'already_reacted' }),
})
