import { defineSlackTool } from '../slack-tool.ts'
import { tsAliases } from '../ts-aliases.ts'
import { changeReactions, reactionExamples, reactionInput, reactionOutput } from './reaction-items.ts'

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
  aliases: tsAliases('timestamp'),
  examples: reactionExamples,
  input: reactionInput,
  output: reactionOutput,
  run: (args, context) =>
    changeReactions(context, args, { method: 'reactions.remove', settled: 'no_reaction' }),
})
