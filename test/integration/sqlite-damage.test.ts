import { Database } from 'bun:sqlite'
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import type { QueuedEvent } from '../../src/queue/driver.ts'
import type { SqliteQueue } from '../../src/queue/sqlite.ts'
import { queuedEvent, topic } from '../support/queue-events.ts'
import { SqliteHarness } from '../support/sqlite-harness.ts'
import { verifies } from '../support/verifies.ts'

const pageBytes = 4_096
const eventCount = 200
const damageWaitMs = 60_000
let harness: SqliteHarness

beforeEach(() => {
  harness = new SqliteHarness()
})
afterEach(() => harness.close())

const events: readonly QueuedEvent[] = Array.from({ length: eventCount }, (_, index) =>
  queuedEvent({ id: `Ev${index}`, bytes: new Uint8Array(900).fill(index) }),
)

/** A file with a group that is behind by every event, one dead letter and nobody at work. */
async function fill(): Promise<string> {
  const queue = harness.createQueue({ retry: { attemptsMax: 1, firstMs: 1, longestMs: 1 } })
  await queue.start()
  const controller = new AbortController()
  const ended = queue.subscribe({
    topic,
    group: 'g',
    handler: () => Promise.reject(new Error('no')),
    signal: controller.signal,
  })
  await queue.publish(queuedEvent({ id: 'dead' }))
  while ((await queue.depth()).deadLetters === 0) await harness.advance(5)
  controller.abort()
  await ended
  await Promise.all(events.map((event) => queue.publish(event)))
  await queue.stop()
  return join(harness.directory, 'events.db')
}

/** Everything that the group gets, until nothing is pending. */
async function drain(queue: SqliteQueue): Promise<readonly QueuedEvent[]> {
  const delivered: QueuedEvent[] = []
  const controller = new AbortController()
  const ended = queue.subscribe({
    topic,
    group: 'g',
    concurrencyMax: 16,
    handler: async ({ event }) => void delivered.push(event),
    signal: controller.signal,
  })
  const pending = async () =>
    (await queue.groups().catch(() => [])).find((found) => found.topic === topic && found.group === 'g')
      ?.pending
  while ((await pending()) !== 0) await harness.advance(50)
  controller.abort()
  await ended
  return delivered
}

/** Whether what was delivered is what was published, byte for byte. */
function areSound(delivered: readonly QueuedEvent[]): boolean {
  // A group that begins anew sees the one that is a dead letter again too.
  const byId = new Map([queuedEvent({ id: 'dead' }), ...events].map((event) => [event.id, event]))
  return delivered.every((event) => Bun.deepEquals(event, byId.get(event.id), true))
}

verifies(
  'queue:sqlite:salvage',
  'F3: pages that cannot be read cost the events on them and no others',
  async () => {
    const path = await fill()
    const bytes = readFileSync(path)
    const pages = bytes.byteLength / pageBytes
    // Two pages of events far from each other and from both ends; the middle must be rescued too.
    for (const page of [Math.floor(pages / 3), Math.floor((2 * pages) / 3)])
      bytes.fill(0xff, page * pageBytes, (page + 1) * pageBytes)
    writeFileSync(path, bytes)
    const queue = harness.createQueue()
    await queue.start()
    const delivered = await drain(queue)
    expect(areSound(delivered)).toBe(true)
    const ids = new Set(delivered.map(({ id }) => id))
    // Each page holds at most four of these events.
    expect(ids.size).toBeGreaterThanOrEqual(eventCount - 8)
    expect(ids.size).toBeLessThan(eventCount)
    expect(harness.log.named('queue_file_moved_aside')).toHaveLength(1)
    expect((await queue.deadLetters(topic, 5)).map(({ event }) => event.id)).toEqual(['dead'])
    expect(await queue.publish(queuedEvent({ id: 'Ev0' }))).toBe('duplicate')
    expect(await queue.publish(queuedEvent({ id: 'new' }))).toBe('stored')
  },
  damageWaitMs,
)

