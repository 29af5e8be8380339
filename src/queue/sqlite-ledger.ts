import { integer, optionalInteger, type SqlDatabase, type SqlStatement, text } from './sqlite-database.ts'

export interface TopicRecord {
  readonly topicId: number
  readonly name: string
  /** Events kept, and their bytes; without those that were put back for one group, which stand beside the bound. */
  events: number
  bytes: number
}

export interface GroupRecord {
  readonly groupId: number
  readonly topicId: number
  readonly topic: string
  readonly name: string
  /** Every event up to this number was handed out. */
  cursor: number
  pending: number
  pendingBytes: number
  activeAtMs: number | undefined
}

/**
 * Topics, groups and their counts. Held in memory and written with each transaction that changed them, so that no answer ever has to count
 * rows: a backlog of a day is a gigabyte to scan.
 */
export class SqliteLedger {
  readonly #db: SqlDatabase
  readonly #topics = new Map<string, TopicRecord>()
  readonly #groups = new Map<number, GroupRecord>()
  readonly #changedTopics = new Set<TopicRecord>()
  readonly #changedGroups = new Set<GroupRecord>()
  readonly #saveTopic: SqlStatement
  readonly #saveGroup: SqlStatement
  #lastSeq = 0

  constructor(db: SqlDatabase) {
    this.#db = db
    this.#saveTopic = db.prepare('UPDATE topics SET events = ?, bytes = ? WHERE topic_id = ?')
    this.#saveGroup = db.prepare(
      'UPDATE groups SET cursor = ?, pending = ?, pending_bytes = ?, active_at_ms = ? WHERE group_id = ?',
    )
  }

  get lastSeq(): number {
    return this.#lastSeq
  }

  get topics(): readonly TopicRecord[] {
    return [...this.#topics.values()]
  }

  get groups(): readonly GroupRecord[] {
    return [...this.#groups.values()]
  }

  /**
   * Reads what the file holds, dropping what was not saved. Numbers go on from `nowMs` at least, so that those of a file that was moved aside
   * are not met again in its successor.
   */
  load(nowMs: number): void {
    this.#topics.clear()
    this.#groups.clear()
    this.#changedTopics.clear()
    this.#changedGroups.clear()
    for (const row of this.#db.prepare('SELECT * FROM topics').all()) {
      const topic = {
        topicId: integer(row, 'topic_id'),
        name: text(row, 'name'),
        events: integer(row, 'events'),
        bytes: integer(row, 'bytes'),
      }
      this.#topics.set(topic.name, topic)
    }
    const groups = 'SELECT groups.*, topics.name AS topic FROM groups JOIN topics USING (topic_id)'
    for (const row of this.#db.prepare(groups).all()) {
      const groupId = integer(row, 'group_id')
      this.#groups.set(groupId, {
        groupId,
        topicId: integer(row, 'topic_id'),
        topic: text(row, 'topic'),
        name: text(row, 'name'),
        cursor: integer(row, 'cursor'),
        pending: integer(row, 'pending'),
        pendingBytes: integer(row, 'pending_bytes'),
        activeAtMs: optionalInteger(row, 'active_at_ms'),
      })
    }
    const newest = optionalInteger(this.#db.prepare('SELECT max(seq) AS seq FROM events').get(), 'seq') ?? 0
    this.#lastSeq = Math.max(this.#lastSeq, newest, nowMs, ...this.groups.map(({ cursor }) => cursor))
  }

  nextSeq(): number {
    return ++this.#lastSeq
  }

  topic(name: string): TopicRecord {
    const known = this.#topics.get(name)
    if (known !== undefined) return known
    const insert = 'INSERT INTO topics (name, events, bytes) VALUES (?, 0, 0) RETURNING topic_id'
    const topicId = integer(this.#db.prepare(insert).get(name), 'topic_id')
    const topic = { topicId, name, events: 0, bytes: 0 }
    this.#topics.set(name, topic)
    return topic
  }

  findGroup(topic: string, name: string): GroupRecord | undefined {
    for (const group of this.#groups.values()) {
      if (group.name === name && group.topic === topic) return group
    }
    return undefined
  }

  groupsOf(topic: TopicRecord): readonly GroupRecord[] {
    return this.groups.filter(({ topicId }) => topicId === topic.topicId)
  }

  /** A new group begins with the oldest event kept: it is behind by all of them. */
  addGroup(topicName: string, name: string): GroupRecord {
    const topic = this.topic(topicName)
    const { events: pending, bytes: pendingBytes } = topic
    const inserted = this.#db
      .prepare(
        'INSERT INTO groups (topic_id, name, cursor, pending, pending_bytes) VALUES (?, ?, 0, ?, ?) RETURNING group_id',
      )
      .get(topic.topicId, name, pending, pendingBytes)
    const group: GroupRecord = {
      groupId: integer(inserted, 'group_id'),
      topicId: topic.topicId,
      topic: topicName,
      name,
      cursor: 0,
      pending,
      pendingBytes,
      activeAtMs: undefined,
    }
    this.#groups.set(group.groupId, group)
    return group
  }

  removeGroup(group: GroupRecord): void {
    this.#db.prepare('DELETE FROM groups WHERE group_id = ?').run(group.groupId)
    this.#groups.delete(group.groupId)
    this.#changedGroups.delete(group)
  }

  countEvent(topic: TopicRecord, by: 1 | -1, size: number): void {
    topic.events += by
    topic.bytes += by * size
    this.#changedTopics.add(topic)
  }

  countPending(group: GroupRecord, by: 1 | -1, size: number): void {
    group.pending += by
    group.pendingBytes += by * size
    this.#changedGroups.add(group)
  }

  /** For changes of the record's other fields. */
  changed(group: GroupRecord): void {
    this.#changedGroups.add(group)
  }

  /** Writes what changed; inside the transaction that changed it. */
  save(): void {
    for (const { events, bytes, topicId } of this.#changedTopics) this.#saveTopic.run(events, bytes, topicId)
    for (const group of this.#changedGroups) {
      const { cursor, pending, pendingBytes, activeAtMs, groupId } = group
      this.#saveGroup.run(cursor, pending, pendingBytes, activeAtMs ?? null, groupId)
    }
    this.#changedTopics.clear()
    this.#changedGroups.clear()
  }
}
