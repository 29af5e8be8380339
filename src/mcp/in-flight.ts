import { type Clock, sleep } from '../base/clock.ts'

/** Counts what is being done, and lets a stopping server wait for it. */
export class InFlight {
  #count = 0
  readonly #onIdle: (() => void)[] = []

  get count(): number {
    return this.#count
  }

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#count++
    try {
      return await work()
    } finally {
      this.#count--
      if (this.#count === 0) for (const notify of this.#onIdle.splice(0)) notify()
    }
  }

  /** Resolves when nothing is in flight, after `deadlineMs`, or when `hurried` aborts: the caller looks at `count`. */
  async idle(clock: Clock, deadlineMs: number, hurried?: AbortSignal): Promise<void> {
    if (this.#count === 0) return
    const isIdle = new AbortController()
    this.#onIdle.push(() => isIdle.abort())
    const { signal } = isIdle
    await sleep(clock, deadlineMs, hurried === undefined ? signal : AbortSignal.any([signal, hurried]))
  }
}
