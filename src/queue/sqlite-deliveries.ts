import {
  damaged,
  integer,
  optionalInteger,
  type SqlDatabase,
  type SqlRow,
  type SqlStatement,
} from './sqlite-database.ts'
import { asEventRow, type SqliteEvents } from './sqlite-events.ts'
import type { GroupRecord, SqliteLedger } from './sqlite-ledger.ts'
import type { SqliteLetters } from './sqlite-letters.ts'
import type { LeftBehind, TakenEvent, TakeRequest, VerdictRecord } from './sqlite-protocol.ts'
import { eventColumns, parseEventRow } from './sqlite-row.ts'

/** Bytes handed out in one answer, one event at least: what crosses to the main thread is held there until its handler has it. */
const takeBytesMax = 8 * 1024 * 1024

export interface DeliveryParts {
  readonly ledger: SqliteLedger
  readonly events: SqliteEvents
  readonly letters: SqliteLetters
  readonly onQuarantined: () => void
  readonly onLettersEvicted: (count: number) => void
}

/** What was handed out to which group, and what came of it. Always inside a transaction of the store. */
export class SqliteDeliveries {
  readonly #parts: DeliveryParts
  readonly #newRows: SqlStatement
  readonly #takenRow: SqlStatement
  readonly #take: SqlStatement
  readonly #takeAgain: SqlStatement
  readonly #putDown: SqlStatement
  readonly #untake: SqlStatement
  readonly #untakeAll: SqlStatement
  readonly #dropPutBack: SqlStatement
  readonly #leftBehind: SqlStatement
  readonly #find: SqlStatement
  readonly #oldestWaiting: SqlStatement
  readonly #anyTaken: SqlStatement

