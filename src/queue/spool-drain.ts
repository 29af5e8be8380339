import { type Clock, repeat, sleep, type Timer } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import { Waiters } from '../base/waiters.ts'
import type { Logger } from '../observe/logger.ts'
import type { QueuedEvent } from './driver.ts'
import type { GroupSource, HeldEvent } from './group-source.ts'

/** Redis, as far as the drain is concerned. */
export interface DrainTarget {
  /** Once per id, however often it is called. Rejects with QUEUE_UNAVAILABLE or QUEUE_FULL. */
  publish(event: QueuedEvent): Promise<unknown>
  /** Resolves when Redis answered. */
  ping(): Promise<void>
  /** Of the server at the other end; undefined while there is none. Another one may have forgotten what the last one took. */
  readonly runId: string | undefined
  /** Resolves when there is a connection, or when `signal` aborts. */
  connected(signal: AbortSignal): Promise<void>
}

/** The spool, as far as the drain is concerned. */
export interface DrainSource<Held extends HeldEvent> extends GroupSource<Held> {
  /** A take has found nothing and waits for what comes. False while it looks, which a busy disk or machine can make long. */
  readonly isExhausted: boolean
}

export interface SpoolDrainOptions<Held extends HeldEvent> {
  readonly topic: string
  readonly source: DrainSource<Held>
  readonly target: DrainTarget
  readonly clock: Clock
  readonly log: Logger
}

/** Sent together, to one run of Redis. */
interface Shipment<Held> {
  readonly held: readonly Held[]
  readonly byteCount: number
  readonly runId: string
  readonly sentAtMs: number
}

interface Parcel<Held> {
  readonly held: Held
  /** Not counted as sent yet. */
  readonly isNew: boolean
}

/** Redis writes its log to disk every second and its replicas are that far behind: after twice that, what it took is there (F8). */
const durableAfterMs = 2_000
const confirmEveryMs = 250
/** Events in one pipeline. */
const batchMax = 512
/** Sent and not yet durable; held in memory, so that they can be sent again. Bounds the drain at about 9,000 events a second. */
export const shippedMax = 20_000
export const shippedBytesMax = 32 * 1024 * 1024
/** How long to leave Redis alone after it refused, milliseconds. */
const retryMs = 200
const retryWhenFullMs = 1_000

/**
 * Carries the events of one topic from the spool to Redis, in order. An event leaves the spool only when Redis has had it for two seconds and
 * is still the same run: XADD answered is not XADD kept. After a restart or a failover what was not yet durable is sent again; Redis knows
 * what it has by the id.
 */
export class SpoolDrain<Held extends HeldEvent> {
  readonly #options: SpoolDrainOptions<Held>
  readonly #stopping = new AbortController()
  readonly #progress = new Waiters()
  #shipments: readonly Shipment<Held>[] = []
  #shippedCount = 0
  #shippedBytes = 0
  #expectedTotal = 0
  #sentTotal = 0
  /** As of the last `reconcile`. */
  #expectedBefore = 0
  #sentBefore = 0
  #running: Promise<void> | undefined
  #confirming: Timer | undefined
  #isConfirming = false
  #taking: AbortController | undefined
  #prefetched: Promise<readonly Held[]> | undefined
  /** The drain waits for the spool and for nothing else. */
  #isIdle = false
  #isHeldUp = false

  constructor(options: SpoolDrainOptions<Held>) {
    this.#options = options
  }

