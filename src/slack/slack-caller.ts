import { type Clock, sleep } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import type { Ids } from '../base/ids.ts'
import type { Logger } from '../observe/logger.ts'
import type { MetricLabels, Metrics } from '../observe/metrics.ts'
import type { Span } from '../observe/tracer.ts'
import { backoffMs } from '../resilience/backoff.ts'
import type { Admission, CircuitBreaker } from '../resilience/circuit-breaker.ts'
import type { SlackAnswer, SlackCallOptions, SlackTokenKind } from './api.ts'
import { type CallTracing, traceCall } from './call-tracing.ts'
import type { MethodLimits } from './method-limits.ts'
import { parseSlackMethod, type SlackMethod } from './method-table.ts'
import { asCallError, asSeconds, cancelled, isRepeatable, type Outcome, rateLimited } from './outcome.ts'

/** One request to the Web API: turned into an outcome, whatever happens. */
export interface SlackRequest {
  readonly method: SlackMethod
  readonly params: Readonly<Record<string, unknown>>
  readonly token: SlackTokenKind
  readonly signal: AbortSignal
}

export interface SlackCallerOptions {
  readonly clock: Clock
  readonly ids: Pick<Ids, 'random'>
  readonly log: Logger
  readonly metrics: Metrics
  readonly tracing: CallTracing | undefined
  readonly limits: MethodLimits
  readonly breaker: CircuitBreaker
  /** How often a request is sent again; 0 is never. */
  readonly retriesMax: number
  readonly send: (request: SlackRequest) => Promise<Outcome>
  /** Hears what every request came to. */
  readonly onOutcome: (token: SlackTokenKind, outcome: Outcome) => void
}

/** A call under way. */
interface Run extends SlackRequest {
  readonly log: Logger
  readonly onLimited: ((waitMs: number) => void) | undefined
  /** No request begins later than this, monotonic milliseconds; one that has begun is not cut short. */
  readonly dueAtMs: number
}

/** How long a call may wait for limits and retries where the caller does not say, milliseconds. */
export const callDeadlineMs = 15_000
/** Calls at once, waiting ones included. */
export const callsMax = 256
const retryBackoff = { firstMs: 250, longestMs: 2000 }

/** Takes calls through limits, breaker and retries to `send`, and counts what became of them. */
export class SlackCaller {
  readonly #options: SlackCallerOptions
  readonly #running = new Map<AbortController, Promise<unknown>>()
  #isStopped = false

  constructor(options: SlackCallerOptions) {
    this.#options = options
  }

