import { blob, integer, type SqlDatabase, type SqlRow } from './sqlite-database.ts'
import { groupChecksum, type TopicRecord, topicChecksum } from './sqlite-ledger.ts'

/**
 * Gives topics in `fresh` the number and the name back that they had before one bit of either flipped in `damaged`: the checksum of the row
 * tells which. Under a wrong one all their events would be there and nobody would find them. Inside a transaction.
 */
export function mendTopics(damaged: SqlDatabase, fresh: SqlDatabase): void {
  const rows = damaged.prepare(`SELECT topic_id, ${nameAsBytes}, events, bytes, row_checksum FROM topics`)
  for (const row of rows.all()) {
    const topic = {
      topicId: integer(row, 'topic_id'),
      events: integer(row, 'events'),
      bytes: integer(row, 'bytes'),
    }
    const checksum = integer(row, 'row_checksum')
    const isRight = (found: Pick<TopicRecord, 'topicId' | 'name'>) =>
      topicChecksum({ ...topic, ...found }) === checksum
    const right = topicsOneBitAway(topic.topicId, blob(row, 'name')).find(isRight)
    if (right === undefined) continue
    fresh
      .prepare('UPDATE topics SET topic_id = ?, name = ? WHERE topic_id = ?')
      .run(right.topicId, right.name, topic.topicId)
  }
}

/**
 * Does the same for groups, whichever bit of the row it was. A group with another name is none that anybody asks for: its consumer would begin
 * anew, with everything kept. Inside a transaction.
 */
export function mendGroups(damaged: SqlDatabase, fresh: SqlDatabase): void {
  const rows = damaged.prepare(
    `SELECT group_id, topic_id, ${nameAsBytes}, cursor, pending, pending_bytes, row_checksum FROM groups`,
  )
  for (const row of rows.all()) {
    const right = groupsOneBitAway(row).find((group) => groupRowChecksum(group) === group.checksum)
    if (right === undefined) continue
    fresh
      .prepare(
        `UPDATE groups SET (group_id, topic_id, name, cursor, pending, pending_bytes, row_checksum) = (?, ?, ?, ?, ?, ?, ?)
         WHERE group_id = ?`,
      )
      .run(
        right.groupId,
        right.topicId,
        right.name,
        right.cursor,
        right.pending,
        right.pendingBytes,
        right.checksum,
        integer(row, 'group_id'),
      )
  }
}

/** As bytes: what flipped may be no text any more. */
const nameAsBytes = 'CAST(name AS BLOB) AS name'

/** What the row of a group holds, as far as its checksum covers it. */
interface GroupRow {
  readonly groupId: number
  readonly topicId: number
  readonly name: string
  readonly cursor: number
  readonly pending: number
  readonly pendingBytes: number
  readonly checksum: number
}

function groupRowChecksum({ topicId, ...group }: GroupRow): number {
  return groupChecksum({ ...group, topic: { topicId } })
}

function groupsOneBitAway(row: SqlRow): readonly GroupRow[] {
  const name = blob(row, 'name')
  const numbers = {
    groupId: integer(row, 'group_id'),
    topicId: integer(row, 'topic_id'),
    cursor: integer(row, 'cursor'),
    pending: integer(row, 'pending'),
    pendingBytes: integer(row, 'pending_bytes'),
    checksum: integer(row, 'row_checksum'),
  }
  const group = { ...numbers, name: Buffer.from(name).toString() }
  const byNumber = Object.entries(numbers).flatMap(([field, value]) =>
    numbersOneBitAway(value).map((number) => ({ ...group, [field]: number })),
  )
  return [...namesOneBitAway(name).map((found) => ({ ...group, name: found })), ...byNumber]
}

function topicsOneBitAway(
  topicId: number,
  name: Uint8Array,
): readonly Pick<TopicRecord, 'topicId' | 'name'>[] {
  const text = Buffer.from(name).toString()
  const ids = numbersOneBitAway(topicId).map((id) => ({ topicId: id, name: text }))
  return [...namesOneBitAway(name).map((found) => ({ topicId, name: found })), ...ids]
}

function namesOneBitAway(name: Uint8Array): readonly string[] {
  return Array.from({ length: name.byteLength * 8 }, (_, bit) => {
    const bytes = Buffer.from(name)
    bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    return bytes.toString()
  })
}

/** Of the numbers that this file holds none needs more bits. */
const numberBits = 53

function numbersOneBitAway(value: number): readonly number[] {
  return Array.from({ length: numberBits }, (_, bit) => Number(BigInt(value) ^ (1n << BigInt(bit))))
}
