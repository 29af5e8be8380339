import type { DeadLetter, QueuedEvent } from './driver.ts'
import { integer, type SqlDatabase, type SqlRow, type SqlStatement, text } from './sqlite-database.ts'
import { eventColumns, parseEventRow } from './sqlite-row.ts'

/** Dead letters with their own copy of the event: what became of the event itself does not touch them. */
export class SqliteLetters {
  readonly #add: SqlStatement
  readonly #evict: SqlStatement
  readonly #count: SqlStatement
  readonly #newest: SqlStatement
  readonly #remove: SqlStatement

  constructor(db: SqlDatabase, lettersMax: number) {
    this.#add = db.prepare(
      `INSERT OR REPLACE INTO dead_letters (topic_id, group_name, attempts, reason, dead_at_ms, ${eventColumns})
       SELECT topic_id, ?, ?, ?, ?, ${eventColumns} FROM events WHERE seq = ?`,
    )
    this.#evict = db.prepare(
      `DELETE FROM dead_letters WHERE letter_id <=
       (SELECT letter_id FROM dead_letters ORDER BY letter_id DESC LIMIT 1 OFFSET ${lettersMax})`,
    )
    this.#count = db.prepare('SELECT count(*) AS letters FROM dead_letters')
    this.#newest = db.prepare(
      `SELECT * FROM (
         SELECT letter_id, topics.name AS topic, group_name, attempts, reason, dead_at_ms, ${eventColumns}
         FROM dead_letters JOIN topics USING (topic_id) WHERE ?1 IS NULL OR (id = ?1 AND group_name = ?2)
         ORDER BY letter_id DESC LIMIT ?3
       ) ORDER BY letter_id`,
    )
    this.#remove = db.prepare('DELETE FROM dead_letters WHERE id = ? AND group_name = ?')
  }

  get count(): number {
    return integer(this.#count.get(), 'letters')
  }

  /** Buries an event that is still kept; returns how many older letters gave way. */
  add(letter: {
    readonly seq: number
    readonly group: string
    readonly attempts: number
    readonly reason: string
    readonly nowMs: number
  }): number {
    this.#add.run(letter.group, letter.attempts, letter.reason, letter.nowMs, letter.seq)
    return this.#evict.run().changes
  }

  /** The newest `limit`, newest last; those whose row is damaged are left out. */
  newest(limit: number): readonly DeadLetter[] {
    return this.#newest.all(null, null, Math.max(0, limit)).flatMap((row) => asDeadLetter(row) ?? [])
  }

  find(eventId: string, group: string): DeadLetter | undefined {
    const row = this.#newest.get(eventId, group, 1)
    return row === null ? undefined : asDeadLetter(row)
  }

  remove(eventId: string, group: string): boolean {
    return this.#remove.run(eventId, group).changes > 0
  }
}

function asDeadLetter(row: SqlRow): DeadLetter | undefined {
  const event: QueuedEvent | undefined = parseEventRow(row, text(row, 'topic'))
  return (
    event && {
      event,
      group: text(row, 'group_name'),
      attempts: integer(row, 'attempts'),
      reason: text(row, 'reason'),
      deadAtMs: integer(row, 'dead_at_ms'),
    }
  )
}
