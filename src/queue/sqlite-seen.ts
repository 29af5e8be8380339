import type { SqlDatabase, SqlStatement } from './sqlite-database.ts'

/** Rows that one call of `forget` removes at most: short enough that publishes hardly wait for it. */
export const forgetRowsMax = 1_000

/** Which ids were stored within the window: records of their own, whatever retention has removed (D4a). */
export class SqliteSeen {
  readonly #add: SqlStatement
  readonly #remove: SqlStatement
  readonly #forget: SqlStatement

  constructor(db: SqlDatabase) {
    this.#add = db.prepare(
      `INSERT INTO seen (topic_id, id, seen_at_ms) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET seen_at_ms = excluded.seen_at_ms WHERE seen.seen_at_ms <= ?`,
    )
    this.#remove = db.prepare('DELETE FROM seen WHERE topic_id = ? AND id = ?')
    this.#forget = db.prepare(
      `DELETE FROM seen WHERE (topic_id, id) IN
       (SELECT topic_id, id FROM seen WHERE seen_at_ms <= ? ORDER BY seen_at_ms LIMIT ${forgetRowsMax})`,
    )
  }

  /** Remembers an id; false where it was seen after `forgottenAtMs` already. */
  add(topicId: number, id: string, nowMs: number, forgottenAtMs: number): boolean {
    return this.#add.run(topicId, id, nowMs, forgottenAtMs).changes > 0
  }

  remove(topicId: number, id: string): void {
    this.#remove.run(topicId, id)
  }

  /** Removes a bite of what was seen at `forgottenAtMs` or before; true while there may be more. */
  forget(forgottenAtMs: number): boolean {
    return this.#forget.run(forgottenAtMs).changes === forgetRowsMax
  }
}
