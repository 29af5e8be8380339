import { crc32 } from 'node:zlib'
import {
  damaged,
  integer,
  optionalInteger,
  type SqlDatabase,
  type SqlRow,
  type SqlStatement,
  text,
} from './sqlite-database.ts'

export interface TopicRecord {
  readonly topicId: number
  readonly name: string
  /** Events kept, and their bytes; without those that were put back for one group, which stand beside the bound. */
  events: number
  bytes: number
  readonly groups: GroupRecord[]
}

export interface GroupRecord {
  readonly groupId: number
  readonly topic: TopicRecord
  readonly name: string
  /** Every event up to this number was handed out. */
  cursor: number
  pending: number
  pendingBytes: number
  activeAtMs: number | undefined
}

/** What the checksum of a group covers. */
type GroupNumbers = Omit<GroupRecord, 'topic' | 'activeAtMs'> & {
  readonly topic: Pick<TopicRecord, 'topicId'>
}

/**
 * Topics, groups and their counts. Held in memory and written with each transaction that changed them, so that no answer ever has to count
 * rows: a backlog of a day is a gigabyte to scan.
 */
export class SqliteLedger {
  readonly #db: SqlDatabase
  readonly #topics = new Map<string, TopicRecord>()
  readonly #groups = new Set<GroupRecord>()
  readonly #changedTopics = new Set<TopicRecord>()
  readonly #changedGroups = new Set<GroupRecord>()
  readonly #saveTopic: SqlStatement
  readonly #saveGroup: SqlStatement
  #lastSeq = 0

