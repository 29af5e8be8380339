import type { DeadLetter, DeadLetterPage, LetterName, QueuedEvent } from './driver.ts'
import { deadLetterPageMax } from './limits.ts'
import { integer, type SqlDatabase, type SqlRow, type SqlStatement, text } from './sqlite-database.ts'
import type { TopicRecord } from './sqlite-ledger.ts'
import { eventColumns, parseEventRow } from './sqlite-row.ts'

/** Dead letters with their own copy of the event: what became of the event itself does not touch them. */
export class SqliteLetters {
  readonly #add: SqlStatement
  readonly #evict: SqlStatement
  readonly #count: SqlStatement
  readonly #newest: SqlStatement
  readonly #page: SqlStatement
  readonly #find: SqlStatement
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
    const ofTopic = `SELECT letter_id, group_name, attempts, reason, dead_at_ms, ${eventColumns}
       FROM dead_letters WHERE topic_id = ?`
    this.#newest = db.prepare(`SELECT * FROM (${ofTopic} ORDER BY letter_id DESC LIMIT ?) ORDER BY letter_id`)
    this.#page = db.prepare(`${ofTopic} AND letter_id > ? ORDER BY letter_id LIMIT ${deadLetterPageMax}`)
    this.#find = db.prepare(`${ofTopic} AND id = ? AND group_name = ?`)
    this.#remove = db.prepare('DELETE FROM dead_letters WHERE topic_id = ? AND id = ? AND group_name = ?')
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

  /** The newest `limit` of a topic, newest last; those whose row is damaged are left out. */
  newest({ topicId, name }: TopicRecord, limit: number): readonly DeadLetter[] {
    return this.#newest.all(topicId, Math.max(0, limit)).flatMap((row) => asDeadLetter(row, name) ?? [])
  }

  /** The oldest of a topic behind the letter `from`, without those whose row is damaged. */
  page({ topicId, name }: TopicRecord, from: string | undefined): DeadLetterPage {
    const rows = this.#page.all(topicId, Number(from ?? 0))
    const last = rows.at(-1)
    const isFull = rows.length === deadLetterPageMax
    return {
      letters: rows.flatMap((row) => asDeadLetter(row, name) ?? []),
      next: isFull && last !== undefined ? String(integer(last, 'letter_id')) : undefined,
    }
  }

  find({ topicId, name }: TopicRecord, { eventId, group }: LetterName): DeadLetter | undefined {
    const row = this.#find.get(topicId, eventId, group)
    return row === null ? undefined : asDeadLetter(row, name)
  }

  remove({ topicId }: TopicRecord, { eventId, group }: LetterName): boolean {
    return this.#remove.run(topicId, eventId, group).changes > 0
  }
}

function asDeadLetter(row: SqlRow, topic: string): DeadLetter | undefined {
  const event: QueuedEvent | undefined = parseEventRow(row, topic)
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
