import type { Clock } from '../base/clock.ts'
import type { Secret } from '../base/secret.ts'
import { createDeadline, DeadlineExceeded } from '../resilience/deadline.ts'
import { readLimited } from './limited-body.ts'

/** The part of `fetch` that is used. The machine's own keeps connections alive and shares them (S24). */
export type SlackFetch = (url: string, init: RequestInit) => Promise<Response>

/** How one HTTP request to the Web API can fail. `garbage` is a 200 that is not what the Web API answers. */
export type FailureReason = 'network' | 'timeout' | 'http' | 'too_large' | 'garbage' | 'slack_internal'

interface AboutFailure {
  readonly note: string
  /** `no` where Slack cannot have acted on the request: it never left, or was turned away. */
  readonly isExecuted: 'no' | 'unknown'
  readonly status?: number
  /** With 429, milliseconds. */
  readonly retryAfterMs?: number
}

/** Why there is no answer of the Web API. Its message is for the log and holds no header and no byte of a body. */
export class ExchangeFailure extends Error {
  override readonly name = 'ExchangeFailure'
  readonly reason: Exclude<FailureReason, 'slack_internal'> | 'rate_limited' | 'cancelled'
  readonly about: AboutFailure

  constructor(reason: ExchangeFailure['reason'], about: AboutFailure) {
    super(about.note)
    this.reason = reason
    this.about = about
  }
}

/** One HTTP request to the Web API may take this long, the last byte of the answer included, milliseconds. */
export const requestTimeoutMs = 10_000
/** The longest answer that is read: a page of 1,000 members is about 2 MB. */
export const answerBytesMax = 16 * 1024 * 1024
/** What is taken for a 429 that names no time: half of Slack's window. */
const retryAfterDefaultMs = 30_000
/** A longer block is somebody's mistake: Slack's window is a minute. */
const retryAfterLongestMs = 3_600_000

/** Error codes of Bun's fetch for requests of which no byte can have left: there was nobody to send them to. */
const unsentCodes: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'])

export interface ExchangeRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly token: Secret
  readonly signal: AbortSignal
}

/** What the Web API answered: always 200. */
export interface ExchangeAnswer {
  readonly headers: Headers
  readonly bytes: Uint8Array<ArrayBuffer>
}

export interface ExchangeOptions {
  readonly clock: Clock
  readonly fetch: SlackFetch
}

/** One POST, bounded in time and size, following no redirect. Rejects with an ExchangeFailure, and with nothing else. */
export async function exchange(
  { clock, fetch }: ExchangeOptions,
  { url, headers, body, token, signal }: ExchangeRequest,
): Promise<ExchangeAnswer> {
  const deadline = createDeadline({ clock, afterMs: requestTimeoutMs, signal })
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, authorization: `Bearer ${token.reveal()}` },
      body,
      redirect: 'error',
      signal: deadline.signal,
    })
    if (response.status !== 200) throw await refusedBy(response)
    return { headers: response.headers, bytes: await readAnswer(response) }
  } catch (error) {
    throw error instanceof ExchangeFailure
      ? error
      : asExchangeFailure(error, deadline.signal, new URL(url).host)
  } finally {
    deadline.dispose()
  }
}

async function readAnswer(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const { bytes, isCut } = await readLimited(response.body, answerBytesMax)
  if (isCut) {
    throw new ExchangeFailure('too_large', {
      note: `An answer is longer than ${answerBytesMax} bytes`,
      isExecuted: 'unknown',
    })
  }
  return bytes
}

async function refusedBy(response: Response): Promise<ExchangeFailure> {
  const { status } = response
  await response.body?.cancel().catch(() => undefined)
  if (status === 429) {
    const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'))
    return new ExchangeFailure('rate_limited', { note: 'HTTP 429', isExecuted: 'no', status, retryAfterMs })
  }
  // 408: whoever gave up waiting does not know how far the request came.
  const isTurnedAway = status >= 400 && status < 500 && status !== 408
  return new ExchangeFailure('http', {
    note: `HTTP ${status}`,
    isExecuted: isTurnedAway ? 'no' : 'unknown',
    status,
  })
}

/** Slack names whole seconds. Never zero: a block that is over at once would be asked against at once. */
export function parseRetryAfter(header: string | null): number {
  if (header === null || !/^\d{1,15}$/.test(header)) return retryAfterDefaultMs
  return Math.min(retryAfterLongestMs, Math.max(1000, Number(header) * 1000))
}

function asExchangeFailure(error: unknown, signal: AbortSignal, host: string): ExchangeFailure {
  if (signal.aborted) {
    return signal.reason instanceof DeadlineExceeded
      ? new ExchangeFailure('timeout', { note: signal.reason.message, isExecuted: 'unknown' })
      : new ExchangeFailure('cancelled', { note: 'The caller went away', isExecuted: 'unknown' })
  }
  const code = codeOf(error)
  return new ExchangeFailure('network', {
    note: `The connection to ${host} failed: ${code}`,
    isExecuted: unsentCodes.has(code) ? 'no' : 'unknown',
  })
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : 'no code'
}
