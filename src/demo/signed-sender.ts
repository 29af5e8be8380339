import { type Clock, sleep } from '../base/clock.ts'
import { signBody } from '../slack/signature.ts'

/** How long Slack waits for an answer. https://docs.slack.dev/apis/events-api#errors */
export const slackAnswerTimeoutMs = 3_000
/** When Slack tries again: nearly at once, after a minute, after five. */
export const slackRetryDelaysMs: readonly number[] = [1_000, 60_000, 300_000]
const redirectsMax = 2

export type RetryReason = 'http_timeout' | 'too_many_redirects' | 'connection_failed' | 'http_error'

/** One try and what came back; `status` is undefined where there was no answer. */
export interface DeliveryAttempt {
  readonly retryNum: number
  readonly status: number | undefined
  /** The answer's text; empty where there was none. */
  readonly body: string
  /** Why Slack would try again; undefined where it would not. */
  readonly failure: RetryReason | undefined
  readonly elapsedMs: number
}

export interface DeliveryReport {
  readonly isAccepted: boolean
  /** Every try, in order; the last one decided. */
  readonly attempts: readonly [DeliveryAttempt, ...DeliveryAttempt[]]
}

export interface SignedSenderOptions {
  /** The webhook's whole URL. */
  readonly url: string
  readonly signingSecret: string
  readonly clock: Clock
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  /** Pauses before the second, third … try. Default: none, so that one failed try is the end. Slack's own: `slackRetryDelaysMs`. */
  readonly retryDelaysMs?: readonly number[]
  /** Ends waiting between tries and cancels the request under way. */
  readonly signal?: AbortSignal
}

export interface SendOptions {
  /** Presents the first try as Slack's retry of this number. */
  readonly retryNum?: number
  readonly retryReason?: RetryReason
}

export interface SignedSender {
  /** Signs these exact bytes and posts them as Slack does. Never rejects: what went wrong is in the report. */
  send(body: string | Uint8Array, options?: SendOptions): Promise<DeliveryReport>
}

/** Plays Slack's side of the Events API: signature v0, Slack's headers, 3 s of patience, retries that carry the same bytes. */
export function createSignedSender(options: SignedSenderOptions): SignedSender {
  const isEnded = () => options.signal?.aborted === true
  return {
    async send(body, { retryNum = 0, retryReason } = {}) {
      const first = await attempt(options, body, { retryNum, reason: retryReason })
      const attempts: [DeliveryAttempt, ...DeliveryAttempt[]] = [first]
      let last = first
      for (const delayMs of options.retryDelaysMs ?? []) {
        if (last.failure === undefined || isEnded()) break
        await sleep(options.clock, delayMs, options.signal)
        if (isEnded()) break
        last = await attempt(options, body, { retryNum: last.retryNum + 1, reason: last.failure })
        attempts.push(last)
      }
      return { isAccepted: isSuccess(last.status), attempts }
    },
  }
}

interface Retry {
  readonly retryNum: number
  readonly reason: RetryReason | undefined
}

async function attempt(
  options: SignedSenderOptions,
  body: string | Uint8Array,
  retry: Retry,
): Promise<DeliveryAttempt> {
  const { clock } = options
  const startedAtMs = clock.monotonic()
  const result = await post(options, body, retry)
  return { retryNum: retry.retryNum, elapsedMs: clock.monotonic() - startedAtMs, ...result }
}

type AttemptResult = Pick<DeliveryAttempt, 'status' | 'body' | 'failure'>

async function post(
  options: SignedSenderOptions,
  body: string | Uint8Array,
  retry: Retry,
): Promise<AttemptResult> {
  const patience = new AbortController()
  const timer = options.clock.schedule(slackAnswerTimeoutMs, () => patience.abort())
  const signal = AbortSignal.any([patience.signal, ...(options.signal === undefined ? [] : [options.signal])])
  try {
    const response = await postFollowing(options, body, retry, signal)
    if (response === 'too_many_redirects') return { status: undefined, body: '', failure: response }
    const text = await response.text()
    return { status: response.status, body: text, failure: failureOf(response) }
  } catch {
    // The two ways in which no answer arrives are reasons that Slack names; the report carries them.
    const failure = patience.signal.aborted ? 'http_timeout' : 'connection_failed'
    return { status: undefined, body: '', failure }
  } finally {
    timer.cancel()
  }
}

async function postFollowing(
  options: SignedSenderOptions,
  body: string | Uint8Array,
  retry: Retry,
  signal: AbortSignal,
): Promise<Response | 'too_many_redirects'> {
  const headers = signedHeaders(options, body, retry)
  let url = options.url
  for (let redirects = 0; redirects <= redirectsMax; redirects++) {
    const response = await options.fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' })
    const location = response.headers.get('location')
    if ((response.status !== 301 && response.status !== 302) || location === null) return response
    url = new URL(location, url).href
  }
  return 'too_many_redirects'
}

/** Signed at every try: the timestamp of a retry after five minutes would be stale otherwise. */
function signedHeaders(
  { clock, signingSecret }: SignedSenderOptions,
  body: string | Uint8Array,
  retry: Retry,
): Record<string, string> {
  const timestamp = Math.floor(clock.now() / 1000)
  return {
    accept: '*/*',
    'accept-encoding': 'gzip,deflate',
    'content-type': 'application/json',
    'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
    'x-slack-request-timestamp': String(timestamp),
    'x-slack-signature': signBody(signingSecret, timestamp, body),
    ...(retry.retryNum > 0 && {
      'x-slack-retry-num': String(retry.retryNum),
      'x-slack-retry-reason': retry.reason ?? 'http_timeout',
    }),
  }
}

/** A failure that says `x-slack-no-retry: 1` is final. */
function failureOf(response: Response): RetryReason | undefined {
  if (isSuccess(response.status) || response.headers.get('x-slack-no-retry') === '1') return undefined
  return 'http_error'
}

function isSuccess(status: number | undefined): boolean {
  return status !== undefined && status >= 200 && status < 300
}