  constructor(db: SqlDatabase, parts: DeliveryParts) {
    this.#parts = parts
    this.#newRows = db.prepare(
      `SELECT seq, only_group_id, ${eventColumns} FROM events
       WHERE topic_id = ? AND seq > ? AND (only_group_id IS NULL OR only_group_id = ?) ORDER BY seq LIMIT ?`,
    )
    this.#takenRow = db.prepare(
      `SELECT seq, only_group_id, ${eventColumns} FROM events JOIN taken USING (seq) WHERE group_id = ? AND seq = ?`,
    )
    this.#take = db.prepare('INSERT INTO taken (group_id, seq, tries, is_begun) VALUES (?, ?, 1, 1)')
    this.#takeAgain = db.prepare(
      'UPDATE taken SET tries = tries + 1, is_begun = 1 WHERE group_id = ? AND seq = ? RETURNING tries',
    )
    this.#putDown = db.prepare('UPDATE taken SET tries = ?, is_begun = 0 WHERE group_id = ? AND seq = ?')
    this.#untake = db.prepare('DELETE FROM taken WHERE group_id = ? AND seq = ?')
    this.#untakeAll = db.prepare('DELETE FROM taken WHERE group_id = ?')
    this.#dropPutBack = db.prepare('DELETE FROM events WHERE only_group_id = ?')
    this.#leftBehind = db.prepare('SELECT seq, tries, is_begun FROM taken WHERE group_id = ? ORDER BY seq')
    this.#find = db.prepare('SELECT seq, size, only_group_id FROM events WHERE seq = ?')
    this.#anyTaken = db.prepare('SELECT 1 FROM taken WHERE group_id = ? LIMIT 1')
    this.#oldestWaiting = db.prepare(
      `SELECT min(received_at_ms) AS received_at_ms FROM (
         SELECT received_at_ms FROM (SELECT received_at_ms FROM events JOIN taken USING (seq) WHERE group_id = ?1 ORDER BY seq LIMIT 1)
         UNION ALL
         SELECT received_at_ms FROM (SELECT received_at_ms FROM events
           WHERE topic_id = ?2 AND seq > ?3 AND (only_group_id IS NULL OR only_group_id = ?1) ORDER BY seq LIMIT 1))`,
    )
  }

  /** What the group was handed and has not settled. */
  leftBehind(group: GroupRecord): readonly LeftBehind[] {
    return this.#leftBehind.all(group.groupId).map((row) => ({
      seq: integer(row, 'seq'),
      tries: integer(row, 'tries'),
      wasBegun: integer(row, 'is_begun') === 1,
    }))
  }

  oldestWaitingAtMs({ groupId, topic, cursor }: GroupRecord): number | undefined {
    return optionalInteger(this.#oldestWaiting.get(groupId, topic.topicId, cursor), 'received_at_ms')
  }

  take(group: GroupRecord, { seqs, countMax }: TakeRequest, nowMs: number): readonly TakenEvent[] {
    const again = seqs.flatMap((seq) => this.#takeOneAgain(group, seq, nowMs) ?? [])
    const isEnough = again.length >= countMax
    const taken = isEnough ? again : [...again, ...this.#takeNew(group, countMax - again.length, nowMs)]
    if (taken.length > 0) this.#markActive(group, nowMs)
    this.#writeOffLost(group)
    return taken
  }

  settle(group: GroupRecord, verdict: VerdictRecord, nowMs: number): void {
    this.#markActive(group, nowMs)
    if (verdict.kind === 'waiting') {
      this.#putDown.run(verdict.tries, group.groupId, verdict.seq)
      return
    }
    // Nothing to untake: it was dropped, quarantined or forgotten in the meantime, and nobody waits for it any more.
    if (this.#untake.run(group.groupId, verdict.seq).changes === 0) return
    if (verdict.kind === 'dead') {
      const evicted = this.#parts.letters.add({ ...verdict, group: group.name, nowMs })
      if (evicted > 0) this.#parts.onLettersEvicted(evicted)
    }
    this.#parts.ledger.countPending(group, -1, verdict.size)
    this.#dropIfPutBack(group, verdict.seq)
    this.#writeOffLost(group)
  }

  /** Everything published so far counts as acknowledged by the group. */
  forgetAll(group: GroupRecord): void {
    this.#untakeAll.run(group.groupId)
    this.#dropPutBack.run(group.groupId)
    group.cursor = this.#parts.ledger.lastSeq
    group.pending = 0
    group.pendingBytes = 0
    this.#parts.ledger.changed(group)
  }

  /**
   * With every row passed and none in anybody's hands nothing is pending. A row whose number or topic was damaged is met by no reader, and would
   * be waited for as long as the file lives.
   */
  #writeOffLost(group: GroupRecord): void {
    if (group.pending === 0 || group.cursor < this.#parts.ledger.lastSeq) return
    if (this.#anyTaken.get(group.groupId) !== null) return
    group.pending = 0
    group.pendingBytes = 0
    this.#parts.ledger.changed(group)
  }

  /** An event that was put back for this group alone is of no use to anybody else. */
  #dropIfPutBack(group: GroupRecord, seq: number): void {
    const found = this.#find.get(seq)
    const row = found === null ? undefined : asEventRow(found)
    if (row?.onlyGroupId !== undefined) this.#parts.events.remove(group.topic, row)
  }

  #takeOneAgain(group: GroupRecord, seq: number, nowMs: number): TakenEvent | undefined {
    const row = this.#takenRow.get(group.groupId, seq)
    if (row === null) return undefined
    const event = this.#sound(group, row, nowMs)
    if (event === undefined) return undefined
    return { seq, event, attempt: integer(this.#takeAgain.get(group.groupId, seq), 'tries') }
  }

  /** At least one, unless there is none: rows that turn out to be damaged do not count. */
  #takeNew(group: GroupRecord, countMax: number, nowMs: number): readonly TakenEvent[] {
    for (;;) {
      const { rows, isExhausted } = this.#readNew(group, countMax)
      const taken = rows.flatMap((row) => this.#takeOne(group, row, nowMs) ?? [])
      const last = rows.at(-1)
      // Past rows of other topics and groups too, once there is nothing more: else each take would read them again.
      group.cursor = isExhausted || last === undefined ? this.#parts.ledger.lastSeq : asEventRow(last).seq
      this.#parts.ledger.changed(group)
      if (taken.length > 0 || isExhausted) return taken
    }
  }

  #readNew(
    { topic, cursor, groupId }: GroupRecord,
    countMax: number,
  ): { readonly rows: readonly SqlRow[]; readonly isExhausted: boolean } {
    const rows: SqlRow[] = []
    let bytes = 0
    let lastSeq = cursor
    for (const row of this.#newRows.iterate(topic.topicId, cursor, groupId, countMax)) {
      const { seq, size } = asEventRow(row)
      // A flipped bit in a number: SQLite goes by the order in which the rows lie, and would hand out one of them twice.
      if (seq <= lastSeq) throw damaged('events')
      lastSeq = seq
      rows.push(row)
      bytes += size
      if (bytes >= takeBytesMax) return { rows, isExhausted: false }
    }
    return { rows, isExhausted: rows.length < countMax }
  }

  #takeOne(group: GroupRecord, row: SqlRow, nowMs: number): TakenEvent | undefined {
    const event = this.#sound(group, row, nowMs)
    if (event === undefined) return undefined
    const { seq } = asEventRow(row)
    this.#take.run(group.groupId, seq)
    return { seq, event, attempt: 1 }
  }

  /** The event of a row, or undefined where the row is damaged: it is set aside then, and blocks nobody. */
  #sound(group: GroupRecord, row: SqlRow, nowMs: number): TakenEvent['event'] | undefined {
    const event = parseEventRow(row, group.topic.name)
    if (event !== undefined) return event
    this.#parts.events.quarantine(group.topic, asEventRow(row), nowMs)
    this.#parts.onQuarantined()
    return undefined
  }

  #markActive(group: GroupRecord, nowMs: number): void {
    group.activeAtMs = nowMs
    this.#parts.ledger.changed(group)
  }
}
