import type { QueueDepth } from './driver.ts'
import type { QueueLimits } from './limits.ts'

/**
 * How many events may still be accepted before the bound has to be looked at again. The bound holds for Redis and the spool together, and
 * looking costs a question to Redis: so it is counted down, and asked for at the end.
 */
export class SpoolRoom {
  readonly #limits: QueueLimits
  #events = Number.POSITIVE_INFINITY
  #bytes = Number.POSITIVE_INFINITY

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  isThereFor(byteCount: number): boolean {
    return this.#events >= 1 && this.#bytes >= byteCount
  }

  use(byteCount: number): void {
    this.#events--
    this.#bytes -= byteCount
  }

  /** `unsentCount` events are in the spool and not in `depth`. */
  measure({ fill }: QueueDepth, unsentCount: number): void {
    if (this.#limits.whenFull === 'drop-oldest') return
    this.#events = Math.round((1 - fill) * this.#limits.eventsMax) - unsentCount
    this.#bytes = Math.round((1 - fill) * this.#limits.bytesMax)
  }

  /** Redis cannot be asked: the spool alone has a say. */
  lift(): void {
    this.#events = Number.POSITIVE_INFINITY
    this.#bytes = Number.POSITIVE_INFINITY
  }
}
