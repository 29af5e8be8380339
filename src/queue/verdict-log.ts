import { type Clock, sleep } from '../base/clock.ts'
import { Waiters } from '../base/waiters.ts'
import type { Logger } from '../observe/logger.ts'
import type { GroupSource, HeldEvent, Verdict } from './group-source.ts'

/** A store that failed to record verdicts is asked again after this time. */
const settleRetryMs = 1_000

export interface VerdictLogOptions<Held extends HeldEvent> {
  readonly source: Pick<GroupSource<Held>, 'settle'>
  readonly clock: Clock
  readonly log: Logger
  /** Called with the number of events that the store has taken off our hands. */
  readonly onSettled: (count: number) => void
}

/** Hands verdicts to the store, one batch at a time and what came meanwhile as the next; a store that is away is asked until it is back. */
export class VerdictLog<Held extends HeldEvent> {
  readonly #options: VerdictLogOptions<Held>
  readonly #closing = new AbortController()
  #verdicts: Verdict<Held>[] = []
  #isSaving = false
  /** The store has refused and is left alone for a while. */
  #isRefused = false
  readonly #flushes = new Waiters()

  constructor(options: VerdictLogOptions<Held>) {
    this.#options = options
  }

  add(verdict: Verdict<Held>): void {
    this.#verdicts.push(verdict)
    if (!this.#isSaving) void this.#save()
  }

  /** Resolves once everything is kept or the store has refused it: what is not kept is delivered again some day. */
  flushed(): Promise<void> {
    if (!this.#isSaving || this.#isRefused) return Promise.resolve()
    return this.#flushes.next()
  }

  /** One more try for what is not kept yet, then it is let go. */
  close(): void {
    this.#closing.abort()
  }

  async #save(): Promise<void> {
    this.#isSaving = true
    while (this.#verdicts.length > 0) {
      const batch = this.#verdicts
      this.#verdicts = []
      try {
        await this.#options.source.settle(batch)
        this.#options.onSettled(batch.filter(({ kind }) => kind !== 'failed').length)
      } catch (error) {
        await this.#waitAfter(error, batch)
      }
    }
    this.#isSaving = false
    this.#flushes.release()
  }

  async #waitAfter(error: unknown, batch: readonly Verdict<Held>[]): Promise<void> {
    const { clock, log } = this.#options
    log.warn('queue_settle_failed', { error, verdicts: batch.length })
    if (this.#closing.signal.aborted) return
    this.#verdicts = [...batch, ...this.#verdicts]
    this.#isRefused = true
    this.#flushes.release()
    await sleep(clock, settleRetryMs, this.#closing.signal)
    this.#isRefused = false
  }
}
