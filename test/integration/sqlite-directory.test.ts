import { Database } from 'bun:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { AppError } from '../../src/base/errors.ts'
import { queuedEvent, topic } from '../support/queue-events.ts'
import { SqliteHarness } from '../support/sqlite-harness.ts'
import { verifies } from '../support/verifies.ts'

let harness: SqliteHarness
const path = (name: string) => join(harness.directory, name)
const modeOf = (file: string) => (statSync(file).mode & 0o777).toString(8)

beforeEach(() => {
  harness = new SqliteHarness()
})
afterEach(() => harness.close())

/** The error of a start that is refused; nothing may be left running. */
async function refusal(): Promise<AppError> {
  const handlesBefore = harness.openHandles
  const queue = harness.createQueue()
  const thrown = await queue.start().then(
    () => expect.unreachable('started'),
    (error: unknown) => error,
  )
  if (!(thrown instanceof AppError)) throw thrown
  await expect(queue.publish(queuedEvent({ id: 'a' }))).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' })
  await queue.stop()
  expect(harness.openHandles).toBe(handlesBefore)
  return thrown
}

describe('the folder', () => {
  verifies('queue:sqlite:modes', 'the folder is ours alone, and so is every file in it', async () => {
    const queue = harness.createQueue()
    await queue.start()
    await queue.publish(queuedEvent({ id: 'a' }))
    expect(modeOf(harness.directory)).toBe('700')
    const names = ['events.db', 'events.db-wal', 'events.db-shm', 'lock.db', 'server.pid']
    expect(names.map((name) => `${name} ${modeOf(path(name))}`)).toEqual(names.map((name) => `${name} 600`))
    expect(readFileSync(path('server.pid'), 'utf8')).toBe('4711\n')
  })

  test('narrows the modes of a folder and files that were wider', async () => {
    mkdirSync(harness.directory, { mode: 0o755 })
    writeFileSync(path('events.db'), '', { mode: 0o644 })
    const queue = harness.createQueue()
    await queue.start()
    expect([modeOf(harness.directory), modeOf(path('events.db'))]).toEqual(['700', '600'])
  })

  test('leaves no pid and no WAL behind after a stop', async () => {
    const queue = harness.createQueue()
    await queue.start()
    await queue.publish(queuedEvent({ id: 'a' }))
    await queue.stop()
    const left = ['server.pid', 'events.db-wal', 'events.db-shm'].filter((name) => existsSync(path(name)))
    expect(left).toEqual([])
  })

  verifies(
    'queue:sqlite:one-server',
    'a second server on the same directory is refused and told the pid of the first',
    async () => {
      const first = harness.createQueue()
      await first.start()
      const error = await refusal()
      expect(error).toMatchObject({ code: 'STATE_DIR_IN_USE', details: { pid: 4711 } })
      expect(await first.publish(queuedEvent({ id: 'a' }))).toBe('stored')
      await first.stop()
      await harness.createQueue().start()
    },
  )

  test('a holder that has not said who it is yet is named 0', async () => {
    await harness.createQueue().start()
    rmSync(path('server.pid'))
    expect(await refusal()).toMatchObject({ code: 'STATE_DIR_IN_USE', details: { pid: 0 } })
  })
})

