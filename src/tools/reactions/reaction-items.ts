import { Type } from '@sinclair/typebox'
import type { ToolOutcome } from '../../mcp/registry.ts'
import { messageBehind, openConversation, requireTs } from '../conversation.ts'
import { answers, channelField, dryRunField, listField, optional, tsField } from '../fields.ts'
import { eachItem, type ItemResult, renderItems } from '../item-result.ts'
import { type DryRun, dryRun } from '../planned-call.ts'
import { changeUnlessSettled } from '../slack-call.ts'
import type { SlackToolContext } from '../tool-context.ts'

/** One emoji of a call; `already` where nothing had to be done. */
export type ReactionResult = ItemResult<{ readonly emoji: string; readonly already?: true }>

export interface ReactionOutcome {
  readonly responses: readonly ReactionResult[]
}

export const reactionInput = Type.Object(
  {
    channel: channelField,
    timestamp: optional(tsField),
    // Names with or without colons, skin tones included (`wave::skin-tone-3`).
    emojis: Type.Array(Type.String({ pattern: "^:?[\\w+'-]{1,100}(::skin-tone-[2-6])?:?$" }), {
      minItems: 1,
      maxItems: 23,
    }),
    dry_run: optional(dryRunField),
  },
  { additionalProperties: false },
)

export const reactionOutput = answers<ReactionOutcome | DryRun>({ responses: optional(listField) })

export const reactionExamples = {
  channel: '#general',
  timestamp: '1712345678.000100',
  emojis: ['tada'],
} as const

interface ReactionArguments {
  readonly channel: string
  readonly timestamp?: string
  readonly emojis: readonly string[]
  readonly dry_run?: boolean
}

/** Adds or removes each emoji in turn. What Slack refuses with `settled` is so already, which is what was wanted. */
export async function changeReactions(
  context: SlackToolContext,
  args: ReactionArguments,
  change: { readonly method: string; readonly settled: string },
): Promise<ToolOutcome<ReactionOutcome | DryRun>> {
  const timestamp = requireTs('timestamp', args.timestamp, messageBehind(args.channel))
  const conversation = await openConversation(context, args.channel, 'write')
  const calls = args.emojis.map((emoji) => ({
    method: change.method,
    params: { channel: conversation.id, timestamp, name: asEmojiName(emoji) },
  }))
  if (args.dry_run === true) return dryRun(calls)
  const responses: readonly ReactionResult[] = await eachItem(
    calls,
    ({ params }) => ({ emoji: params.name }),
    (call) => changeUnlessSettled(context, call, change.settled),
  )
  const text = renderItems(responses, (index) => `:${calls[index]?.params.name}:`)
  return { text, data: { responses } }
}

function asEmojiName(given: string): string {
  return given.replace(/^:|:$/g, '')
}