test(
  'F3: a bit that flipped anywhere neither stops the server nor passes for an event',
  async () => {
    const path = await fill()
    const sound = readFileSync(path)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(sound.byteLength * 8 - 1), { minLength: 1, maxLength: 20 }),
        async (bits) => {
          const bytes = Buffer.from(sound)
          for (const bit of bits) {
            const at = bit >> 3
            // Byte 60 to 63 hold the version of the schema: a flip there makes a file of a newer release, which is refused by design.
            if (at < 60 || at > 63) bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (bit & 7)), at)
          }
          writeFileSync(path, bytes)
          const queue = harness.createQueue()
          await queue.start()
          expect(areSound(await drain(queue))).toBe(true)
          // The one who meets a page that nobody read before is refused, and with that the file is repaired.
          const publish = () => queue.publish(queuedEvent({ id: 'new' }))
          expect(await publish().catch(publish)).toBe('stored')
          await queue.stop()
        },
      ),
      { numRuns: 12, endOnFailure: true, examples: knownFlips(sound).map((bit) => [[bit]]) },
    )
  },
  damageWaitMs,
)

test.each([
  ['a count of events', 'UPDATE topics SET events = events + 65536'],
  ['a count of a group', 'UPDATE groups SET pending = pending + 65536'],
  ['a cursor', 'UPDATE groups SET cursor = cursor + 1000000'],
])('%s with a flipped bit is found, and no event is passed over for it', async (_what, damage) => {
  const db = new Database(await fill())
  db.run(damage)
  db.close()
  const queue = harness.createQueue()
  await queue.start()
  expect(await queue.depth()).toMatchObject({ events: eventCount + 1 })
  const delivered = await drain(queue)
  const ids = new Set(delivered.map(({ id }) => id))
  expect(events.filter(({ id }) => !ids.has(id))).toEqual([])
})

/** Flips one bit of the name or the number of the topic, in its table. */
function flipTopic(path: string, what: 'name' | 'number', bit: number): void {
  const db = new Database(path)
  const { rootpage } = db
    .query<{ rootpage: number }, []>("SELECT rootpage FROM sqlite_schema WHERE name = 'topics'")
    .get() ?? { rootpage: 0 }
  db.close()
  const bytes = readFileSync(path)
  const name = bytes.indexOf(topic, (rootpage - 1) * pageBytes)
  // The cell begins with its length and the number of the row; then come five types, the first byte of which says how many there are.
  const number = bytes.lastIndexOf(Buffer.from([1]), name - 6)
  const at = what === 'name' ? name + 3 : number
  bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at)
  writeFileSync(path, bytes)
}

verifies(
  'queue:sqlite:salvage',
  'F3: a bit that flipped in the name or the number of a topic costs nothing of what lies under it',
  async () => {
    for (const [what, bit] of [
      ['name', 0],
      ['name', 7],
      ['number', 1],
    ] as const) {
      const path = await fill()
      flipTopic(path, what, bit)
      const queue = harness.createQueue()
      await queue.start()
      expect(harness.log.named('queue_file_moved_aside')).toHaveLength(1)
      expect((await queue.deadLetters(topic, 5)).map(({ event }) => event.id)).toEqual(['dead'])
      expect(await queue.publish(queuedEvent({ id: 'Ev0' }))).toBe('duplicate')
      const ids = new Set((await drain(queue)).map(({ id }) => id))
      expect([what, bit, events.filter(({ id }) => !ids.has(id)).length]).toEqual([what, bit, 0])
      await queue.stop()
      await harness.close()
      harness = new SqliteHarness()
    }
  },
  damageWaitMs,
)

verifies(
  'queue:sqlite:salvage',
  'F3: a bit that flipped anywhere in the row of a group costs it neither its name nor its place',
  async () => {
    for (const damage of [
      "name = 'f'",
      "name = 'w'",
      "name = CAST(x'e7' AS TEXT)",
      'group_id = group_id + 2',
      'topic_id = topic_id + 4',
      'cursor = (cursor | 1099511627776) - (cursor & 1099511627776)',
      'pending = pending + 65536',
      'pending_bytes = pending_bytes + 4294967296',
      'row_checksum = (row_checksum | 8) - (row_checksum & 8)',
    ]) {
      const db = new Database(await fill())
      db.run(`UPDATE groups SET ${damage}`)
      db.close()
      const queue = harness.createQueue()
      await queue.start()
      expect(harness.log.named('queue_file_moved_aside')).toHaveLength(1)
      const { pending } = await queue.depth()
      const ids = (await drain(queue)).map(({ id }) => id)
      const groups = (await queue.groups()).map(({ group }) => group)
      // Beginning anew it would get the one that is a dead letter again.
      expect([damage, pending, ids, groups]).toEqual([damage, eventCount, events.map(({ id }) => id), ['g']])
      await queue.stop()
      await harness.close()
      harness = new SqliteHarness()
    }
  },
  damageWaitMs,
)

