import { Type } from '@sinclair/typebox'
import type { ToolOutcome } from '../../mcp/registry.ts'
import { messageBehind, openConversation, requireTs } from '../conversation.ts'
import { answers, channelField, dryRunField, optional, tsField } from '../fields.ts'
import { type DryRun, perform, type SentMessage } from '../planned-call.ts'
import { refusalOf } from '../slack-call.ts'
import type { SlackToolContext } from '../tool-context.ts'

export const pinInput = Type.Object(
  { channel: channelField, message_ts: optional(tsField), dry_run: optional(dryRunField) },
  { additionalProperties: false },
)

export type PinOutcome = SentMessage & { readonly already?: true }

export const pinOutput = answers<PinOutcome | DryRun>({ ts: optional(Type.String()) })

interface PinArguments {
  readonly channel: string
  readonly message_ts?: string
  readonly dry_run?: boolean
}

/** Pins or unpins a message; what is so already is done. */
export async function changePin(
  context: SlackToolContext,
  args: PinArguments,
  change: { readonly method: string; readonly settled: readonly string[]; readonly said: string },
): Promise<ToolOutcome<PinOutcome | DryRun>> {
  const timestamp = requireTs('message_ts', args.message_ts, messageBehind(args.channel))
  const conversation = await openConversation(context, args.channel, 'write')
  const call = { method: change.method, params: { channel: conversation.id, timestamp } }
  const data = { channel: conversation.id, ts: timestamp }
  const text = `${change.said} ${timestamp} in ${conversation.id}.`
  try {
    return await perform(context, call, args.dry_run, () => ({ text, data }))
  } catch (error) {
    if (!change.settled.includes(refusalOf(error) ?? '')) throw error
    return { text, data: { ...data, already: true } }
  }
}
