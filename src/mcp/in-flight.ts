import { type Clock, sleep } from '../base/clock.ts'

/** Knows what is being done, lets a stopping server wait for it, and ends what it will not wait for. */
export class InFlight {
  readonly #running = new Set<AbortController>()
  readonly #onIdle: (() => void)[] = []
  #abandoned: { readonly reason: unknown } | undefined

  get count(): number {
    return this.#running.size
  }

  /**
   * `work` gets a signal that aborts with `outer` while it runs, or when all is abandoned. By a listener and not by `AbortSignal.any`, which takes twice
   * as long.
   */
  async run<Result>(outer: AbortSignal, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const controller = new AbortController()
    const passOn = () => controller.abort(outer.reason)
    if (this.#abandoned !== undefined) controller.abort(this.#abandoned.reason)
    else if (outer.aborted) passOn()
    else outer.addEventListener('abort', passOn, { once: true })
    this.#running.add(controller)
    try {
      return await work(controller.signal)
    } finally {
      outer.removeEventListener('abort', passOn)
      this.#running.delete(controller)
      if (this.count === 0) for (const notify of this.#onIdle.splice(0)) notify()
    }
  }

  /** Resolves when nothing is in flight, after `deadlineMs`, or when `hurried` aborts: the caller looks at `count`. */
  async idle(clock: Clock, deadlineMs: number, hurried?: AbortSignal): Promise<void> {
    if (this.count === 0) return
    const isIdle = new AbortController()
    this.#onIdle.push(() => isIdle.abort())
    const { signal } = isIdle
    await sleep(clock, deadlineMs, hurried === undefined ? signal : AbortSignal.any([signal, hurried]))
  }

  /** Aborts, with `reason`, what is in flight and whatever still begins. */
  abandon(reason: unknown): void {
    this.#abandoned = { reason }
    for (const controller of this.#running) controller.abort(reason)
  }
}
