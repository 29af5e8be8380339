import type { ToolOutcome } from '../mcp/registry.ts'
import type { SlackAnswer } from '../slack/api.ts'
import { asText } from '../slack/json-fields.ts'
import { fingerprintOf, runOnce } from './idempotency.ts'
import type { MessageContent } from './outgoing-message.ts'
import { callSlack } from './slack-call.ts'
import type { SlackToolContext } from './tool-context.ts'
import type { ToolSettings } from './tool-settings.ts'

export interface MessageTarget {
  readonly channel: string
  readonly thread_ts?: string | undefined
  readonly reply_broadcast?: boolean | undefined
}

/** A Slack call that a dry run shows instead of making it. */
export interface PlannedCall {
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
}

/** The call that posts `content`. */
export function planPost(
  target: MessageTarget,
  content: MessageContent,
  settings: ToolSettings,
): PlannedCall {
  return { method: 'chat.postMessage', params: { ...target, ...content, ...unfurling(settings) } }
}

/** Slack opens links to show a preview, which tells their owner what was written: off unless the operator wants it (T27). */
export function unfurling({ allowsUnfurling }: Pick<ToolSettings, 'allowsUnfurling'>) {
  return allowsUnfurling ? {} : { unfurl_links: false, unfurl_media: false }
}

export interface SentMessage {
  readonly channel: string
  readonly ts: string
}

/** Makes the call and hands back where the message is. */
export async function sendPlanned(
  context: SlackToolContext,
  { method, params }: PlannedCall,
): Promise<SentMessage> {
  const answer = await callSlack(context, method, params)
  return {
    channel: asText(answer['channel']) ?? String(params['channel']),
    ts: asText(answer['ts']) ?? '',
  }
}

/** Makes one call and tells what became of it by `done`, or only shows it. */
export async function perform<Data>(
  context: SlackToolContext,
  call: PlannedCall,
  isDryRun: boolean | undefined,
  done: (answer: SlackAnswer) => ToolOutcome<Data>,
): Promise<ToolOutcome<Data | DryRun>> {
  return isDryRun === true ? dryRun([call]) : done(await callSlack(context, call.method, call.params))
}

/** What a dry run answers. */
export interface DryRun {
  readonly dry_run: true
  readonly would_send: readonly PlannedCall[]
}

/** The outcome that shows `calls` instead of making them. */
export function dryRun(calls: readonly PlannedCall[]): ToolOutcome<DryRun> {
  const lines = calls.map(({ method, params }) => `${method} ${JSON.stringify(params)}`)
  const text = ['Dry run, nothing was sent. Would call:', ...lines].join('\n')
  return { text, data: { dry_run: true, would_send: calls } }
}

/** Runs `write`, at most once for 24 h where the caller gave a key. */
export async function writeOnce<Outcome>(
  context: SlackToolContext,
  tool: string,
  args: { readonly idempotency_key?: string | undefined },
  write: () => Promise<Outcome>,
): Promise<Outcome> {
  const { idempotency_key: key, ...request } = args
  if (key === undefined) return await write()
  return await runOnce(context.idempotency, {
    key: { principal: context.principal.name, tool, key },
    fingerprint: fingerprintOf(request),
    run: write,
    parse: (json): Outcome => JSON.parse(json),
    onUnsettled: (error) => context.log.warn('mcp_idempotency_unsettled', { tool_name: tool, error }),
  })
}
