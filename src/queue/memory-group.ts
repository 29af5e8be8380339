import type { Clock } from '../base/clock.ts'
import type { QueuedEvent } from './driver.ts'
import type { GroupStand } from './group-depth.ts'
import type { GroupSource, HeldEvent, Verdict } from './group-source.ts'
import { LogEntry, type MemoryLog } from './memory-log.ts'

export interface MemoryHeld extends HeldEvent {
  readonly entry: LogEntry
}

export interface MemoryGroupEvents {
  /** The group has acknowledged an entry, or given it up. */
  readonly onDone: (entry: LogEntry) => void
  readonly onDead: (event: QueuedEvent, attempts: number, reason: string) => void
}

/** The number of an entry that was put back for one group: it is older than everything in the log, and not in it. */
const besideTheLog = 0

interface Taker {
  readonly signal: AbortSignal
  readonly countMax: number
  readonly resolve: (taken: readonly MemoryHeld[]) => void
}

/** Where one group stands in the log of a topic: what it has not seen, what it holds, what it gave back. */
export class MemoryGroup implements GroupSource<MemoryHeld> {
  readonly #clock: Clock
  readonly #events: MemoryGroupEvents
  /** The oldest entry that was never handed out. */
  #next: LogEntry | undefined
  /** Handed out and not acknowledged, whether somebody holds it or it was given back. */
  readonly #taken = new Map<LogEntry, MemoryHeld>()
  /** Given back, oldest first. */
  #returned: MemoryHeld[] = []
  #pendingCount: number
  #pendingBytes: number
  #activeAtMs: number | undefined
  #taker: Taker | undefined
  #watched: AbortSignal | undefined

  constructor(log: MemoryLog, clock: Clock, events: MemoryGroupEvents) {
    this.#clock = clock
    this.#events = events
    this.#next = log.oldest
    this.#pendingCount = log.count
    this.#pendingBytes = log.bytes
  }

  get pendingCount(): number {
    return this.#pendingCount
  }

  get stand(): GroupStand {
    return {
      pending: this.#pendingCount,
      keptEvents: this.#pendingCount,
      keptBytes: this.#pendingBytes,
      oldestAtMs: this.#oldestWaiting()?.event.meta.receivedAtMs,
    }
  }

  get activeAtMs(): number | undefined {
    return this.#activeAtMs
  }

  isWaitingFor(entry: LogEntry): boolean {
    return this.#taken.has(entry) || (this.#next !== undefined && entry.seq >= this.#next.seq)
  }

  /** A new entry of the log, of which this group has been counted as waiting. */
  offer(entry: LogEntry): void {
    this.#next ??= entry
    this.#count(entry, 1)
    this.#serveTaker()
  }

  /** An event once more, beside the log: it is in nobody's way there. */
  offerAgain(event: QueuedEvent): void {
    const entry = new LogEntry(besideTheLog, event, 1)
    this.#count(entry, 1)
    this.#giveBack(entry, 1)
    this.#serveTaker()
  }

  /** An entry that the log is about to drop. Who holds it may finish; nobody waits for it any more. */
  forget(entry: LogEntry): void {
    if (!this.isWaitingFor(entry)) return
    if (this.#next === entry) this.#next = entry.newer
    this.#taken.delete(entry)
    this.#count(entry, -1)
  }

  /** Everything published so far counts as acknowledged. */
  forgetAll(): void {
    this.#next = undefined
    this.#taken.clear()
    this.#returned = []
    this.#pendingCount = 0
    this.#pendingBytes = 0
  }

  take(countMax: number, signal: AbortSignal): Promise<readonly MemoryHeld[]> {
    const taken = this.#collect(countMax)
    if (taken.length > 0 || signal.aborted) return Promise.resolve(taken)
    return new Promise((resolve) => {
      this.#taker = { signal, countMax, resolve }
      this.#watch(signal)
    })
  }

  settle(verdicts: readonly Verdict<MemoryHeld>[]): Promise<void> {
    this.#activeAtMs = this.#clock.now()
    for (const verdict of verdicts) {
      if (verdict.kind === 'failed') continue
      const { entry } = verdict.held
      if (!this.#taken.delete(entry)) continue
      this.#count(entry, -1)
      if (verdict.kind === 'dead') this.#events.onDead(entry.event, verdict.attempts, verdict.reason)
      if (entry.seq !== besideTheLog) this.#events.onDone(entry)
    }
    return Promise.resolve()
  }

  release(held: readonly { readonly held: MemoryHeld; readonly attempt: number }[]): void {
    for (const { held: taken, attempt } of held) {
      if (this.#taken.has(taken.entry)) this.#giveBack(taken.entry, attempt)
    }
    this.#returned.sort((left, right) => left.entry.seq - right.entry.seq)
    this.#serveTaker()
  }

  /** The oldest entry that is not acknowledged. */
  #oldestWaiting(): LogEntry | undefined {
    let oldest = this.#next
    for (const entry of this.#taken.keys()) {
      if (oldest === undefined || entry.seq < oldest.seq) oldest = entry
    }
    return oldest
  }

  #giveBack(entry: LogEntry, attempt: number): void {
    const held = { event: entry.event, attempt, entry }
    this.#taken.set(entry, held)
    this.#returned.push(held)
  }

  /** Once for each signal: the same one comes with many takes. */
  #watch(signal: AbortSignal): void {
    if (signal === this.#watched) return
    this.#watched = signal
    signal.addEventListener('abort', () => {
      const taker = this.#taker
      if (taker?.signal !== signal) return
      this.#taker = undefined
      taker.resolve([])
    })
  }

  #serveTaker(): void {
    const taker = this.#taker
    if (taker === undefined) return
    const taken = this.#collect(taker.countMax)
    if (taken.length === 0) return
    this.#taker = undefined
    taker.resolve(taken)
  }

  #collect(countMax: number): readonly MemoryHeld[] {
    const taken: MemoryHeld[] = []
    while (taken.length < countMax && this.#returned.length > 0) {
      const held = this.#returned.shift()
      if (held !== undefined && this.#taken.get(held.entry) === held) taken.push(held)
    }
    while (taken.length < countMax && this.#next !== undefined) {
      const held = { event: this.#next.event, attempt: 1, entry: this.#next }
      this.#taken.set(this.#next, held)
      taken.push(held)
      this.#next = this.#next.newer
    }
    if (taken.length > 0) this.#activeAtMs = this.#clock.now()
    return taken
  }

  #count(entry: LogEntry, by: 1 | -1): void {
    this.#pendingCount += by
    this.#pendingBytes += by * entry.event.bytes.byteLength
  }
}