  /** Events in the spool that Redis has not got. */
  get unsentCount(): number {
    return Math.max(0, this.#expectedTotal - this.#sentTotal)
  }

  /** So many more are in the spool. */
  expect(count: number): void {
    this.#expectedTotal += count
  }

  start(): void {
    this.#running ??= this.#run()
    this.#confirming ??= repeat(this.#options.clock, confirmEveryMs, () => void this.#confirm())
  }

  /** Resolves when everything expected so far is in Redis, or after `waitMaxMs`, or at once while Redis takes nothing. Never rejects. */
  async caughtUp(waitMaxMs: number): Promise<void> {
    const total = this.#expectedTotal
    const { clock, target } = this.#options
    const untilMs = clock.monotonic() + waitMaxMs
    const timer = clock.schedule(waitMaxMs, () => this.#progress.release())
    const isWorthWaiting = () =>
      this.#sentTotal < total &&
      !this.#isHeldUp &&
      target.runId !== undefined &&
      clock.monotonic() < untilMs &&
      !this.#stopping.signal.aborted
    while (isWorthWaiting()) await this.#progress.next()
    timer.cancel()
  }

  /**
   * To be called now and then. Where the source has nothing more, and nothing was expected or sent since the last call, the two must be equal: what
   * was expected in vain is a damaged row, set aside; what was sent beyond it was stored after its publish had been given up.
   */
  reconcile(): void {
    const isStill = this.#expectedTotal === this.#expectedBefore && this.#sentTotal === this.#sentBefore
    if (isStill && this.#isIdle && this.#options.source.isExhausted) this.#sentTotal = this.#expectedTotal
    this.#expectedBefore = this.#expectedTotal
    this.#sentBefore = this.#sentTotal
  }

  /** Ends with the batch under way. What Redis may not have durably stays in the spool and is sent again after the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#confirming?.cancel()
    this.#taking?.abort()
    this.#progress.release()
    await Promise.allSettled([this.#running, this.#prefetched])
  }

  async #run(): Promise<void> {
    const { target, log, clock } = this.#options
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await target.connected(signal)
      if (signal.aborted) return
      try {
        const lost = this.#takeBackLost()
        if (lost.length > 0) await this.#ship(lost)
        else if (this.#isFullUp()) await this.#progress.next()
        else await this.#shipNext()
      } catch (error) {
        log.warn('spool_read_failed', { topic: this.#options.topic, error })
        await sleep(clock, retryWhenFullMs, signal)
      }
    }
  }

  async #shipNext(): Promise<void> {
    const taking = this.#prefetched ?? this.#take()
    this.#prefetched = undefined
    this.#isIdle = true
    const held = await taking.finally(() => {
      this.#isIdle = false
    })
    if (held.length === 0) return
    if (held.length === batchMax) this.#prefetch()
    await this.#ship(held.map((each) => ({ held: each, isNew: true })))
  }

  /** A full batch means that there is more: the spool reads it while Redis takes this one. */
  #prefetch(): void {
    const taking = this.#take()
    // Who awaits it sees the failure; until then, and where nobody does any more, it is no event of its own.
    taking.catch(() => undefined)
    this.#prefetched = taking
  }

  #take(): Promise<readonly Held[]> {
    const taking = new AbortController()
    this.#taking = taking
    return this.#options.source.take(batchMax, taking.signal)
  }

  /** Sends until Redis has all, each time beginning with what another run of it may have forgotten. */
  async #ship(parcels: readonly Parcel<Held>[]): Promise<void> {
    const { target, clock } = this.#options
    let rest = parcels
    while (rest.length > 0 && !this.#stopping.signal.aborted) {
      rest = [...this.#takeBackLost(), ...rest]
      const runId = target.runId ?? ''
      const results = await Promise.allSettled(rest.map(({ held }) => target.publish(held.event)))
      const isSent = (_: Parcel<Held>, index: number) => results[index]?.status === 'fulfilled'
      const sent = rest.filter(isSent)
      if (sent.length > 0) {
        const byteCount = sent.reduce((sum, { held }) => sum + held.event.bytes.byteLength, 0)
        const shipment = { held: sent.map(({ held }) => held), byteCount, runId, sentAtMs: clock.monotonic() }
        this.#setShipments([...this.#shipments, shipment])
        this.#sentTotal += sent.filter(({ isNew }) => isNew).length
      }
      rest = rest.filter((parcel, index) => !isSent(parcel, index))
      await this.#afterShipping(results, rest.length)
    }
  }

  async #afterShipping(results: readonly PromiseSettledResult<unknown>[], leftCount: number): Promise<void> {
    const { topic, log, clock, target } = this.#options
    const { signal } = this.#stopping
    const refusal = results.find((result) => result.status === 'rejected')?.reason
    const isFull = refusal instanceof AppError && refusal.code === 'QUEUE_FULL'
    if (isFull && !this.#isHeldUp)
      log.warn('spool_held_up', { topic, error: refusal, events: this.unsentCount })
    if (!isFull && this.#isHeldUp && leftCount === 0)
      log.info('spool_goes_on', { topic, events: this.unsentCount })
    this.#isHeldUp = isFull
    this.#progress.release()
    if (leftCount === 0) return
    await sleep(clock, isFull ? retryWhenFullMs : retryMs, signal)
    await target.connected(signal)
  }

  /** What went to a run of Redis that is no more, before it was durable there. */
  #takeBackLost(): readonly Parcel<Held>[] {
    const { target, topic, log } = this.#options
    const { runId } = target
    if (runId === undefined) return []
    const lost = this.#shipments.filter((shipment) => shipment.runId !== runId).flatMap(({ held }) => held)
    if (lost.length === 0) return []
    this.#setShipments(this.#shipments.filter((shipment) => shipment.runId === runId))
    log.info('spool_sends_again', { topic, events: lost.length })
    return lost.map((held) => ({ held, isNew: false }))
  }

  async #confirm(): Promise<void> {
    const { target } = this.#options
    const { runId } = target
    if (this.#isConfirming || runId === undefined || this.#shipments.length === 0) return
    // A drain that waits for news of the spool would not see that Redis is another one.
    if (this.#shipments.some((shipment) => shipment.runId !== runId)) this.#taking?.abort()
    this.#isConfirming = true
    try {
      await this.#confirmRun(runId)
    } catch {
      // Redis or the spool is away: later.
    }
    this.#isConfirming = false
  }

  async #confirmRun(runId: string): Promise<void> {
    const { source, target, clock } = this.#options
    const cutoffMs = clock.monotonic() - durableAfterMs
    const isDue = (shipment: Shipment<Held>) => shipment.runId === runId && shipment.sentAtMs <= cutoffMs
    if (!this.#shipments.some(isDue)) return
    // Only an answer shows that this run still lives; a connection to one that died looks the same for a while.
    await target.ping()
    if (target.runId !== runId) return
    const due = new Set(this.#shipments.filter(isDue))
    const held = [...due].flatMap((shipment) => shipment.held)
    await source.settle(held.map((each) => ({ kind: 'acknowledged', held: each })))
    this.#setShipments(this.#shipments.filter((shipment) => !due.has(shipment)))
    this.#progress.release()
  }

  #setShipments(shipments: readonly Shipment<Held>[]): void {
    this.#shipments = shipments
    this.#shippedCount = shipments.reduce((count, { held }) => count + held.length, 0)
    this.#shippedBytes = shipments.reduce((sum, { byteCount }) => sum + byteCount, 0)
  }

  #isFullUp(): boolean {
    return this.#shippedCount >= shippedMax || this.#shippedBytes >= shippedBytesMax
  }
}
