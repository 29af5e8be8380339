import { blob, integer, type SqlDatabase } from './sqlite-database.ts'
import { type TopicRecord, topicChecksum } from './sqlite-ledger.ts'

/**
 * Gives topics in `fresh` the number and the name back that they had before one bit of either flipped in `damaged`: the checksum of the row
 * tells which. Under a wrong one all their events would be there and nobody would find them. Inside a transaction.
 */
export function mendTopics(damaged: SqlDatabase, fresh: SqlDatabase): void {
  // As bytes: what flipped may be no text any more.
  const rows = damaged.prepare(
    'SELECT topic_id, CAST(name AS BLOB) AS name, events, bytes, row_checksum FROM topics',
  )
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

function topicsOneBitAway(
  topicId: number,
  name: Uint8Array,
): readonly Pick<TopicRecord, 'topicId' | 'name'>[] {
  const text = Buffer.from(name).toString()
  const ids = Array.from({ length: 31 }, (_, bit) => ({ topicId: topicId ^ (1 << bit), name: text }))
  const names = Array.from({ length: name.byteLength * 8 }, (_, bit) => {
    const bytes = Buffer.from(name)
    bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    return { topicId, name: bytes.toString() }
  })
  return [...names, ...ids]
}