  constructor(db: SqlDatabase) {
    this.#db = db
    this.#saveTopic = db.prepare(
      'UPDATE topics SET events = ?, bytes = ?, row_checksum = ? WHERE topic_id = ?',
    )
    this.#saveGroup = db.prepare(
      `UPDATE groups SET cursor = ?, pending = ?, pending_bytes = ?, active_at_ms = ?, row_checksum = ?
       WHERE group_id = ?`,
    )
  }

  get lastSeq(): number {
    return this.#lastSeq
  }

  get topics(): readonly TopicRecord[] {
    return [...this.#topics.values()]
  }

  get groups(): readonly GroupRecord[] {
    return [...this.#groups]
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
    for (const row of this.#db.prepare(topicRows).all()) {
      const topic = readTopic(row)
      if (topicChecksum(topic) !== integer(row, 'row_checksum')) throw damaged('topics')
      this.#topics.set(topic.name, topic)
    }
    for (const row of this.#db.prepare(groupRows).all()) {
      const group = readGroup(row, this.topic(text(row, 'topic')))
      if (groupChecksum(group) !== integer(row, 'row_checksum')) throw damaged('groups')
      this.#keep(group)
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
    const insert =
      'INSERT INTO topics (name, events, bytes, row_checksum) VALUES (?, 0, 0, 0) RETURNING topic_id'
    const topicId = integer(this.#db.prepare(insert).get(name), 'topic_id')
    const topic = { topicId, name, events: 0, bytes: 0, groups: [] }
    this.#topics.set(name, topic)
    this.#changedTopics.add(topic)
    return topic
  }

  findTopic(name: string): TopicRecord | undefined {
    return this.#topics.get(name)
  }

  findGroup(topic: string, name: string): GroupRecord | undefined {
    return this.#topics.get(topic)?.groups.find((group) => group.name === name)
  }

  /** A new group begins with the oldest event kept: it is behind by all of them. */
  addGroup(topicName: string, name: string): GroupRecord {
    const topic = this.topic(topicName)
    const { events: pending, bytes: pendingBytes } = topic
    const inserted = this.#db
      .prepare(
        `INSERT INTO groups (topic_id, name, cursor, pending, pending_bytes, row_checksum)
         VALUES (?, ?, 0, ?, ?, 0) RETURNING group_id`,
      )
      .get(topic.topicId, name, pending, pendingBytes)
    const group: GroupRecord = {
      groupId: integer(inserted, 'group_id'),
      topic,
      name,
      cursor: 0,
      pending,
      pendingBytes,
      activeAtMs: undefined,
    }
    this.#keep(group)
    this.#changedGroups.add(group)
    return group
  }

  removeGroup(group: GroupRecord): void {
    this.#db.prepare('DELETE FROM groups WHERE group_id = ?').run(group.groupId)
    group.topic.groups.splice(group.topic.groups.indexOf(group), 1)
    this.#groups.delete(group)
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
    for (const topic of this.#changedTopics) {
      this.#saveTopic.run(topic.events, topic.bytes, topicChecksum(topic), topic.topicId)
    }
    for (const group of this.#changedGroups) {
      const { cursor, pending, pendingBytes, activeAtMs, groupId } = group
      const checksum = groupChecksum(group)
      this.#saveGroup.run(cursor, pending, pendingBytes, activeAtMs ?? null, checksum, groupId)
    }
    this.#changedTopics.clear()
    this.#changedGroups.clear()
  }

  #keep(group: GroupRecord): void {
    group.topic.groups.push(group)
    this.#groups.add(group)
  }
}

/**
 * Forgets groups whose row was damaged; inside a transaction. A cursor too far on would pass over events; a group that begins anew only sees
 * some of them again.
 */
export function forgetDamagedGroups(db: SqlDatabase): void {
  const anyTopic = { name: '', events: 0, bytes: 0, groups: [] }
  for (const row of db.prepare(groupRows).all()) {
    const group = readGroup(row, { ...anyTopic, topicId: integer(row, 'topic_id') })
    if (groupChecksum(group) === integer(row, 'row_checksum')) continue
    db.prepare('DELETE FROM groups WHERE group_id = ?').run(group.groupId)
  }
}

/** Makes the counts those of the rows; inside a transaction. */
export function recountLedger(db: SqlDatabase): void {
  db.run(recountTopics)
  db.run(recountGroups)
  const topics = new Map(
    db
      .prepare(topicRows)
      .all()
      .map((row) => [integer(row, 'topic_id'), readTopic(row)]),
  )
  for (const topic of topics.values()) {
    db.prepare('UPDATE topics SET row_checksum = ? WHERE topic_id = ?').run(
      topicChecksum(topic),
      topic.topicId,
    )
  }
  for (const row of db.prepare(groupRows).all()) {
    const topic = topics.get(integer(row, 'topic_id'))
    if (topic === undefined) continue
    const group = readGroup(row, topic)
    db.prepare('UPDATE groups SET row_checksum = ? WHERE group_id = ?').run(
      groupChecksum(group),
      group.groupId,
    )
  }
}

const topicRows = 'SELECT * FROM topics'
/** Also those whose topic is not there: they are damaged, and nobody else would meet them. */
const groupRows = 'SELECT groups.*, topics.name AS topic FROM groups LEFT JOIN topics USING (topic_id)'
const recountTopics = `UPDATE topics SET (events, bytes) = (
  SELECT count(*), ifnull(sum(size), 0) FROM events
  WHERE events.topic_id = topics.topic_id AND only_group_id IS NULL)`
const recountGroups = `UPDATE groups SET (pending, pending_bytes) = (
  SELECT count(*), ifnull(sum(size), 0) FROM events
  WHERE events.topic_id = groups.topic_id AND ifnull(only_group_id, group_id) = group_id
    AND (seq > cursor OR seq IN (SELECT seq FROM taken WHERE taken.group_id = groups.group_id)))`

function readTopic(row: SqlRow): TopicRecord {
  return {
    topicId: integer(row, 'topic_id'),
    name: text(row, 'name'),
    events: integer(row, 'events'),
    bytes: integer(row, 'bytes'),
    groups: [],
  }
}

function readGroup(row: SqlRow, topic: TopicRecord): GroupRecord {
  return {
    groupId: integer(row, 'group_id'),
    topic,
    name: text(row, 'name'),
    cursor: integer(row, 'cursor'),
    pending: integer(row, 'pending'),
    pendingBytes: integer(row, 'pending_bytes'),
    activeAtMs: optionalInteger(row, 'active_at_ms'),
  }
}

/** A count with a flipped bit would refuse events for ever. */
export function topicChecksum({ topicId, name, events, bytes }: Omit<TopicRecord, 'groups'>): number {
  return crc32(JSON.stringify([topicId, name, events, bytes]))
}

export function groupChecksum(group: GroupNumbers): number {
  const { groupId, topic, name, cursor, pending, pendingBytes } = group
  return crc32(JSON.stringify([groupId, topic.topicId, name, cursor, pending, pendingBytes]))
}
