import { Type } from '@sinclair/typebox'
import { asText } from '../../slack/json-fields.ts'
import { argumentError } from '../argument-error.ts'
import { openConversation } from '../conversation.ts'
import { answers, channelField, dryRunField, keyField, optional, timeField, tsField } from '../fields.ts'
import { composeMessage, draftOf } from '../outgoing-message.ts'
import { type DryRun, dryRun, perform, unfurling, writeOnce } from '../planned-call.ts'
import { defineSlackTool } from '../slack-tool.ts'
import { localTimeIn, parseFutureSeconds } from '../time-expression.ts'
import type { SlackToolContext } from '../tool-context.ts'
import { tsAliases } from '../ts-aliases.ts'

interface ScheduledMessage {
  readonly scheduled_message_id: string
  readonly channel: string
  /** Seconds since 1970, as Slack takes it. */
  readonly post_at: number
}

/** Slack's bound: 120 days. */
const aheadMaxSeconds = 120 * 24 * 60 * 60

export const scheduleMessage = defineSlackTool({
  name: 'slack_schedule_message',
  title: 'Schedule a message',
  description: 'Send a message later, at most 120 days ahead.',
  toolset: 'scheduling',
  effect: 'write',
  scopes: ['chat:write'],
  cost: { methods: ['chat.scheduleMessage'], warm: '1', cold: '1 + look-up of a name (1-10)' },
  aliases: tsAliases('thread_ts'),
  examples: { channel: '#general', markdown: 'Stand-up in **ten** minutes', post_at: '2026-12-01T09:50' },
  input: Type.Object(
    {
      channel: channelField,
      post_at: timeField('ISO time, 2h or 3d from now'),
      text: optional(Type.String({ minLength: 1, maxLength: 4000 })),
      markdown: optional(Type.String({ minLength: 1, maxLength: 12_000 })),
      thread_ts: optional(tsField),
      idempotency_key: optional(keyField),
      dry_run: optional(dryRunField),
    },
    { additionalProperties: false },
  ),
  output: answers<ScheduledMessage | DryRun>({ scheduled_message_id: optional(Type.String()) }),
  async run(args, context) {
    // Before Slack is asked about the channel: a draft that is refused anyway must cost no call.
    const [content] = composeMessage(draftOf(args), context.settings, false)
    const postAt = parsePostAt(args.post_at, context)
    const { id, threadTs, ts } = await openConversation(context, args.channel, 'write')
    const thread = args.thread_ts ?? threadTs ?? ts
    const params = {
      channel: id,
      post_at: postAt,
      ...content,
      ...(thread === undefined ? {} : { thread_ts: thread }),
      ...unfurling(context.settings),
    }
    const call = { method: 'chat.scheduleMessage', params }
    if (args.dry_run === true) return dryRun([call])
    return await writeOnce(context, 'slack_schedule_message', args, () =>
      perform(context, call, false, (answer) => {
        const scheduledId = asText(answer['scheduled_message_id']) ?? ''
        return {
          text: `Scheduled for ${localMoment(postAt, context)} in ${id}, id ${scheduledId}.`,
          data: { scheduled_message_id: scheduledId, channel: id, post_at: postAt },
        }
      }),
    )
  },
})

function parsePostAt(given: string, { clock, settings }: SlackToolContext): number {
  const nowMs = clock.now()
  const postAt = parseFutureSeconds('post_at', given, { nowMs, timezone: settings.timezone })
  const aheadSeconds = postAt - nowMs / 1000
  if (aheadSeconds > 0 && aheadSeconds <= aheadMaxSeconds) return postAt
  throw argumentError({
    field: 'post_at',
    given,
    accepted: `a time in the next 120 days; now is ${localMoment(nowMs / 1000, { settings })}`,
    example: '2h',
  })
}

export function localMoment(atSeconds: number, { settings }: Pick<SlackToolContext, 'settings'>): string {
  const local = localTimeIn(settings.timezone)
  const atMs = atSeconds * 1000
  return `${local.day(atMs)} ${local.time(atMs)} ${settings.timezone}`
}
