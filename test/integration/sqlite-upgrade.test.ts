import { Database } from 'bun:sqlite'
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { SqliteQueue } from '../../src/queue/sqlite.ts'
import { queuedEvent, topic } from '../support/queue-events.ts'
import { SqliteHarness } from '../support/sqlite-harness.ts'
import { verifies } from '../support/verifies.ts'

/**
 * Written by the last build with schema 1: a group `g` that handled the event `handled`, whose dead letter is `dead`, and for which `waiting0`
 * to `waiting2` wait. It is never written again.
 */
const firstSchemaFile = join(import.meta.dir, '../support/queue-schema-1.db.gz')
const waiting = ['waiting0', 'waiting1', 'waiting2']
let harness: SqliteHarness
const databasePath = () => join(harness.directory, 'events.db')

beforeEach(() => {
  harness = new SqliteHarness()
  mkdirSync(harness.directory)
})
afterEach(() => harness.close())

function placeFile(change: (file: Buffer) => void = () => undefined): void {
  const file = gunzipSync(readFileSync(firstSchemaFile))
  change(file)
  writeFileSync(databasePath(), file)
}

/** What the group gets until `count` events came. */
async function delivered(queue: SqliteQueue, count: number): Promise<readonly string[]> {
  const ids: string[] = []
  const controller = new AbortController()
  const ended = queue.subscribe({
    topic,
    group: 'g',
    handler: async ({ event }) => {
      expect(event).toEqual(queuedEvent({ id: event.id }))
      ids.push(event.id)
    },
    signal: controller.signal,
  })
  while (ids.length < count) await harness.advance(50)
  controller.abort()
  await ended
  return ids
}

verifies('queue:sqlite:upgrade', 'F32: a file of the first schema keeps everything it holds', async () => {
  placeFile()
  const queue = harness.createQueue()
  await queue.start()
  expect(harness.log.named('queue_file_moved_aside')).toEqual([])
  expect(await queue.groups()).toMatchObject([{ group: 'g', pending: 3 }])
  expect((await queue.deadLetters(topic, 5)).map(({ event }) => event)).toEqual([queuedEvent({ id: 'dead' })])
  expect(await queue.publish(queuedEvent({ id: 'handled' }))).toBe('duplicate')
  const { meta } = queuedEvent({ id: 'traced' })
  const traced = { ...meta, traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }
  expect(await queue.publish(queuedEvent({ id: 'traced', meta: traced }))).toBe('stored')
  expect((await queue.recent(topic, 1))[0]?.meta).toEqual(traced)
  await queue.replayDeadLetter({ topic, group: 'g', eventId: 'dead' })
  await queue.stop()
  const reopened = harness.createQueue()
  await reopened.start()
  expect(harness.log.named('queue_file_moved_aside')).toEqual([])
  expect(await reopened.groups()).toMatchObject([{ group: 'g', pending: 5 }])
})

test('an upgraded file hands on what waited, once and as it was', async () => {
  placeFile()
  const queue = harness.createQueue()
  await queue.start()
  expect(await delivered(queue, waiting.length)).toEqual(waiting)
  expect(await queue.groups()).toMatchObject([{ group: 'g', pending: 0 }])
})

test('an upgraded file is as one that was made new', async () => {
  placeFile()
  const definitions = async () => {
    const queue = harness.createQueue()
    await queue.start()
    await queue.stop()
    const db = new Database(databasePath(), { readonly: true })
    const version = db.query('PRAGMA user_version').get()
    const found = db.query('SELECT sql FROM sqlite_schema ORDER BY name').all()
    db.close()
    return { version, found }
  }
  const upgraded = await definitions()
  await harness.close()
  harness = new SqliteHarness()
  expect(upgraded).toEqual(await definitions())
})

test('an upgraded file loses a damaged row alone', async () => {
  // A byte of what waits first, whose checksum is that of the first schema.
  placeFile((file) => file.write('X', file.lastIndexOf('{"event_id":"waiting0"}')))
  const queue = harness.createQueue()
  await queue.start()
  expect(await delivered(queue, 2)).toEqual(['waiting1', 'waiting2'])
  expect(harness.metrics.sum('slackmcp_queue_quarantined_total')).toBe(1)
})

test('what can be read of a damaged file of the first schema goes into one of this release', async () => {
  placeFile((file) => file.write('X', file.lastIndexOf('pinged_at_ms INTEGER')))
  const queue = harness.createQueue()
  await queue.start()
  expect(harness.log.named('queue_file_moved_aside')).toMatchObject([{ fields: { rescued_events: 5 } }])
  expect(await delivered(queue, waiting.length)).toEqual(waiting)
  expect(await queue.publish(queuedEvent({ id: 'handled' }))).toBe('duplicate')
  expect((await queue.deadLetters(topic, 5)).map(({ event }) => event)).toEqual([queuedEvent({ id: 'dead' })])
})

test('a file of the first schema is found to be one though its number lost its bit', async () => {
  placeFile((file) => file.writeUInt32BE(0, 60))
  const queue = harness.createQueue()
  await queue.start()
  expect(harness.log.named('queue_file_moved_aside')).toEqual([])
  expect(await delivered(queue, waiting.length)).toEqual(waiting)
})
