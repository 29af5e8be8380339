import { type AppError, asAppError } from '../base/errors.ts'
import { createSystemIds } from '../base/ids.ts'
import type { Config } from '../config/option-table.ts'
import { silentLogger, silentMetrics } from '../observe/silent.ts'
import type { SlackIdentity, SlackTokenKind } from '../slack/api.ts'
import { initializeSlackClient } from '../slack/client.ts'
import { parseIdentity } from '../slack/token-watch.ts'
import type { CliContext } from './cli-context.ts'

/** What Slack says of one token, by `auth.test`. */
export type TokenReport = {
  readonly kind: SlackTokenKind
  /** From the question to the answer, milliseconds. */
  readonly elapsedMs: number
  /** How far Slack's clock is ahead of ours, by the Date of its answer, milliseconds, to about half a second; undefined where there was none. */
  readonly clockAheadMs: number | undefined
} & ({ readonly identity: SlackIdentity } | { readonly identity?: undefined; readonly error: AppError })

/** Slack answers `auth.test` in a fraction of this, milliseconds. */
const answerDeadlineMs = 8_000
/** A person waits for the answer: one repetition. */
const retriesMax = 1

/** Asks Slack whose token this is. Never rejects: what went wrong is in the report. */
export async function probeToken(
  context: Pick<CliContext, 'clock' | 'fetch'>,
  config: Pick<Config, 'slackBotToken' | 'slackUserToken' | 'slackApiUrl'>,
  kind: SlackTokenKind,
  signal?: AbortSignal,
): Promise<TokenReport> {
  const { clock } = context
  let clockAheadMs: number | undefined
  const client = initializeSlackClient(config.slackBotToken, retriesMax, {
    clock,
    ids: createSystemIds(),
    log: silentLogger,
    metrics: silentMetrics,
    apiUrl: config.slackApiUrl,
    userToken: config.slackUserToken,
    async fetch(url, init) {
      const response = await context.fetch(url, init)
      clockAheadMs = aheadMs(response.headers.get('date'), clock.now())
      return response
    },
  })
  const startedAtMs = clock.monotonic()
  const measured = () => ({ kind, elapsedMs: clock.monotonic() - startedAtMs, clockAheadMs })
  try {
    const options = { token: kind, deadlineMs: answerDeadlineMs, ...(signal === undefined ? {} : { signal }) }
    const identity = parseIdentity(await client.call('auth.test', {}, options))
    return { ...measured(), identity }
  } catch (error) {
    return { ...measured(), error: asAppError(error) }
  } finally {
    await client.stop()
  }
}

/** The header names whole seconds: the middle of the second is the best guess. */
function aheadMs(date: string | null, nowMs: number): number | undefined {
  const toldMs = date === null ? Number.NaN : Date.parse(date)
  return Number.isNaN(toldMs) ? undefined : toldMs + 500 - nowMs
}
