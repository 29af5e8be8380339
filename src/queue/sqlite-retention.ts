import type { DurableLimits } from './limits.ts'
import { integer, type SqlDatabase, type SqlStatement } from './sqlite-database.ts'
import { asEventRow, type EventRow, type SqliteEvents } from './sqlite-events.ts'
import type { SqliteLedger, TopicRecord } from './sqlite-ledger.ts'

/** Of what every group has acknowledged, this share of the bound is removed at once when room is needed. */
const roomShare = 1 / 1_000
/** Events that one sweep removes: short enough that publishes hardly wait for it. */
const sweepRowsMax = 1_000

/** Decides which events leave. What some group has not acknowledged stays, unless the bound is reached and the operator chose so. */
export class SqliteRetention {
  readonly #ledger: SqliteLedger
  readonly #events: SqliteEvents
  readonly #limits: DurableLimits
  readonly #onDropped: (reason: 'no_subscriber' | 'drop_oldest') => void
  readonly #fromOldest: SqlStatement
  readonly #isTaken: SqlStatement
  /** Topics without room since something was last acknowledged: looking again at every publish would cost a scan each. */
  readonly #fullTopicIds = new Set<number>()

  constructor(
    db: SqlDatabase,
    parts: {
      readonly ledger: SqliteLedger
      readonly events: SqliteEvents
      readonly limits: DurableLimits
      readonly onDropped: (reason: 'no_subscriber' | 'drop_oldest') => void
    },
  ) {
    this.#ledger = parts.ledger
    this.#events = parts.events
    this.#limits = parts.limits
    this.#onDropped = parts.onDropped
    this.#fromOldest = db.prepare(
      `SELECT seq, size, only_group_id, stored_at_ms FROM events
       WHERE topic_id = ? AND only_group_id IS NULL AND seq <= ? ORDER BY seq`,
    )
    this.#isTaken = db.prepare('SELECT 1 FROM taken WHERE seq = ? LIMIT 1')
  }

  /** Makes room for `size` bytes; false where the topic is full. */
  makeRoom(topic: TopicRecord, size: number): boolean {
    const { eventsMax, bytesMax } = this.#limits
    if (size > bytesMax) return false
    while (topic.events >= eventsMax || topic.bytes + size > bytesMax) {
      if (!this.#removeSome(topic)) return false
    }
    return true
  }

  /** Something was acknowledged: there may be room again. */
  roomMayExist(): void {
    this.#fullTopicIds.clear()
  }

  /** Removes a bite of what is too old; true while there may be more. */
  sweep(nowMs: number): boolean {
    let hasMore = false
    for (const topic of this.#ledger.topics) {
      const old = this.#removable(topic, sweepRowsMax, nowMs - this.#limits.retentionMs)
      for (const row of old) this.#events.remove(topic, row)
      if (old.length === sweepRowsMax) hasMore = true
    }
    return hasMore
  }

  #removeSome(topic: TopicRecord): boolean {
    const hasGroups = topic.groups.length > 0
    if (hasGroups && !this.#fullTopicIds.has(topic.topicId)) {
      const acknowledged = this.#removable(topic, Math.ceil(this.#limits.eventsMax * roomShare))
      for (const row of acknowledged) this.#events.remove(topic, row)
      if (acknowledged.length > 0) return true
      this.#fullTopicIds.add(topic.topicId)
    }
    if (hasGroups && this.#limits.whenFull === 'refuse') return false
    const oldest = this.#fromOldest.get(topic.topicId, this.#ledger.lastSeq)
    if (oldest === null) return false
    this.#events.remove(topic, asEventRow(oldest))
    this.#onDropped(hasGroups ? 'drop_oldest' : 'no_subscriber')
    return true
  }

  /** The oldest events that nobody waits for, stored at `storedAtMaxMs` or before. */
  #removable(
    topic: TopicRecord,
    countMax: number,
    storedAtMaxMs = Number.MAX_SAFE_INTEGER,
  ): readonly EventRow[] {
    const cursors = topic.groups.map(({ cursor }) => cursor)
    const rows: EventRow[] = []
    for (const row of this.#fromOldest.iterate(topic.topicId, Math.min(this.#ledger.lastSeq, ...cursors))) {
      if (integer(row, 'stored_at_ms') > storedAtMaxMs) break
      if (this.#isTaken.get(integer(row, 'seq')) === null) rows.push(asEventRow(row))
      if (rows.length === countMax) break
    }
    return rows
  }
}
