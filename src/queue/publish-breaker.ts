import type { Clock, Timer } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import { type BreakerState, CircuitBreaker } from '../resilience/circuit-breaker.ts'
import { withDeadline } from '../resilience/deadline.ts'
import type { QueueDriver } from './driver.ts'
import type { Publish } from './publish-deadline.ts'

/** Slack comes back after seconds, not minutes: an outage that is over must not refuse events for half a minute more (D18). */
const openForMs = 1_000
/** A store that takes longer than this to answer a ping would not meet the publish deadline either. */
const pingDeadlineMs = 2_000

export interface PublishBreakerOptions {
  readonly clock: Clock
  readonly publish: Publish
  readonly ping: QueueDriver['ping']
  readonly onChange: (state: BreakerState) => void
}

/**
 * Refuses at once while the store keeps failing: five failures in a row open it. It asks the store itself every second and closes when that
 * answers, so no event has to be the probe.
 */
export class PublishBreaker {
  readonly #options: PublishBreakerOptions
  readonly #breaker: CircuitBreaker
  #timer: Timer | undefined
  #isStopped = false

  constructor(options: PublishBreakerOptions) {
    this.#options = options
    this.#breaker = new CircuitBreaker({
      clock: options.clock,
      openForMs,
      onChange: (state) => {
        if (state === 'open') this.#probeLater()
        options.onChange(state)
      },
    })
  }

  get state(): BreakerState {
    return this.#breaker.state
  }

  readonly publish: Publish = async (event, signal) => {
    const admission = this.#breaker.state === 'closed' ? this.#breaker.admit() : undefined
    if (admission === undefined) {
      throw new AppError('QUEUE_UNAVAILABLE', { details: { retry_after_s: openForMs / 1_000 } })
    }
    try {
      const outcome = await this.#options.publish(event, signal)
      admission.succeeded()
      return outcome
    } catch (error) {
      // A full store answers, and a caller that gave up says nothing about it.
      if (error instanceof AppError && error.code === 'QUEUE_FULL') admission.succeeded()
      else if (signal?.aborted === true) admission.abandoned()
      else admission.failed()
      throw error
    }
  }

  /** Leaves no timer and asks no more. */
  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  #probeLater(): void {
    if (this.#isStopped) return
    this.#timer = this.#options.clock.schedule(openForMs, () => void this.#probe())
  }

  async #probe(): Promise<void> {
    const admission = this.#breaker.admit()
    const { clock, ping } = this.#options
    try {
      await withDeadline({ clock, afterMs: pingDeadlineMs }, ping)
      admission?.succeeded()
    } catch {
      // Why it failed is what the publishes that opened the breaker have said.
      admission?.failed()
    }
  }
}