  /** As `SlackApi.call`; besides rejects with OVERLOADED when too many calls are under way, with SHUTTING_DOWN after `stop`. */
  async call(
    method: string,
    params: Readonly<Record<string, unknown>>,
    options: SlackCallOptions = {},
  ): Promise<SlackAnswer> {
    const slackMethod = parseSlackMethod(method)
    if (Object.hasOwn(params, 'token')) throw new TypeError('The token is not a parameter')
    if (this.#isStopped) throw new AppError('SHUTTING_DOWN', { component: 'mcp' })
    if (this.#running.size >= callsMax) throw new AppError('OVERLOADED', { component: 'mcp' })
    if (options.signal?.aborted === true) throw cancelled(slackMethod, 'no')
    const controller = new AbortController()
    const cancel = () => controller.abort()
    options.signal?.addEventListener('abort', cancel, { once: true })
    const run: Run = {
      method: slackMethod,
      params: this.#options.limits.fit(slackMethod, params),
      token: options.token ?? 'bot',
      signal: controller.signal,
      log: options.log ?? this.#options.log,
      onLimited: options.onLimited,
      dueAtMs: this.#options.clock.monotonic() + (options.deadlineMs ?? callDeadlineMs),
    }
    const { tracing } = this.#options
    const result =
      tracing === undefined
        ? this.#repeat(run)
        : traceCall(tracing, slackMethod, (span) => this.#repeat(run, span))
    this.#running.set(controller, result)
    try {
      return await result
    } finally {
      this.#running.delete(controller)
      options.signal?.removeEventListener('abort', cancel)
    }
  }

  /** Cancels what is under way and resolves once it is over. The tool calls have been finished by then: whoever still waits here is a background task. */
  async stop(): Promise<void> {
    this.#isStopped = true
    for (const controller of this.#running.keys()) controller.abort()
    await Promise.allSettled(this.#running.values())
  }

  async #repeat(run: Run, span?: Span): Promise<SlackAnswer> {
    for (let sentCount = 1; ; sentCount++) {
      if (sentCount > 1) span?.set({ 'http.request.resend_count': sentCount - 1 })
      const admission = await this.#admit(run)
      const outcome = await this.#send(run, admission)
      if (outcome.kind === 'ok') return outcome.answer
      const isLast = sentCount > this.#options.retriesMax || !isRepeatable(run.method, outcome)
      if (isLast || !(await this.#pause(run, outcome, sentCount))) {
        throw asCallError(run.method, run.token, outcome)
      }
    }
  }

  /** Waits for the method's turn and for the breaker's leave, in this order: an admission may be the one probe, so it must be used at once. */
  async #admit(run: Run): Promise<Admission> {
    const { limits, breaker, clock } = this.#options
    do {
      if (run.signal.aborted) throw cancelled(run.method, 'no')
      if (breaker.retryAfterMs() > 0) throw this.#circuitOpen(run)
      const place = limits.reserve(run.method, run.dueAtMs - clock.monotonic())
      if (!place.ok) throw rateLimited(run.method, place.retryAfterMs)
      if (place.waitMs > 0) {
        run.onLimited?.(place.waitMs)
        await sleep(clock, place.waitMs, run.signal)
      }
    } while (run.signal.aborted || limits.isBlocked(run.method))
    const admission = breaker.admit()
    if (admission === undefined) throw this.#circuitOpen(run)
    return admission
  }

  #circuitOpen({ method }: Run): AppError {
    const retryAfterMs = this.#options.breaker.retryAfterMs()
    return new AppError('SLACK_CIRCUIT_OPEN', { details: { method, retry_after_s: asSeconds(retryAfterMs) } })
  }

  async #send(run: Run, admission: Admission): Promise<Outcome> {
    const { clock, metrics, onOutcome, send, limits } = this.#options
    const startedAtMs = clock.monotonic()
    try {
      const outcome = await send(run)
      const labels = { method: run.method, outcome: metricOutcome(outcome) }
      metrics.observe(
        'slackmcp_slack_api_request_duration_seconds',
        labels,
        (clock.monotonic() - startedAtMs) / 1000,
      )
      if (outcome.kind === 'rate_limited') limits.block(run.method, outcome.retryAfterMs)
      tellBreaker(admission, outcome)
      onOutcome(run.token, outcome)
      this.#report(run, outcome)
      return outcome
    } finally {
      // A defect in `send` must not keep the place of the probe for ever.
      admission.abandoned()
    }
  }

  #report({ method, log, token }: Run, outcome: Outcome): void {
    const { metrics } = this.#options
    switch (outcome.kind) {
      case 'rate_limited':
        metrics.increment('slackmcp_slack_rate_limited_total', { method })
        log.warn('slack_method_limited', { method, retry_after_s: asSeconds(outcome.retryAfterMs) })
        break
      case 'refused':
        metrics.increment('slackmcp_slack_api_errors_total', { method, error: outcome.slackError })
        log.debug('slack_call_refused', { method, slack_error: outcome.slackError })
        break
      case 'auth_failed':
        metrics.increment('slackmcp_slack_api_errors_total', { method, error: outcome.slackError })
        log.error('slack_token_refused', { method, slack_error: outcome.slackError, token_kind: token })
        break
      case 'failed': {
        const { reason, status, cause } = outcome
        log.warn('slack_request_failed', { method, reason, status, problem: cause?.message })
        // The stack is the same for every request and only of use to whoever doubts this code.
        log.debug('slack_request_traced', () => ({ method, error: cause }))
        break
      }
      case 'ok':
      case 'cancelled':
        break
    }
  }

  /** Waits before the next try; false where its time would come after the deadline. */
  async #pause(run: Run, outcome: Outcome, failureCount: number): Promise<boolean> {
    const { clock, ids } = this.#options
    // After a 429 the limits know when the next may go.
    if (outcome.kind === 'rate_limited') return true
    const delayMs = backoffMs(retryBackoff, failureCount, ids)
    if (clock.monotonic() + delayMs > run.dueAtMs) return false
    await sleep(clock, delayMs, run.signal)
    return true
  }
}

function tellBreaker(admission: Admission, outcome: Outcome): void {
  if (outcome.kind === 'failed' && outcome.isCounted) admission.failed()
  // Whatever Slack's application answers, it answers. A 429 comes from in front of it, and says neither.
  else if (outcome.kind === 'ok' || outcome.kind === 'refused' || outcome.kind === 'auth_failed') {
    admission.succeeded()
  } else admission.abandoned()
}

type RequestOutcome = MetricLabels<'slackmcp_slack_api_request_duration_seconds'>['outcome']

function metricOutcome(outcome: Outcome): RequestOutcome {
  switch (outcome.kind) {
    case 'ok':
    case 'rate_limited':
    case 'cancelled':
      return outcome.kind
    case 'failed':
      return outcome.reason === 'timeout' || outcome.reason === 'network' ? outcome.reason : 'error'
    case 'refused':
    case 'auth_failed':
      return 'error'
  }
}
