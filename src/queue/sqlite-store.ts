import type { DeadLetter, DeadLetterPage, GroupInfo, LetterName, QueueDepth, QueuedEvent } from './driver.ts'
import { groupDepth } from './group-depth.ts'
import type { DurableLimits } from './limits.ts'
import type { SqlDatabase, SqlStatement } from './sqlite-database.ts'
import { SqliteDeliveries } from './sqlite-deliveries.ts'
import { SqliteEvents } from './sqlite-events.ts'
import { type GroupRecord, SqliteLedger } from './sqlite-ledger.ts'
import { SqliteLetters } from './sqlite-letters.ts'
import type {
  CommitReply,
  CommitRequest,
  GroupName,
  LeftBehind,
  Losses,
  PublishOutcome,
  TakenEvent,
  TakeRequest,
  VerdictRecord,
  WriterCalls,
} from './sqlite-protocol.ts'
import { SqliteRetention } from './sqlite-retention.ts'
import { type FindBite, type PurgeBite, SqliteSearch } from './sqlite-search.ts'
import { SqliteSeen } from './sqlite-seen.ts'

/**
 * The open file. Every method that changes something is one transaction, durable when it returns; it throws what SQLite throws, and then
 * nothing has changed.
 */
export class SqliteStore {
  readonly #limits: DurableLimits
  readonly #ledger: SqliteLedger
  readonly #events: SqliteEvents
  readonly #seen: SqliteSeen
  readonly #letters: SqliteLetters
  readonly #search: SqliteSearch
  readonly #retention: SqliteRetention
  readonly #deliveries: SqliteDeliveries
  readonly #begin: SqlStatement
  readonly #commit: SqlStatement
  readonly #rollback: SqlStatement
  readonly #notePing: SqlStatement
  #losses = noLosses()

