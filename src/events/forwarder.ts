import { type Clock, sleep } from '../base/clock.ts'
import type { ComponentState } from '../base/component.ts'
import type { Secret } from '../base/secret.ts'
import type { Logger } from '../observe/logger.ts'
import type { Metrics } from '../observe/metrics.ts'
import { renderTraceContext } from '../observe/trace-context.ts'
import { type Span, silentSpan, type Tracer } from '../observe/tracer.ts'
import type { Delivery, QueuedEvent, QueueSubscriber, RetryPolicy } from '../queue/driver.ts'
import { failureReason, NotTried } from '../queue/failure-reason.ts'
import { reportBreaker } from '../resilience/breaker-report.ts'
import { type Admission, type BreakerState, CircuitBreaker } from '../resilience/circuit-breaker.ts'
import { createDeadline } from '../resilience/deadline.ts'
import { readLimited } from '../slack/limited-body.ts'
import { isMatch, namesOf, parsePattern } from './event-patterns.ts'
import {
  ForwardFailure,
  type ForwardOutcome,
  isOutage,
  outcomeOfError,
  outcomeOfStatus,
} from './forward-outcome.ts'
import { forwardHeaders } from './forward-request.ts'
import { parseKeptEvent } from './slack-event.ts'

export interface ForwarderOptions {
  /** Already judged: see isOrdinaryTarget. Nothing is ever sent to another place. */
  readonly url: string
  /** What deliveries are signed with; asked at every one, so that a reload takes effect. */
  readonly secret: () => Secret
  /** Which events to deliver, as `events.on` takes them. Others are acknowledged and not sent. */
  readonly patterns: readonly string[]
  /** For one delivery, its answer included, milliseconds. */
  readonly timeoutMs: number
  readonly concurrencyMax: number
  readonly isOrdered: boolean
  readonly userAgent: string
}

export interface ForwarderDeps {
  readonly queue: QueueSubscriber
  readonly topic: string
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly tracer?: Tracer | undefined
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
}

/** How forwarding stands, for operators. */
export interface ForwardStatus {
  /** Without path and query, which may hold what is nobody's business. */
  readonly host: string
  readonly state: 'running' | 'paused' | 'stopped'
  readonly breaker: BreakerState
  /** Why the last delivery that failed did; undefined while none has. */
  readonly lastFailure: string | undefined
}

/** The group of the queue that the endpoint is. */
export const forwardGroup = 'forward'

/** 25 tries over 8 to 15 hours: over a night, an outage or a bad release. Then the event is a dead letter, and can be replayed. */
export const forwardRetry: RetryPolicy = { attemptsMax: 25, firstMs: 5_000, longestMs: 3_600_000 }

/** A delivery waits for the breaker inside its handler, so that waiting costs no try; only a day of it does. */
const leaseMs = 86_400_000
/** Nobody reads the answer; a short one is read so that its connection can be used again. */
const answerBytesMax = 64 * 1024

/**
 * Delivers events to one HTTP endpoint, as a group of the queue: the exact bytes, signed in Slack's form. 2xx acknowledges; 410 pauses until
 * `resume` or the next start, leaving what is undelivered in the queue; everything else is tried again over hours, and while the endpoint is down one
 * probe at a time asks whether it is back.
 */
export class Forwarder {
  readonly #options: ForwarderOptions
  readonly #deps: ForwarderDeps
  readonly #breaker: CircuitBreaker
  /** Of the subscription; a new one after each pause. */
  #ended = new AbortController()
  /** Cuts what is under way when a stop takes too long. */
  readonly #cut = new AbortController()
  #breakerChanged = new AbortController()
  #isStarted = false
  #isPaused = false
  #lastFailure: string | undefined
  #subscription: Promise<unknown> = Promise.resolve()

