import type { Clock, Timer } from '../base/clock.ts'
import type { Delivery, EventHandler, Subscription } from './driver.ts'
import { failureReason, NotTried } from './failure-reason.ts'

/** Longer than any handler should take, short enough that one that hangs does not hold its event for a day. */
const leaseDefaultMs = 300_000

/** What became of one call of a handler. */
export type Outcome =
  | { readonly kind: 'handled' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'untried' }

/** One call of the handler that has not settled. */
interface Call {
  readonly controller: AbortController
  /** Monotonic, milliseconds. */
  readonly leaseEndsAtMs: number
  readonly conclude: (outcome: Outcome) => void
}

/** One subscription at work: counts what runs, ends what takes too long, tells its handlers when it ends. */
export class GroupMember {
  readonly concurrencyMax: number
  readonly isOrdered: boolean
  readonly #clock: Clock
  readonly #handler: EventHandler
  readonly #signal: AbortSignal
  readonly #leaseMs: number
  /** In the order of their beginning. */
  readonly #running = new Set<Call>()
  #isEnded = false
  #leaseTimer: Timer | undefined
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
  run(delivery: Delivery, conclude: (outcome: Outcome) => void): void {
    const controller = new AbortController()
    const call = { controller, leaseEndsAtMs: this.#clock.monotonic() + this.#leaseMs, conclude }
    this.#running.add(call)
    if (this.#leaseTimer === undefined) this.#watchLeases(this.#leaseMs)
    invoke(this.#handler, delivery, controller.signal).then(
      () => this.#settle(call, handled),
      (thrown) => this.#settle(call, outcomeOf(thrown)),
    )
  }

  /** No more calls; resolves once those that run have settled or outlived their lease. */
  async end(): Promise<void> {
    this.#isEnded = true
    for (const { controller } of this.#running) controller.abort()
    if (this.#running.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
    }
    this.#leaseTimer?.cancel()
  }

  #settle(call: Call, outcome: Outcome): void {
    if (!this.#running.delete(call)) return
    call.conclude(outcome)
    if (this.#running.size === 0) this.#onIdle?.()
  }

  /** One timer for all calls: their leases are equally long, so that they end in the order in which the calls began. */
  #watchLeases(delayMs: number): void {
    this.#leaseTimer = this.#clock.schedule(delayMs, () => {
      this.#leaseTimer = undefined
      const nowMs = this.#clock.monotonic()
      for (const call of this.#running) {
        if (call.leaseEndsAtMs > nowMs) return this.#watchLeases(call.leaseEndsAtMs - nowMs)
        this.#settle(call, { kind: 'failed', reason: 'LEASE_EXPIRED' })
        call.controller.abort()
      }
    })
  }
}

const handled: Outcome = { kind: 'handled' }

function outcomeOf(thrown: unknown): Outcome {
  return thrown instanceof NotTried ? { kind: 'untried' } : { kind: 'failed', reason: failureReason(thrown) }
}

/** A handler that throws before its first await fails like any other. */
async function invoke(handler: EventHandler, delivery: Delivery, signal: AbortSignal): Promise<void> {
  await handler(delivery, signal)
}
