import type { QueuedEvent } from './driver.ts'
import { optionalInteger, type SqlDatabase, type SqlRow, type SqlStatement } from './sqlite-database.ts'
import type { GroupRecord, SqliteLedger, TopicRecord } from './sqlite-ledger.ts'
import { eventColumns, eventPlaceholders, eventValues, parseEventRow } from './sqlite-row.ts'

/** An event as the file has it. */
export interface EventRow {
  readonly seq: number
  readonly size: number
  /** The one group that is to get it, where it was put back for that one. */
  readonly onlyGroupId: number | undefined
}

/** The rows of the events table and the counts that follow them. Always inside a transaction of the store. */
export class SqliteEvents {
  readonly #ledger: SqliteLedger
  readonly #insert: SqlStatement
  readonly #delete: SqlStatement
  readonly #untake: SqlStatement
  readonly #quarantine: SqlStatement
  readonly #recent: SqlStatement

  constructor(db: SqlDatabase, ledger: SqliteLedger) {
    this.#ledger = ledger
    this.#insert = db.prepare(
      `INSERT INTO events (seq, topic_id, only_group_id, stored_at_ms, ${eventColumns})
       VALUES (?, ?, ?, ?, ${eventPlaceholders})`,
    )
    this.#delete = db.prepare('DELETE FROM events WHERE seq = ?')
    this.#untake = db.prepare('DELETE FROM taken WHERE seq = ? RETURNING group_id')
    this.#quarantine = db.prepare(
      `INSERT INTO quarantine (quarantined_at_ms, seq, topic_id, id, payload)
       SELECT ?, seq, topic_id, id, payload FROM events WHERE seq = ?`,
    )
    this.#recent = db.prepare(
      `SELECT ${eventColumns} FROM events WHERE topic_id = ? AND only_group_id IS NULL ORDER BY seq DESC LIMIT ?`,
    )
  }

  append(topic: TopicRecord, event: QueuedEvent, nowMs: number): void {
    const size = event.bytes.byteLength
    this.#insert.run(this.#ledger.nextSeq(), topic.topicId, null, nowMs, ...eventValues(event))
    this.#ledger.countEvent(topic, 1, size)
    for (const group of topic.groups) this.#ledger.countPending(group, 1, size)
  }

  /** An event once more, for one group. */
  appendFor(group: GroupRecord, event: QueuedEvent, nowMs: number): void {
    const seq = this.#ledger.nextSeq()
    this.#insert.run(seq, group.topic.topicId, group.groupId, nowMs, ...eventValues(event))
    this.#ledger.countPending(group, 1, event.bytes.byteLength)
  }

  /** Takes an event out, whoever waits for it. */
  remove(topic: TopicRecord, row: EventRow): void {
    const { seq, size, onlyGroupId } = row
    const holders = new Set(this.#untake.all(seq).map((taken) => optionalInteger(taken, 'group_id')))
    for (const group of topic.groups) {
      const isAhead = seq > group.cursor && (onlyGroupId ?? group.groupId) === group.groupId
      if (isAhead || holders.has(group.groupId)) this.#ledger.countPending(group, -1, size)
    }
    this.#delete.run(seq)
    if (onlyGroupId === undefined) this.#ledger.countEvent(topic, -1, size)
  }

  /** Sets a damaged row aside, as it is, for a person to look at. */
  quarantine(topic: TopicRecord, row: EventRow, nowMs: number): void {
    this.#quarantine.run(nowMs, row.seq)
    this.remove(topic, row)
  }

  /** The newest `limit` sound events, newest last. */
  recent(topic: TopicRecord, limit: number): readonly QueuedEvent[] {
    return this.#recent
      .all(topic.topicId, Math.max(0, limit))
      .map((row) => parseEventRow(row, topic.name))
      .filter((event) => event !== undefined)
      .reverse()
  }
}

/** The numbers of a row whose payload may be damaged; a number that is no longer one reads as 0. */
export function asEventRow(row: SqlRow): EventRow {
  const { seq, size } = row
  return {
    seq: typeof seq === 'number' ? seq : 0,
    size: typeof size === 'number' ? size : 0,
    onlyGroupId: optionalInteger(row, 'only_group_id'),
  }
}
