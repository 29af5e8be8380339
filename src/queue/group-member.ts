import type { Clock } from '../base/clock.ts'
import type { Delivery, EventHandler, Subscription } from './driver.ts'
import { failureReason, NotTried } from './failure-reason.ts'

/** Longer than any handler should take, short enough that one that hangs does not hold its event for a day. */
const leaseDefaultMs = 300_000

/** What became of one call of a handler. */
export type Outcome =
  | { readonly kind: 'handled' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'untried' }

/** One subscription at work: counts what runs, ends what takes too long, tells its handlers when it ends. */
export class GroupMember {
  readonly concurrencyMax: number
  readonly isOrdered: boolean
  readonly #clock: Clock
  readonly #handler: EventHandler
  readonly #signal: AbortSignal
  readonly #leaseMs: number
  readonly #running = new Set<AbortController>()
  #isEnded = false
  #onIdle: (() => void) | undefined

  constructor(subscription: Subscription, clock: Clock) {
    this.concurrencyMax = subscription.concurrencyMax ?? 1
    this.isOrdered = subscription.ordered ?? false
    this.#clock = clock
    this.#handler = subscription.handler
    this.#signal = subscription.signal
    this.#leaseMs = subscription.leaseMs ?? leaseDefaultMs
  }

  get runningCount(): number {
    return this.#running.size
  }

  /** How many more handlers may start: none from the moment the signal aborts, whoever has heard of it yet. */
  get freeCount(): number {
    return this.#isEnded || this.#signal.aborted ? 0 : this.concurrencyMax - this.#running.size
  }

  /**
   * Calls the handler, and `conclude` with what came of it before the member may end. A call that outlives its lease counts as failed, whatever
   * comes of it later.
   */
  async run(delivery: Delivery, conclude: (outcome: Outcome) => void): Promise<void> {
    const call = new AbortController()
    this.#running.add(call)
    try {
      conclude(await this.#raceLease(delivery, call))
    } finally {
      this.#running.delete(call)
      if (this.#running.size === 0) this.#onIdle?.()
    }
  }

  /** No more calls; resolves once those that run have settled or outlived their lease. */
  end(): Promise<void> {
    this.#isEnded = true
    for (const call of this.#running) call.abort()
    if (this.#running.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onIdle = resolve
    })
  }

  #raceLease(delivery: Delivery, call: AbortController): Promise<Outcome> {
    return new Promise((resolve) => {
      const lease = this.#clock.schedule(this.#leaseMs, () => {
        resolve({ kind: 'failed', reason: 'LEASE_EXPIRED' })
        call.abort()
      })
      const settle = (outcome: Outcome) => {
        lease.cancel()
        resolve(outcome)
      }
      invoke(this.#handler, delivery, call.signal).then(
        () => settle({ kind: 'handled' }),
        (thrown) =>
          settle(
            thrown instanceof NotTried
              ? { kind: 'untried' }
              : { kind: 'failed', reason: failureReason(thrown) },
          ),
      )
    })
  }
}

/** A handler that throws before its first await fails like any other. */
async function invoke(handler: EventHandler, delivery: Delivery, signal: AbortSignal): Promise<void> {
  await handler(delivery, signal)
}
