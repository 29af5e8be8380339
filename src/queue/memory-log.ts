import type { QueuedEvent } from './driver.ts'

/** One event. The links are the log's own business. */
export class LogEntry {
  readonly seq: number
  readonly event: QueuedEvent
  /** Groups that have not acknowledged it. */
  waitingCount: number
  older: LogEntry | undefined
  newer: LogEntry | undefined
  nextSettled: LogEntry | undefined

  constructor(seq: number, event: QueuedEvent, waitingCount: number) {
    this.seq = seq
    this.event = event
    this.waitingCount = waitingCount
  }
}

/** Events in the order of arrival, from any place of which one can leave, and the queue of those that every group has acknowledged. */
export class MemoryLog {
  #seq = 0
  #count = 0
  #bytes = 0
  #oldest: LogEntry | undefined
  #newest: LogEntry | undefined
  #firstSettled: LogEntry | undefined
  #lastSettled: LogEntry | undefined
  #settledCount = 0

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#bytes
  }

  get oldest(): LogEntry | undefined {
    return this.#oldest
  }

  /** The entry acknowledged by all that was so first; undefined where every entry is waited for. */
  get firstSettled(): LogEntry | undefined {
    return this.#firstSettled
  }

  get settledCount(): number {
    return this.#settledCount
  }

  append(event: QueuedEvent, waitingCount: number): LogEntry {
    const entry = new LogEntry(++this.#seq, event, waitingCount)
    entry.older = this.#newest
    if (this.#newest === undefined) this.#oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
    this.#count++
    this.#bytes += event.bytes.byteLength
    return entry
  }

  /** Takes out an entry that is either the oldest or the first settled. */
  remove(entry: LogEntry): void {
    if (entry === this.#firstSettled) {
      this.#firstSettled = entry.nextSettled
      this.#settledCount--
    }
    if (this.#firstSettled === undefined) this.#lastSettled = undefined
    if (entry.older === undefined) this.#oldest = entry.newer
    else entry.older.newer = entry.newer
    if (entry.newer === undefined) this.#newest = entry.older
    else entry.newer.older = entry.older
    // A collection of the young alone takes what an old entry leads to for alive: the entries removed would keep each other, up to 100 MB of them.
    entry.older = undefined
    entry.newer = undefined
    entry.nextSettled = undefined
    this.#count--
    this.#bytes -= entry.event.bytes.byteLength
  }

  settle(entry: LogEntry): void {
    entry.nextSettled = undefined
    if (this.#lastSettled === undefined) this.#firstSettled = entry
    else this.#lastSettled.nextSettled = entry
    this.#lastSettled = entry
    this.#settledCount++
  }

  /** Counts anew who waits for what: after a group came or went. */
  recount(waitingFor: (entry: LogEntry) => number): void {
    this.#firstSettled = undefined
    this.#lastSettled = undefined
    this.#settledCount = 0
    for (let entry = this.#oldest; entry !== undefined; entry = entry.newer) {
      entry.waitingCount = waitingFor(entry)
      if (entry.waitingCount === 0) this.settle(entry)
    }
  }

  /** The event of this id, looked for from the newest on. */
  find(eventId: string): QueuedEvent | undefined {
    for (let entry = this.#newest; entry !== undefined; entry = entry.older) {
      if (entry.event.id === eventId) return entry.event
    }
    return undefined
  }

  /** The newest `limit` events, newest last. */
  recent(limit: number): readonly QueuedEvent[] {
    const events: QueuedEvent[] = []
    for (let entry = this.#newest; entry !== undefined && events.length < limit; entry = entry.older) {
      events.push(entry.event)
    }
    return events.reverse()
  }
}
