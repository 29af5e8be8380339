import type { QueuedEvent } from './driver.ts'
import { integer, type SqlDatabase, type SqlStatement } from './sqlite-database.ts'
import { asEventRow, type SqliteEvents } from './sqlite-events.ts'
import type { TopicRecord } from './sqlite-ledger.ts'
import { eventColumns, parseEventRow } from './sqlite-row.ts'

/** Rows looked at in one go: an operator's question must not hold up publishes, which wait for the same writer. */
const rowsMax = 2_000

export interface FindBite {
  readonly event: QueuedEvent | undefined
  /** Where to go on looking; undefined at the end. */
  readonly beforeSeq: number | undefined
}

export interface PurgeBite {
  readonly count: number
  /** Where to go on; undefined at the end. */
  readonly afterSeq: number | undefined
}

/** What operators look for among the kept events, in bites. Inside a transaction of the store where it removes. */
export class SqliteSearch {
  readonly #events: SqliteEvents
  readonly #backwards: SqlStatement
  readonly #row: SqlStatement
  readonly #forwards: SqlStatement

  constructor(db: SqlDatabase, events: SqliteEvents) {
    this.#events = events
    this.#backwards = db.prepare(
      `SELECT seq, id FROM events WHERE topic_id = ? AND only_group_id IS NULL AND seq < ? ORDER BY seq DESC LIMIT ${rowsMax}`,
    )
    this.#row = db.prepare(`SELECT ${eventColumns} FROM events WHERE seq = ?`)
    this.#forwards = db.prepare(
      `SELECT seq, size, only_group_id, received_at_ms FROM events
       WHERE topic_id = ? AND only_group_id IS NULL AND seq > ? ORDER BY seq LIMIT ${rowsMax}`,
    )
  }

  find(topic: TopicRecord, eventId: string, beforeSeq: number): FindBite {
    let lastSeq = beforeSeq
    let count = 0
    for (const row of this.#backwards.iterate(topic.topicId, beforeSeq)) {
      count++
      lastSeq = integer(row, 'seq')
      if (row['id'] === eventId) return { event: this.#read(topic, lastSeq), beforeSeq: undefined }
    }
    return { event: undefined, beforeSeq: count === rowsMax ? lastSeq : undefined }
  }

  /** Events from the oldest on, up to the first that arrived at `receivedBeforeMs` or later. */
  purge(
    topic: TopicRecord,
    range: { readonly receivedBeforeMs: number; readonly afterSeq: number; readonly isDryRun: boolean },
  ): PurgeBite {
    const rows = this.#forwards.all(topic.topicId, range.afterSeq)
    const end = rows.findIndex((row) => integer(row, 'received_at_ms') >= range.receivedBeforeMs)
    const old = end === -1 ? rows : rows.slice(0, end)
    if (!range.isDryRun) for (const row of old) this.#events.remove(topic, asEventRow(row))
    const last = old.at(-1)
    const hasMore = old.length === rowsMax && last !== undefined
    return { count: old.length, afterSeq: hasMore ? integer(last, 'seq') : undefined }
  }

  #read(topic: TopicRecord, seq: number): QueuedEvent | undefined {
    const row = this.#row.get(seq)
    return row === null ? undefined : parseEventRow(row, topic.name)
  }
}
