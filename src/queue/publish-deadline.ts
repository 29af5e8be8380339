import type { Clock, Timer } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import { DeadlineExceeded } from '../resilience/deadline.ts'
import type { QueueDriver } from './driver.ts'

export type Publish = QueueDriver['publish']

/** Slack waits 3 s and then counts a failure without reading the answer: half a second is left for everything else. */
export const publishDeadlineMs = 2_500

export interface PublishDeadlineOptions {
  readonly clock: Clock
  readonly publish: Publish
  readonly afterMs?: number
}

interface Pending {
  readonly dueAtMs: number
  readonly controller: AbortController
  readonly reject: (error: AppError) => void
}

/**
 * Ends a publish in time, whatever the store does: rejects with QUEUE_UNAVAILABLE and aborts the signal that the driver got. What the driver
 * stores afterwards all the same is a duplicate when Slack sends it again.
 */
export class PublishDeadline {
  readonly #clock: Clock
  readonly #publish: Publish
  readonly #afterMs: number
  /** In the order in which they fall due, so that one timer is enough for all. */
  readonly #pending = new Set<Pending>()
  #timer: Timer | undefined

  constructor({ clock, publish, afterMs = publishDeadlineMs }: PublishDeadlineOptions) {
    this.#clock = clock
    this.#publish = publish
    this.#afterMs = afterMs
  }

  readonly publish: Publish = (event, signal) => {
    const controller = new AbortController()
    if (signal?.aborted === true) controller.abort()
    else signal?.addEventListener('abort', () => controller.abort(), { once: true })
    return new Promise((resolve, reject) => {
      const pending = { dueAtMs: this.#clock.monotonic() + this.#afterMs, controller, reject }
      this.#pending.add(pending)
      this.#timer ??= this.#clock.schedule(this.#afterMs, () => this.#endDue())
      this.#publish(event, controller.signal).then(
        (outcome) => {
          this.#pending.delete(pending)
          resolve(outcome)
        },
        (error) => {
          this.#pending.delete(pending)
          reject(error)
        },
      )
    })
  }

  /** Leaves no timer; what is pending is then the driver's to end. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #endDue(): void {
    this.#timer = undefined
    const nowMs = this.#clock.monotonic()
    for (const pending of this.#pending) {
      if (pending.dueAtMs > nowMs) {
        this.#timer = this.#clock.schedule(pending.dueAtMs - nowMs, () => this.#endDue())
        return
      }
      this.#pending.delete(pending)
      pending.reject(new AppError('QUEUE_UNAVAILABLE', { cause: new DeadlineExceeded(this.#afterMs) }))
      pending.controller.abort()
    }
  }
}
