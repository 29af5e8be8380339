import type { QueueDepth } from './driver.ts'
import type { QueueLimits } from './limits.ts'

/** Events and bytes admitted, ever. */
export interface RoomMark {
  readonly events: number
  readonly bytes: number
}

/**
 * How many events may still be accepted before the bound has to be looked at again. The bound holds for Redis and the spool together, and
 * looking costs a question to Redis: so it is counted down, and asked for at the end.
 */
export class SpoolRoom {
  readonly #limits: QueueLimits
  #events = Number.POSITIVE_INFINITY
  #bytes = Number.POSITIVE_INFINITY
  #usedEvents = 0
  #usedBytes = 0

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  isThereFor(byteCount: number): boolean {
    return this.#events >= 1 && this.#bytes >= byteCount
  }

  use(byteCount: number): void {
    this.#events--
    this.#bytes -= byteCount
    this.#usedEvents++
    this.#usedBytes += byteCount
  }

  /** What was admitted so far: to be taken before Redis is asked, since more is admitted while it answers. */
  mark(): RoomMark {
    return { events: this.#usedEvents, bytes: this.#usedBytes }
  }

  /** `depth` was asked for after `mark` was taken, when `underWayCount` events were accepted and not in Redis. */
  measure({ fill }: QueueDepth, underWayCount: number, mark: RoomMark): void {
    if (this.#limits.whenFull === 'drop-oldest') return
    const { eventsMax, bytesMax } = this.#limits
    const sinceMark = { events: this.#usedEvents - mark.events, bytes: this.#usedBytes - mark.bytes }
    this.#events = Math.round((1 - fill) * eventsMax) - underWayCount - sinceMark.events
    this.#bytes = Math.round((1 - fill) * bytesMax) - sinceMark.bytes
  }

  /** Redis cannot be asked: the spool alone has a say. */
  lift(): void {
    this.#events = Number.POSITIVE_INFINITY
    this.#bytes = Number.POSITIVE_INFINITY
  }
}