test.each([1, 64])('an event whose number has bit %i flipped costs one event at most', async (mask) => {
  const path = await fill()
  const db = new Database(path, { readonly: true })
  const row = db.query<{ seq: number }, [string]>('SELECT seq FROM events WHERE id = ?').get('Ev100')
  db.close()
  const bytes = readFileSync(path)
  const number = varintOf(row?.seq ?? 0)
  const at = bytes.indexOf(number) + number.length - 1
  bytes.writeUInt8(bytes.readUInt8(at) ^ mask, at)
  writeFileSync(path, bytes)
  const queue = harness.createQueue()
  await queue.start()
  const delivered = await drain(queue)
  expect(areSound(delivered)).toBe(true)
  const ids = new Set(delivered.map(({ id }) => id))
  // Its own, or where its number is now that of its neighbour the one of both.
  expect(events.filter(({ id }) => !ids.has(id)).length).toBeLessThanOrEqual(1)
  expect(await queue.publish(queuedEvent({ id: 'new' }))).toBe('stored')
})

/** A whole number as SQLite's tables have it: seven bits a byte, the highest first. https://www.sqlite.org/fileformat.html#varint */
function varintOf(value: number): Buffer {
  const groups =
    value
      .toString(2)
      .padStart(Math.ceil(value.toString(2).length / 7) * 7, '0')
      .match(/.{7}/g) ?? []
  return Buffer.from(
    groups.map((bits, index) => (index === groups.length - 1 ? 0 : 128) + Number.parseInt(bits, 2)),
  )
}

/** Bits that SQLite reads without complaint: 'this file is read-only' and names of columns. */
function knownFlips(sound: Buffer): readonly number[] {
  const columns = ['size INTEGER', 'only_group_id INTEGER', 'cursor INTEGER', 'is_begun INTEGER']
  return [18, ...columns.map((column) => sound.indexOf(column))].map((at) => at * 8)
}

test('a group that its index has and its table has not begins anew', async () => {
  const path = await fill()
  const db = new Database(path, { readonly: true })
  const table = db
    .query<{ rootpage: number }, []>("SELECT rootpage FROM sqlite_schema WHERE name = 'groups'")
    .get()
  db.close()
  const bytes = readFileSync(path)
  // Behind the 8 bytes of the page's header: where on the page its one row stands.
  const at = ((table?.rootpage ?? 0) - 1) * pageBytes + 8
  bytes.writeUInt8(bytes.readUInt8(at) ^ 8, at)
  writeFileSync(path, bytes)
  const queue = harness.createQueue()
  await queue.start()
  const ids = new Set((await drain(queue)).map(({ id }) => id))
  expect(events.filter(({ id }) => !ids.has(id))).toEqual([])
})

test('with a flipped bit in the name of a column every event is still there', async () => {
  const path = await fill()
  const bytes = readFileSync(path)
  const at = bytes.indexOf('size INTEGER')
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
  writeFileSync(path, bytes)
  const queue = harness.createQueue()
  await queue.start()
  expect(await drain(queue)).toHaveLength(eventCount)
  expect(harness.log.named('queue_file_moved_aside')).toHaveLength(1)
})

test('an event that no reader can meet any more is not waited for', async () => {
  const path = await fill()
  const db = new Database(path)
  db.run('UPDATE events SET topic_id = topic_id + 1 WHERE id = ?', ['Ev7'])
  db.close()
  const queue = harness.createQueue()
  await queue.start()
  expect(await drain(queue)).toHaveLength(eventCount - 1)
  expect(await queue.depth()).toMatchObject({ pending: 0, fill: 0 })
})
