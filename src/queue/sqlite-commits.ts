import type { Clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import { Waiters } from '../base/waiters.ts'
import type { QueuedEvent } from './driver.ts'
import { packEvents, unpackEvents } from './packed-events.ts'
import type { WriterClient } from './sqlite-client.ts'
import type {
  Losses,
  PackedCommitReply,
  PackedTaken,
  PublishOutcome,
  TakenEvent,
  TakeRequest,
  VerdictRecord,
} from './sqlite-protocol.ts'

/** What one transaction takes at most, so that none of them takes long. */
const batchEventsMax = 2_000
const batchBytesMax = 16 * 1024 * 1024
/** What may wait for a writer that is slow or hangs; beyond it publishing is refused at once. */
const waitingBytesMax = 64 * 1024 * 1024

interface WaitingPublish {
  readonly event: QueuedEvent
  readonly signal: AbortSignal | undefined
  readonly resolve: (outcome: 'stored' | 'duplicate') => void
  readonly reject: (error: AppError) => void
}

interface Waiting<Request, Result> {
  readonly request: Request
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

interface Batch {
  readonly publishes: readonly WaitingPublish[]
  readonly verdicts: readonly Waiting<readonly VerdictRecord[], void>[]
  readonly takes: readonly Waiting<TakeRequest, readonly TakenEvent[] | undefined>[]
}

export interface CommitEvents {
  /** Topics that have new events. */
  readonly onStored: (topics: ReadonlySet<string>) => void
  readonly onLosses: (losses: Losses) => void
}

/** Group commit: one transaction is under way, and everything that comes meanwhile is the next one. */
export class SqliteCommits {
  readonly #writer: WriterClient
  readonly #clock: Clock
  readonly #events: CommitEvents
  #publishes = new Set<WaitingPublish>()
  #verdicts: Batch['verdicts'][number][] = []
  #takes: Batch['takes'][number][] = []
  /** Whose signal is heeded, until settled. */
  readonly #bySignal = new WeakMap<AbortSignal, Set<WaitingPublish>>()
  #waitingBytes = 0
  #isBusy = false
  #sentAtMs: number | undefined
  readonly #idleness = new Waiters()

  constructor(writer: WriterClient, clock: Clock, events: CommitEvents) {
    this.#writer = writer
    this.#clock = clock
    this.#events = events
  }

  publish(event: QueuedEvent, signal?: AbortSignal): Promise<'stored' | 'duplicate'> {
    if (this.#waitingBytes + event.bytes.byteLength > waitingBytesMax) {
      return Promise.reject(unavailable(undefined))
    }
    return new Promise((resolve, reject) => {
      const waiting = { event, signal, resolve, reject }
      this.#publishes.add(waiting)
      this.#waitingBytes += event.bytes.byteLength
      if (signal !== undefined) this.#heed(signal, waiting)
      this.#schedule()
    })
  }

  settle(verdicts: readonly VerdictRecord[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#verdicts.push({ request: verdicts, resolve, reject })
      this.#schedule()
    })
  }

  /** Resolves with undefined where the group is no more. */
  take(request: TakeRequest): Promise<readonly TakenEvent[] | undefined> {
    return new Promise((resolve, reject) => {
      this.#takes.push({ request, resolve, reject })
      this.#schedule()
    })
  }

  /** How long the transaction under way has taken so far, milliseconds; 0 when there is none. */
  busyForMs(): number {
    return this.#sentAtMs === undefined ? 0 : this.#clock.monotonic() - this.#sentAtMs
  }

  /** Resolves once nothing waits and nothing is under way. */
  idle(): Promise<void> {
    if (!this.#isBusy) return Promise.resolve()
    return this.#idleness.next()
  }

  /** One listener per signal, which many publishes share. */
  #heed(signal: AbortSignal, waiting: WaitingPublish): void {
    const heeding = this.#bySignal.get(signal)
    if (heeding !== undefined) {
      heeding.add(waiting)
      return
    }
    this.#bySignal.set(signal, new Set([waiting]))
    signal.addEventListener('abort', () => this.#abandon(signal), { once: true })
  }

  /** Once it is under way an event may be stored or not: the caller sends it again, and then it is a duplicate or it is not. */
  #abandon(signal: AbortSignal): void {
    const refusal = unavailable(signal.reason)
    for (const waiting of this.#bySignal.get(signal) ?? []) {
      if (this.#publishes.delete(waiting)) this.#waitingBytes -= waiting.event.bytes.byteLength
      waiting.reject(refusal)
    }
  }

  /** At the end of the running microtasks, so that publishes of one turn share a transaction. */
  #schedule(): void {
    if (this.#isBusy) return
    this.#isBusy = true
    queueMicrotask(() => void this.#run())
  }

  async #run(): Promise<void> {
    for (let batch = this.#next(); batch !== undefined; batch = this.#next()) await this.#commit(batch)
    this.#isBusy = false
    this.#idleness.release()
  }

  #next(): Batch | undefined {
    if (this.#publishes.size + this.#verdicts.length + this.#takes.length === 0) return undefined
    const batch = { publishes: this.#nextPublishes(), verdicts: this.#verdicts, takes: this.#takes }
    this.#verdicts = []
    this.#takes = []
    return batch
  }

  #nextPublishes(): readonly WaitingPublish[] {
    const publishes: WaitingPublish[] = []
    let bytes = 0
    for (const waiting of this.#publishes) {
      if (publishes.length === batchEventsMax || bytes >= batchBytesMax) break
      publishes.push(waiting)
      bytes += waiting.event.bytes.byteLength
    }
    if (publishes.length === this.#publishes.size) this.#publishes = new Set()
    else for (const waiting of publishes) this.#publishes.delete(waiting)
    this.#waitingBytes -= bytes
    return publishes
  }

  async #commit(batch: Batch): Promise<void> {
    this.#sentAtMs = this.#clock.monotonic()
    try {
      const reply = await this.#writer.call('commit', {
        publishes: packEvents(batch.publishes.map(({ event }) => event)),
        verdicts: batch.verdicts.flatMap(({ request }) => request),
        takes: batch.takes.map(({ request }) => request),
      })
      this.#deliver(batch, reply)
    } catch (error) {
      const refusal = unavailable(error)
      for (const { reject } of batch.publishes) reject(refusal)
      for (const { reject } of [...batch.verdicts, ...batch.takes]) reject(error)
    }
    this.#sentAtMs = undefined
    for (const waiting of batch.publishes) {
      if (waiting.signal !== undefined) this.#bySignal.get(waiting.signal)?.delete(waiting)
    }
  }

  #deliver(batch: Batch, { outcomes, taken, losses }: PackedCommitReply): void {
    const topics = new Set<string>()
    batch.publishes.forEach(({ event, resolve, reject }, index) => {
      const outcome: PublishOutcome | undefined = outcomes[index]
      if (outcome === 'stored') topics.add(event.topic)
      if (outcome === 'stored' || outcome === 'duplicate') resolve(outcome)
      else reject(new AppError('QUEUE_FULL', { details: { backend: 'sqlite' } }))
    })
    for (const { resolve } of batch.verdicts) resolve()
    batch.takes.forEach(({ resolve }, index) => {
      const packed = taken[index]
      resolve(packed && unpackTaken(packed))
    })
    this.#events.onLosses(losses)
    if (topics.size > 0) this.#events.onStored(topics)
  }
}

function unpackTaken({ seqs, attempts, events }: PackedTaken): readonly TakenEvent[] {
  return unpackEvents(events).map((event, index) => ({
    seq: seqs[index] ?? 0,
    attempt: attempts[index] ?? 1,
    event,
  }))
}

function unavailable(cause: unknown): AppError {
  return new AppError('QUEUE_UNAVAILABLE', { cause, details: { backend: 'sqlite' } })
}