  /** Throws TypeError for a pattern that is none. */
  constructor(options: ForwarderOptions, deps: ForwarderDeps) {
    this.#options = { ...options, patterns: options.patterns.map(parsePattern) }
    this.#deps = deps
    const report = reportBreaker({ ...deps, name: 'forward' })
    this.#breaker = new CircuitBreaker({
      clock: deps.clock,
      onChange: (state) => {
        report(state)
        this.#wakeWaiting()
      },
    })
    deps.metrics.set('slackmcp_forward_paused', {}, 0)
  }

  start(): void {
    this.#isStarted = true
    this.#subscription = this.#subscribe()
  }

  /** Goes on after 410 paused it; false where it was not paused. */
  resume(): boolean {
    if (!this.#isPaused || !this.#isStarted) return false
    this.#setPaused(false)
    this.#deps.log.info('forward_resumed', { host: new URL(this.#options.url).host })
    this.#ended = new AbortController()
    // A delivery of before may still be under way: a stop waits for it too.
    this.#subscription = Promise.all([this.#subscription, this.#subscribe()])
    return true
  }

  /** Resolves once deliveries under way have ended; `signal` cuts them short. */
  async stop(signal: AbortSignal): Promise<void> {
    const cut = () => this.#cut.abort(new ForwardFailure('STOPPED'))
    signal.addEventListener('abort', cut, { once: true })
    if (signal.aborted) cut()
    this.#isStarted = false
    this.#ended.abort()
    await this.#subscription
    signal.removeEventListener('abort', cut)
  }

  /** `degraded` while the endpoint does not take events: they wait in the queue, and nothing else is wrong. */
  check(): ComponentState {
    return this.#isPaused || this.#breaker.state !== 'closed' ? 'degraded' : 'up'
  }

  status(): ForwardStatus {
    const running = this.#isStarted ? 'running' : 'stopped'
    return {
      host: new URL(this.#options.url).host,
      state: this.#isPaused ? 'paused' : running,
      breaker: this.#breaker.state,
      lastFailure: this.#lastFailure,
    }
  }

  #subscribe(): Promise<void> {
    const { queue, topic } = this.#deps
    const { concurrencyMax, isOrdered } = this.#options
    return queue.subscribe({
      topic,
      group: forwardGroup,
      concurrencyMax,
      ordered: isOrdered,
      leaseMs,
      retry: forwardRetry,
      signal: this.#ended.signal,
      handler: (delivery, signal) => this.#forward(delivery, signal),
    })
  }

  async #forward(delivery: Delivery, signal: AbortSignal): Promise<void> {
    if (!this.#isWanted(delivery.event)) return
    const admission = await this.#admitted(signal)
    const startedAtMs = this.#deps.clock.monotonic()
    const { outcome, code, cause } = await this.#tracedPost(delivery)
    this.#settle(admission, outcome, code)
    const seconds = (this.#deps.clock.monotonic() - startedAtMs) / 1_000
    this.#deps.metrics.observe('slackmcp_forward_duration_seconds', { outcome }, seconds)
    if (outcome === 'delivered') return
    this.#lastFailure = code
    const { eventId, type, correlationId } = delivery.event.meta
    this.#deps.log.warn('forward_delivery_failed', {
      event_id: eventId,
      event_type: type,
      correlation_id: correlationId,
      attempt: delivery.attempt,
      reason: code,
    })
    if (outcome === 'gone') this.#pause()
    throw code === 'STOPPED' ? new NotTried(cause) : new ForwardFailure(code, cause)
  }

  #isWanted({ bytes, meta }: QueuedEvent): boolean {
    const { patterns } = this.#options
    if (patterns.includes('*')) return true
    const event = parseKeptEvent(bytes, meta.type)?.event ?? {}
    const names = namesOf(meta.type, event)
    return patterns.some((pattern) => isMatch(pattern, names))
  }

  /** Leave of the breaker, when there is one. Rejects with NotTried when `signal` aborts. */
  async #admitted(signal: AbortSignal): Promise<Admission> {
    for (;;) {
      if (signal.aborted) throw new NotTried(signal.reason)
      const admission = this.#breaker.admit()
      if (admission !== undefined) return admission
      const changed = AbortSignal.any([signal, this.#breakerChanged.signal])
      await sleep(this.#deps.clock, this.#breaker.retryAfterMs(), changed)
    }
  }

  /** The endpoint hears of which request it is a part; the URL itself may hold what is nobody's business. */
  async #tracedPost(delivery: Delivery): Promise<Posted> {
    const { tracer } = this.#deps
    if (tracer === undefined) return await this.#post(delivery)
    const { hostname, port } = new URL(this.#options.url)
    const span = tracer.startSpan('POST', {
      kind: 'client',
      attributes: {
        'http.request.method': 'POST',
        'server.address': hostname,
        'server.port': port === '' ? undefined : Number(port),
        'http.request.resend_count': delivery.attempt > 1 ? delivery.attempt - 1 : undefined,
      },
    })
    const posted = await this.#post(delivery, span)
    span.set({ 'http.response.status_code': posted.status })
    if (posted.outcome !== 'delivered')
      span.fail(posted.status === undefined ? posted.code : String(posted.status))
    span.end()
    return posted
  }

  async #post(delivery: Delivery, { context }: Span = silentSpan): Promise<Posted> {
    const { clock, fetch } = this.#deps
    const { url, secret, userAgent, timeoutMs } = this.#options
    const deadline = createDeadline({ clock, afterMs: timeoutMs, signal: this.#cut.signal })
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          ...forwardHeaders(delivery, { secret: secret(), nowMs: clock.now(), userAgent }),
          ...(context === undefined ? {} : renderTraceContext(context)),
        },
        body: new Uint8Array(delivery.event.bytes),
        redirect: 'manual',
        signal: deadline.signal,
      })
      // The status has said it all: an answer that breaks off or never ends changes nothing.
      await readLimited(response.body, answerBytesMax).catch(() => undefined)
      const { status } = response
      return { outcome: outcomeOfStatus(status), code: `HTTP_${status}`, status }
    } catch (thrown) {
      // Bun rejects with the reason of the signal, other runtimes with an AbortError of their own.
      const cause = deadline.signal.aborted ? deadline.signal.reason : thrown
      const outcome = outcomeOfError(cause)
      return { outcome, cause, code: outcome === 'timeout' ? 'TIMEOUT' : failureReason(cause) }
    } finally {
      deadline.dispose()
    }
  }

  #settle(admission: Admission, outcome: ForwardOutcome, code: string): void {
    if (code === 'STOPPED') admission.abandoned()
    else if (isOutage(outcome)) admission.failed()
    else admission.succeeded()
  }

  #pause(): void {
    if (this.#isPaused) return
    this.#setPaused(true)
    this.#deps.log.error('forward_paused', {
      host: new URL(this.#options.url).host,
      reason: 'the endpoint answered 410 Gone; events wait in the queue',
      fix: 'events forward resume',
    })
    this.#ended.abort()
  }

  #setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused
    this.#deps.metrics.set('slackmcp_forward_paused', {}, isPaused ? 1 : 0)
  }

  #wakeWaiting(): void {
    const waiting = this.#breakerChanged
    this.#breakerChanged = new AbortController()
    waiting.abort()
  }
}

interface Posted {
  readonly outcome: ForwardOutcome
  /** For the log and the dead letter. */
  readonly code: string
  /** Where there was an answer. */
  readonly status?: number
  readonly cause?: unknown
}
