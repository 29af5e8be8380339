import type { Clock, Timer } from '../base/clock.ts'

/** How far a counter may lag behind, milliseconds; well below any scrape interval. */
const lagMaxMs = 1_000

/** Counts in a number and reports in one call per second: what it counts can happen at every event while a queue is at its bound. */
export class Tally {
  readonly #clock: Clock
  readonly #report: (count: number) => void
  #count = 0
  #timer: Timer | undefined

  constructor(clock: Clock, report: (count: number) => void) {
    this.#clock = clock
    this.#report = report
  }

  add(count: number): void {
    this.#count += count
    this.#timer ??= this.#clock.schedule(lagMaxMs, () => this.flush())
  }

  /** Reports what is counted and leaves no timer. */
  flush(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#count === 0) return
    const count = this.#count
    this.#count = 0
    this.#report(count)
  }
}