  constructor(db: SqlDatabase, limits: DurableLimits, nowMs: number) {
    this.#limits = limits
    const ledger = new SqliteLedger(db)
    ledger.load(nowMs)
    const events = new SqliteEvents(db, ledger)
    this.#ledger = ledger
    this.#events = events
    this.#seen = new SqliteSeen(db)
    this.#letters = new SqliteLetters(db, limits.deadLettersMax)
    this.#search = new SqliteSearch(db, events)
    this.#retention = new SqliteRetention(db, {
      ledger,
      events,
      limits,
      onDropped: (reason) => {
        this.#losses[reason]++
      },
    })
    this.#deliveries = new SqliteDeliveries(db, {
      ledger,
      events,
      letters: this.#letters,
      onQuarantined: () => {
        this.#losses.quarantined++
      },
      onLettersEvicted: (count) => {
        this.#losses.dead_letter_evicted += count
      },
    })
    this.#begin = db.prepare('BEGIN IMMEDIATE')
    this.#commit = db.prepare('COMMIT')
    this.#rollback = db.prepare('ROLLBACK')
    this.#notePing = db.prepare('INSERT OR REPLACE INTO pings (ping_id, pinged_at_ms) VALUES (1, ?)')
  }

  commit({ publishes, verdicts, takes }: CommitRequest, nowMs: number): CommitReply {
    this.#losses = noLosses()
    return this.#transaction(nowMs, () => {
      for (const verdict of verdicts) this.#settle(verdict, nowMs)
      if (verdicts.length > 0) this.#retention.roomMayExist()
      const outcomes = publishes.map((event) => this.#publish(event, nowMs))
      const taken = takes.map((take) => this.#take(take, nowMs))
      return { outcomes, taken, losses: this.#losses }
    })
  }

  /** Makes the group known and says what it left behind. */
  openGroup(name: GroupName, nowMs: number): readonly LeftBehind[] {
    return this.#transaction(nowMs, () => this.#deliveries.leftBehind(this.#group(name)))
  }

  /** Throws where the file does not take transactions. Leaves no event; proves it by a write only where it is asked to. */
  ping(nowMs: number, mustWrite: boolean): void {
    this.#begin.run()
    this.#rollback.run()
    if (mustWrite) this.#transaction(nowMs, () => this.#notePing.run(nowMs))
  }

  depth(): QueueDepth {
    const { topics, groups } = this.#ledger
    const stands = groups.map((group) => ({
      pending: group.pending,
      keptEvents: group.pending,
      keptBytes: group.pendingBytes,
      oldestAtMs: this.#deliveries.oldestWaitingAtMs(group),
    }))
    return {
      events: topics.reduce((sum, { events }) => sum + events, 0),
      bytes: topics.reduce((sum, { bytes }) => sum + bytes, 0),
      ...groupDepth(stands, this.#limits),
      deadLetters: this.#letters.count,
    }
  }

  groups(): readonly GroupInfo[] {
    return this.#ledger.groups.map(({ topic, name, pending, activeAtMs }) => ({
      topic: topic.name,
      group: name,
      pending,
      activeAtMs,
    }))
  }

  removeGroup({ topic, group: name }: GroupName, hasMembers: boolean, nowMs: number): boolean {
    const group = this.#ledger.findGroup(topic, name)
    if (group === undefined) return false
    return this.#transaction(nowMs, () => {
      this.#deliveries.forgetAll(group)
      if (!hasMembers) this.#ledger.removeGroup(group)
      this.#retention.roomMayExist()
      return true
    })
  }

  deadLetters({ topic, limit }: WriterCalls['deadLetters']['request']): readonly DeadLetter[] {
    const known = this.#ledger.findTopic(topic)
    return known === undefined ? [] : this.#letters.newest(known, limit)
  }

  deadLetterPage({ topic, from }: WriterCalls['deadLetterPage']['request']): DeadLetterPage {
    const known = this.#ledger.findTopic(topic)
    return known === undefined ? { letters: [], next: undefined } : this.#letters.page(known, from)
  }

  /** False where there is no such letter or no such group. */
  replay(name: LetterName, nowMs: number): boolean {
    const group = this.#ledger.findGroup(name.topic, name.group)
    const letter = group && this.#letters.find(group.topic, name)
    if (letter === undefined || group === undefined) return false
    return this.#transaction(nowMs, () => {
      this.#letters.remove(group.topic, name)
      this.#events.appendFor(group, letter.event, nowMs)
      return true
    })
  }

  removeDeadLetter(name: LetterName, nowMs: number): boolean {
    const topic = this.#ledger.findTopic(name.topic)
    return topic !== undefined && this.#transaction(nowMs, () => this.#letters.remove(topic, name))
  }

  recent(topicName: string, limit: number): readonly QueuedEvent[] {
    const topic = this.#ledger.findTopic(topicName)
    return topic === undefined ? [] : this.#events.recent(topic, limit)
  }

  find({ topic: topicName, eventId, beforeSeq }: WriterCalls['find']['request']): FindBite {
    const topic = this.#ledger.findTopic(topicName)
    if (topic === undefined) return { event: undefined, beforeSeq: undefined }
    return this.#search.find(topic, eventId, beforeSeq ?? this.#ledger.lastSeq + 1)
  }

  purge({ topic: topicName, ...range }: WriterCalls['purge']['request'], nowMs: number): PurgeBite {
    const topic = this.#ledger.findTopic(topicName)
    if (topic === undefined) return { count: 0, afterSeq: undefined }
    if (range.isDryRun) return this.#search.purge(topic, range)
    return this.#transaction(nowMs, () => {
      this.#retention.roomMayExist()
      return this.#search.purge(topic, range)
    })
  }

  /** Removes a bite of what is too old; true while there may be more. */
  sweep(nowMs: number): boolean {
    return this.#transaction(nowMs, () => {
      const hasMoreSeen = this.#seen.forget(nowMs - this.#limits.dedupeWindowMs)
      return this.#retention.sweep(nowMs) || hasMoreSeen
    })
  }

  /** A group that was removed meanwhile waits for nothing, and must not be made again: everything would be kept for it. As in `#take`. */
  #settle(verdict: VerdictRecord, nowMs: number): void {
    const group = this.#ledger.findGroup(verdict.topic, verdict.group)
    if (group !== undefined) this.#deliveries.settle(group, verdict, nowMs)
  }

  #take(take: TakeRequest, nowMs: number): readonly TakenEvent[] | undefined {
    const group = this.#ledger.findGroup(take.topic, take.group)
    return group && this.#deliveries.take(group, take, nowMs)
  }

  #publish(event: QueuedEvent, nowMs: number): PublishOutcome {
    const topic = this.#ledger.topic(event.topic)
    if (!this.#seen.add(topic.topicId, event.id, nowMs, nowMs - this.#limits.dedupeWindowMs)) {
      return 'duplicate'
    }
    if (!this.#retention.makeRoom(topic, event.bytes.byteLength)) {
      // In the same transaction: there is no moment at which it is marked as seen and not stored.
      this.#seen.remove(topic.topicId, event.id)
      return 'full'
    }
    this.#events.append(topic, event, nowMs)
    return 'stored'
  }

  #group({ topic, group }: GroupName): GroupRecord {
    return this.#ledger.findGroup(topic, group) ?? this.#ledger.addGroup(topic, group)
  }

  #transaction<T>(nowMs: number, act: () => T): T {
    try {
      this.#begin.run()
      const result = act()
      this.#ledger.save()
      this.#commit.run()
      return result
    } catch (error) {
      this.#undo(nowMs)
      throw error
    }
  }

  /** SQLite has rolled back by itself after some failures, and then refuses to do it again. */
  #undo(nowMs: number): void {
    try {
      this.#rollback.run()
    } catch {
      // The failure that led here is the one to report.
    }
    this.#ledger.load(nowMs)
  }
}

function noLosses(): { -readonly [Reason in keyof Losses]: number } {
  return { no_subscriber: 0, drop_oldest: 0, dead_letter_evicted: 0, quarantined: 0 }
}
