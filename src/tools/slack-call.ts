import { AppError, type ErrorDetails } from '../base/errors.ts'
import type { SlackAnswer, SlackTokenKind } from '../slack/api.ts'
import { slackErrorHints } from './slack-error-hint-table.ts'
import type { SlackToolContext } from './tool-context.ts'

/** What is over sooner, nobody needs to read of. */
const toldWaitMs = 1000

/** A call to Slack within a tool: cancelled with it, its log lines among those of the call. The client's own log hears of waits for Slack's limits. */
export async function callSlack(
  { slack, signal, log, tell }: Pick<SlackToolContext, 'slack' | 'signal' | 'log' | 'tell'>,
  method: string,
  params: Readonly<Record<string, unknown>>,
  token: SlackTokenKind = 'bot',
): Promise<SlackAnswer> {
  const onLimited = (waitMs: number) => {
    if (waitMs < toldWaitMs) return
    tell?.('warning', `Slack limits ${method}: waiting ${Math.ceil(waitMs / 1000)} s`)
  }
  return await slack.call(method, params, { signal, log, token, onLimited })
}

/** Slack's code where `error` is a refusal. */
export function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof AppError) || error.code !== 'SLACK_REFUSED') return undefined
  const code = error.details['slack_error']
  return typeof code === 'string' ? code : undefined
}

/** `error` with what to do about it in its details, where it is a refusal that has a hint. */
export function withHint(error: unknown): unknown {
  const code = refusalOf(error)
  if (!(error instanceof AppError) || code === undefined) return error
  const hint = slackErrorHints[code]
  const details: ErrorDetails = {
    ...error.details,
    ...(hint === undefined ? {} : { hint }),
    ...manifestLine(error.details['needed']),
  }
  return new AppError('SLACK_REFUSED', { cause: error, details })
}

/** The refusal that Slack would give where it answers with nothing instead. */
export function refused(slackError: string): AppError {
  const hint = slackErrorHints[slackError]
  return new AppError('SLACK_REFUSED', {
    details: { slack_error: slackError, ...(hint === undefined ? {} : { hint }) },
  })
}

function manifestLine(needed: ErrorDetails[string] | undefined): ErrorDetails {
  return typeof needed === 'string' && needed !== ''
    ? { manifest: `oauth_config.scopes.bot: [${needed}]` }
    : {}
}

/** One change; what Slack refuses with `settled` is so already, which is what was wanted. */
export async function changeUnlessSettled(
  context: SlackToolContext,
  { method, params }: { readonly method: string; readonly params: Readonly<Record<string, unknown>> },
  settled: string,
): Promise<{ readonly already?: true }> {
  try {
    await callSlack(context, method, params)
    return {}
  } catch (error) {
    if (refusalOf(error) === settled) return { already: true }
    throw error
  }
}
