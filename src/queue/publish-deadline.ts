import type { Clock, Timer } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import { DeadlineExceeded } from '../resilience/deadline.ts'
import type { QueueDriver } from './driver.ts'

export type Publish = QueueDriver['publish']

/** Slack waits 3 s and then counts a failure without reading the answer: half a second is left for everything else. */
export const publishDeadlineMs = 2_500
/** Publishes that begin within this time share a signal and a timer, and end together: one of each per event costs as much as storing it. */
const sliceMs = 100

export interface PublishDeadlineOptions {
  readonly clock: Clock
  readonly publish: Publish
  /** At most; up to `sliceMs` less. */
  readonly afterMs?: number
}

/** Publishes that began at about the same time and are not settled. */
interface Slice {
  readonly beganAtMs: number
  readonly controller: AbortController
  readonly rejects: Set<(error: AppError) => void>
  readonly timer: Timer
}

/**
 * Ends a publish in time, whatever the store does: rejects with QUEUE_UNAVAILABLE and aborts the signal that the driver got. What the driver
 * stores afterwards all the same is a duplicate when Slack sends it again.
 */
export class PublishDeadline {
  readonly #clock: Clock
  readonly #publish: Publish
  readonly #afterMs: number
  readonly #slices = new Set<Slice>()
  #current: Slice | undefined

  constructor({ clock, publish, afterMs = publishDeadlineMs }: PublishDeadlineOptions) {
    this.#clock = clock
    this.#publish = publish
    this.#afterMs = afterMs
  }

  readonly publish: Publish = (event, signal) => {
    const { rejects, controller } = this.#slice()
    const either = signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal])
    return new Promise((resolve, reject) => {
      rejects.add(reject)
      this.#publish(event, either).then(
        (outcome) => {
          rejects.delete(reject)
          resolve(outcome)
        },
        (error) => {
          rejects.delete(reject)
          reject(error)
        },
      )
    })
  }

  /** Leaves no timer; what is pending is then the driver's to end. */
  stop(): void {
    for (const { timer } of this.#slices) timer.cancel()
    this.#slices.clear()
    this.#current = undefined
  }

  #slice(): Slice {
    const nowMs = this.#clock.monotonic()
    if (this.#current !== undefined && nowMs - this.#current.beganAtMs < sliceMs) return this.#current
    const slice: Slice = {
      beganAtMs: nowMs,
      controller: new AbortController(),
      rejects: new Set(),
      timer: this.#clock.schedule(this.#afterMs, () => this.#end(slice)),
    }
    this.#slices.add(slice)
    this.#current = slice
    return slice
  }

  #end(slice: Slice): void {
    this.#slices.delete(slice)
    if (this.#current === slice) this.#current = undefined
    const error = new AppError('QUEUE_UNAVAILABLE', { cause: new DeadlineExceeded(this.#afterMs) })
    for (const reject of slice.rejects) reject(error)
    slice.controller.abort()
  }
}
