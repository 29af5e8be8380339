import { Type } from '@sinclair/typebox'
import type { ToolOutcome } from '../../mcp/registry.ts'
import { argumentError } from '../argument-error.ts'
import { openConversation } from '../conversation.ts'
import {
  answers,
  channelField,
  choice,
  dryRunField,
  keyField,
  listField,
  optional,
  tsField,
} from '../fields.ts'
import { asItemErrorOf, describeItemError, type ItemResult } from '../item-result.ts'
import { composeMessage, draftOf } from '../outgoing-message.ts'
import {
  type DryRun,
  dryRun,
  type PlannedCall,
  planPost,
  type SentMessage,
  sendPlanned,
  writeOnce,
} from '../planned-call.ts'
import { defineSlackTool } from '../slack-tool.ts'
import type { SlackToolContext } from '../tool-context.ts'
import { tsAliases } from '../ts-aliases.ts'

/** What a split message became: every part, in order, up to the one that failed. */
type Part = ItemResult<{ readonly part: number; readonly ts?: string }>

interface PostOutcome extends Partial<SentMessage> {
  /** Only where the message was split. */
  readonly responses?: readonly Part[]
}

export const postMessage = defineSlackTool({
  name: 'slack_post_message',
  title: 'Post a message',
  description: 'Post to a channel, thread or person. Give text (Slack notation), markdown or blocks.',
  toolset: 'messages',
  effect: 'write',
  scopes: ['chat:write'],
  cost: {
    methods: ['chat.postMessage'],
    warm: '1',
    cold: '1 + look-up of a name (1-10) or opening a DM (1)',
  },
  aliases: tsAliases('thread_ts'),
  examples: { channel: '#general', text: 'Hello', thread_ts: '1712345678.000100' },
  input: Type.Object(
    {
      channel: channelField,
      text: optional(Type.String({ minLength: 1, maxLength: 40_000 })),
      markdown: optional(Type.String({ minLength: 1, maxLength: 60_000 })),
      blocks: optional(Type.Array(Type.Object({}), { minItems: 1, maxItems: 50 })),
      thread_ts: optional(tsField),
      reply_broadcast: optional(Type.Boolean()),
      if_long: optional(choice('refuse', 'split')),
      idempotency_key: optional(keyField),
      dry_run: optional(dryRunField),
    },
    { additionalProperties: false },
  ),
  output: answers<PostOutcome | DryRun>({
    channel: optional(Type.String()),
    ts: optional(Type.String()),
    responses: optional(listField),
  }),
  async run(args, context) {
    // Before Slack is asked about the channel: a draft that is refused anyway must cost no call.
    const contents = composeMessage(draftOf(args), context.settings, args.if_long === 'split')
    const { id, threadTs, ts } = await openConversation(context, args.channel, 'write')
    // A permalink as the channel means: in the thread of that message.
    const thread = args.thread_ts ?? threadTs ?? ts
    if (args.reply_broadcast === true && thread === undefined) throw nothingToBroadcast()
    const target = {
      channel: id,
      ...threadOf(thread),
      ...(args.reply_broadcast === undefined ? {} : { reply_broadcast: args.reply_broadcast }),
    }
    const calls = contents.map((content) => planPost(target, content, context.settings))
    if (args.dry_run === true) return dryRun(calls)
    return await writeOnce(context, 'slack_post_message', args, () => sendParts(context, calls))
  },
})

/** Slack ignores the wish, and the model would believe that its reply stands in a thread. */
function nothingToBroadcast() {
  return argumentError({
    field: 'reply_broadcast',
    given: true,
    accepted: 'true only together with thread_ts: a reply in a thread that is shown in the channel too',
    example: '"thread_ts": "1712345678.000100"',
  })
}

function threadOf(ts: string | undefined) {
  return ts === undefined ? {} : { thread_ts: ts }
}

/** In order, and none after one that failed: the second half of a text without its middle misleads. */
async function sendParts(
  context: SlackToolContext,
  calls: readonly PlannedCall[],
): Promise<ToolOutcome<PostOutcome>> {
  const sent: SentMessage[] = []
  const parts: Part[] = []
  for (const [index, call] of calls.entries()) {
    try {
      const message = await sendPlanned(context, call)
      sent.push(message)
      parts.push({ ok: true, part: index + 1, ts: message.ts })
    } catch (error) {
      if (sent.length === 0) throw error
      parts.push({ ok: false, part: index + 1, error: asItemErrorOf(error) })
      break
    }
  }
  const [first] = sent
  if (calls.length === 1) return { text: `Posted to ${first?.channel}, ts ${first?.ts}.`, data: { ...first } }
  return {
    text: [
      `Posted ${sent.length} of ${calls.length} parts to ${first?.channel}, ts ${sent.map(({ ts }) => ts).join(', ')}.`,
      ...parts.flatMap((part) => (part.ok ? [] : [`Part ${part.part}: ${describeItemError(part.error)}`])),
    ].join('\n'),
    data: { ...first, responses: parts },
  }
}