describe('a folder that cannot be used', () => {
  const unusable = (fault: string) => ({ code: 'STATE_DIR_UNUSABLE', details: { fault } })

  test('F17: is missing its parent', async () => {
    rmSync(harness.stateDirectory, { recursive: true })
    expect(await refusal()).toMatchObject(unusable('missing'))
  })

  test('is a file, or lies in one', async () => {
    writeFileSync(harness.directory, '')
    expect(await refusal()).toMatchObject(unusable('not_a_directory'))
    rmSync(harness.stateDirectory, { recursive: true })
    writeFileSync(harness.stateDirectory, '')
    expect(await refusal()).toMatchObject(unusable('not_a_directory'))
  })

  test('is a symbolic link, also a dangling one', async () => {
    const elsewhere = join(harness.stateDirectory, 'elsewhere')
    symlinkSync(elsewhere, harness.directory)
    expect(await refusal()).toMatchObject(unusable('symlink'))
    mkdirSync(elsewhere)
    expect(await refusal()).toMatchObject(unusable('symlink'))
    expect(existsSync(join(elsewhere, 'events.db'))).toBe(false)
  })

  test.each(['events.db', 'events.db-wal', 'lock.db', 'lock.db-journal', 'server.pid'])(
    'holds a symbolic link where %s belongs',
    async (name) => {
      mkdirSync(harness.directory)
      const target = join(harness.stateDirectory, 'target')
      writeFileSync(target, 'precious')
      symlinkSync(target, path(name))
      expect(await refusal()).toMatchObject(unusable('symlink'))
      expect(readFileSync(target, 'utf8')).toBe('precious')
      expect(lstatSync(path(name)).isSymbolicLink()).toBe(true)
    },
  )

  // Only root can give a file away.
  test.skipIf(userInfo().uid !== 0)('belongs to another user, or a file in it does', async () => {
    mkdirSync(harness.directory)
    chownSync(harness.directory, 12_345, 0)
    expect(await refusal()).toMatchObject(unusable('other_owner'))
    chownSync(harness.directory, 0, 0)
    writeFileSync(path('events.db'), '')
    chownSync(path('events.db'), 12_345, 0)
    expect(await refusal()).toMatchObject(unusable('other_owner'))
  })

  verifies(
    'queue:sqlite:newer-schema',
    'F32: a file of a newer release is refused by name and not touched',
    async () => {
      await (async () => {
        const queue = harness.createQueue()
        await queue.start()
        await queue.publish(queuedEvent({ id: 'a' }))
        await queue.stop()
      })()
      const db = new Database(path('events.db'))
      db.run('PRAGMA user_version = 3')
      db.run('PRAGMA wal_checkpoint(TRUNCATE)')
      db.close()
      const before = new Bun.CryptoHasher('sha256').update(readFileSync(path('events.db'))).digest('hex')
      expect(await refusal()).toMatchObject({
        code: 'STATE_DIR_UNUSABLE',
        details: { fault: 'newer_schema', schema_version: 3 },
      })
      const after = new Bun.CryptoHasher('sha256').update(readFileSync(path('events.db'))).digest('hex')
      expect(after).toBe(before)
    },
  )
})

describe('a damaged file', () => {
  verifies(
    'queue:sqlite:moved-aside',
    'F3: an unreadable file is kept under another name and a new one begins',
    async () => {
      mkdirSync(harness.directory)
      const garbage = new Uint8Array(8_192).fill(0xab)
      writeFileSync(path('events.db'), garbage)
      const queue = harness.createQueue()
      await queue.start()
      expect(await queue.publish(queuedEvent({ id: 'a' }))).toBe('stored')
      const aside = `${path('events.db')}.unreadable-${harness.clock.now()}`
      expect(harness.log.named('queue_file_moved_aside')).toMatchObject([
        { level: 'error', fields: { path: aside, rescued_events: 0 } },
      ])
      expect(readFileSync(aside).equals(garbage)).toBe(true)
      expect(modeOf(path('events.db'))).toBe('600')
    },
  )

  verifies(
    'queue:sqlite:quarantine',
    'F3: a row that is not what was written is set aside and counted, the others are delivered',
    async () => {
      const first = harness.createQueue()
      await first.start()
      for (const id of ['a', 'b', 'c', 'd']) await first.publish(queuedEvent({ id }))
      await first.stop()
      const db = new Database(path('events.db'))
      db.run("UPDATE events SET payload = zeroblob(length(payload)) WHERE id = 'b'")
      db.run("UPDATE events SET key = 'other' WHERE id = 'c'")
      db.close()
      const queue = harness.createQueue()
      await queue.start()
      const seen: string[] = []
      const controller = new AbortController()
      const ended = queue.subscribe({
        topic,
        group: 'g',
        handler: async ({ event }) => void seen.push(event.id),
        signal: controller.signal,
      })
      while (((await queue.groups())[0]?.pending ?? 1) > 0) await harness.advance(10)
      controller.abort()
      await ended
      expect(seen).toEqual(['a', 'd'])
      expect(harness.metrics.sum('slackmcp_queue_quarantined_total')).toBe(2)
      expect(harness.log.named('queue_rows_quarantined').length).toBeGreaterThan(0)
      expect(await queue.depth()).toMatchObject({ events: 2, pending: 0 })
      await queue.stop()
      const kept = new Database(path('events.db'), { readonly: true })
      expect(kept.query('SELECT id FROM quarantine ORDER BY id').values()).toEqual([['b'], ['c']])
      kept.close()
    },
  )

  test('a row that is damaged is not shown, and a file that was restored from a copy goes on', async () => {
    const first = harness.createQueue()
    await first.start()
    for (const id of ['a', 'b']) await first.publish(queuedEvent({ id }))
    await first.stop()
    renameSync(path('events.db'), path('copy.db'))
    renameSync(path('copy.db'), path('events.db'))
    const db = new Database(path('events.db'))
    db.run("UPDATE events SET checksum = checksum + 1 WHERE id = 'a'")
    db.close()
    const queue = harness.createQueue()
    await queue.start()
    expect((await queue.recent(topic, 10)).map(({ id }) => id)).toEqual(['b'])
    expect(await queue.publish(queuedEvent({ id: 'b' }))).toBe('duplicate')
  })
})
