import type { Clock, Timer } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import type { BreakerState } from '../resilience/circuit-breaker.ts'
import { withDeadline } from '../resilience/deadline.ts'
import type { QueueDriver } from './driver.ts'

const failuresMax = 5
/** Slack comes back after seconds, not minutes: an outage that is over must not refuse events for half a minute more (D18). */
const openForMs = 1_000
/** A store that takes longer than this to answer a ping would not meet the publish deadline either. */
const pingDeadlineMs = 2_000

export interface PublishBreakerOptions {
  readonly clock: Clock
  readonly ping: QueueDriver['ping']
  readonly onChange: (state: BreakerState) => void
}

/**
 * Says when publishing is pointless: five failures in a row open it. It asks the store itself every second and closes when that answers, so no
 * event has to be the probe; which is why it is not the CircuitBreaker of Slack's side, and costs a publish nothing but a comparison.
 */
export class PublishBreaker {
  readonly #options: PublishBreakerOptions
  #state: BreakerState = 'closed'
  #failureCount = 0
  #timer: Timer | undefined
  #isStopped = false

  constructor(options: PublishBreakerOptions) {
    this.#options = options
  }

  get state(): BreakerState {
    return this.#state
  }

  /** Why not to publish now; undefined where nothing speaks against it. */
  get refusal(): AppError | undefined {
    if (this.#state === 'closed') return undefined
    return new AppError('QUEUE_UNAVAILABLE', { details: { retry_after_s: openForMs / 1_000 } })
  }

  /** The store has answered: a full one does so too. */
  answered(): void {
    this.#failureCount = 0
  }

  /** The store has not. What was asked before it opened may still say so and changes nothing. */
  failed(): void {
    if (this.#state !== 'closed') return
    this.#failureCount++
    if (this.#failureCount === failuresMax) this.#open()
  }

  /** Leaves no timer and asks no more. */
  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  #open(): void {
    this.#become('open')
    if (this.#isStopped) return
    this.#timer = this.#options.clock.schedule(openForMs, () => void this.#probe())
  }

  async #probe(): Promise<void> {
    this.#become('half_open')
    const { clock, ping } = this.#options
    try {
      await withDeadline({ clock, afterMs: pingDeadlineMs }, ping)
    } catch {
      // Why it failed is what the publishes that opened the breaker have said.
      this.#open()
      return
    }
    this.#failureCount = 0
    this.#become('closed')
  }

  #become(state: BreakerState): void {
    this.#state = state
    this.#options.onChange(state)
  }
}
