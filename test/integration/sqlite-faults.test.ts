import { Database } from 'bun:sqlite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ControlledQueue, startControlledQueue } from '../support/controlled-queue.ts'
import { queuedEvent, queuedEvents } from '../support/queue-events.ts'
import { SqliteHarness } from '../support/sqlite-harness.ts'
import { verifies } from '../support/verifies.ts'

const processWaitMs = 60_000
let stateDirectory: string
let process_: ControlledQueue | undefined

beforeEach(() => {
  stateDirectory = mkdtempSync(join(tmpdir(), 'sis-faults-'))
})
afterEach(async () => {
  await process_?.end()
  process_ = undefined
  rmSync(stateDirectory, { recursive: true, force: true })
})

const sqlite = (limits = {}) => ({ backend: 'sqlite', stateDirectory, pid: 1, limits }) as const

// Not `expect().rejects`: Bun 1.4.5 waits for it without taking messages of workers, and so for ever.
const codeOf = (promise: Promise<unknown>) => promise.catch((error: { readonly code?: string }) => error.code)

/** Rows of the file, looked at from outside. */
function storedIds(): readonly string[] {
  const db = new Database(join(stateDirectory, 'queue', 'events.db'), { readonly: true })
  try {
    return db
      .query<{ id: string }, []>('SELECT id FROM events ORDER BY seq')
      .all()
      .map(({ id }) => id)
  } finally {
    db.close()
  }
}

/** What the file holds without its WAL, whose syncs have failed. */
function idsInFileAlone(): readonly string[] {
  const copy = join(stateDirectory, 'copy.db')
  copyFileSync(join(stateDirectory, 'queue', 'events.db'), copy)
  const db = new Database(copy)
  try {
    return db
      .query<{ id: string }, []>('SELECT id FROM events ORDER BY seq')
      .all()
      .map(({ id }) => id)
  } finally {
    db.close()
  }
}

const compiler = Bun.which('cc') ?? Bun.which('gcc')
const canFakeDisk = process.platform === 'linux' && compiler !== null
if (!canFakeDisk)
  process.stderr.write(
    `${'skipped: a slow and a failing disk need Linux and a C compiler (apt-get install gcc)'}\n`,
  )

describe.skipIf(!canFakeDisk)('a disk', () => {
  let folder: string
  let library: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sis-disk-'))
    library = join(folder, 'slow-disk.so')
    const source = join(import.meta.dir, '..', 'support', 'slow-disk.c')
    const built = Bun.spawn([compiler ?? 'cc', '-shared', '-fPIC', '-o', library, source, '-ldl'])
    expect(await built.exited).toBe(0)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  async function startOnFakeDisk(): Promise<{
    queue: ControlledQueue
    disk(mood: 'slow' | 'broken' | 'well'): void
  }> {
    const moodFile = join(stateDirectory, 'mood')
    const env = { LD_PRELOAD: library, SLOW_DISK_FILE: moodFile }
    const queue = await startControlledQueue({ queue: sqlite(), env })
    process_ = queue
    return { queue, disk: (mood) => writeFileSync(moodFile, { slow: 's', broken: 'e', well: '-' }[mood]) }
  }

  verifies(
    'queue:sqlite:slow-disk',
    'F16: a sync that takes 3 seconds costs 503 at the deadline, and the event loop does not notice',
    async () => {
      const { queue, disk } = await startOnFakeDisk()
      expect(await queue.ask({ publish: 'before' })).toBe('stored')
      disk('slow')
      await queue.ask({ gap: 1 })
      expect(await queue.ask({ publish: 'slow' })).toBe('QUEUE_UNAVAILABLE')
      // On the main thread the loop would have stood still for the whole 3,000 ms.
      expect(Number(await queue.ask({ gap: 1 }))).toBeLessThan(1_500)
      disk('well')
      // What was stored too late all the same is a duplicate; either way it is there once.
      expect(['stored', 'duplicate']).toContain(String(await queue.ask({ publish: 'slow' })))
      expect(await queue.ask({ publish: 'after' })).toBe('stored')
      expect(storedIds()).toEqual(['before', 'slow', 'after'])
    },
    processWaitMs,
  )

  verifies(
    'queue:sqlite:broken-disk',
    'F16: a sync that fails refuses the event and the ping, and the queue recovers by itself',
    async () => {
      const { queue, disk } = await startOnFakeDisk()
      expect(await queue.ask({ publish: 'before' })).toBe('stored')
      disk('broken')
      expect(await queue.ask({ publish: 'a' })).toBe('QUEUE_UNAVAILABLE')
      expect(await queue.ask({ ping: 1 })).toBe('QUEUE_UNAVAILABLE')
      disk('well')
      expect(await queue.ask({ ping: 1 })).toBe('ok')
      // The refused transaction was written and not synced: read back it is a duplicate, which is true only if it is durable by now.
      expect(await queue.ask({ publish: 'a' })).toBe('duplicate')
      expect(storedIds()).toEqual(['before', 'a'])
      expect(idsInFileAlone()).toEqual(['before', 'a'])
      expect(await queue.ask({ publish: 'b' })).toBe('stored')
    },
    processWaitMs,
  )
})

const tracer = process.platform === 'linux' ? Bun.which('strace') : null
if (tracer === null)
  process.stderr.write(`${'skipped: the order of sync and answer needs strace (apt-get install strace)'}\n`)

describe.skipIf(tracer === null)('power loss', () => {
  verifies(
    'queue:sqlite:synced',
    'F2: every acknowledgement comes after a sync of what it acknowledges',
    async () => {
      const trace = join(stateDirectory, 'trace')
      const wrapper = [
        tracer ?? 'strace',
        '-f',
        '-o',
        trace,
        '-e',
        'trace=fdatasync,fsync,write,pwrite64',
        '-s',
        '40',
      ]
      const queue = await startControlledQueue({ queue: sqlite(), wrapper })
      process_ = queue
      for (const id of ['a', 'b', 'c']) expect(await queue.ask({ publish: id })).toBe('stored')
      await queue.end()
      const calls = readFileSync(trace, 'utf8')
        .split('\n')
        .flatMap((line) => {
          if (/write\(1, "\\"stored/.test(line)) return 'answer'
          if (/(fdatasync|fsync)(\(| resumed).* = 0$/.test(line)) return 'sync'
          return /pwrite64\(/.test(line) ? 'write' : []
        })
      // Between one answer and the next: written, then synced.
      const rounds = calls.join(' ').split('answer').slice(0, 3)
      expect(rounds).toHaveLength(3)
      for (const round of rounds) expect(round).toMatch(/write (write )*sync $/)
    },
    processWaitMs,
  )
})

const canMount = process.platform === 'linux' && process.getuid?.() === 0
if (!canMount)
  process.stderr.write(`${'skipped: a full disk needs Linux and root, to mount a small tmpfs'}\n`)

describe.skipIf(!canMount)('a full disk', () => {
  verifies(
    'queue:sqlite:full-disk',
    'F15: a full disk refuses events, keeps every one that was acknowledged, and recovers when there is room',
    async () => {
      const mount = Bun.spawn(['mount', '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', stateDirectory])
      expect(await mount.exited).toBe(0)
      const harness = new SqliteHarness(stateDirectory)
      try {
        const ballast = join(stateDirectory, 'ballast')
        const queue = harness.createQueue({ eventsMax: 100_000 })
        await queue.start()
        writeFileSync(ballast, new Uint8Array(2 * 1024 * 1024))
        const stored: string[] = []
        let refused = 0
        for (const event of queuedEvents(1_000)) {
          const bytes = new Uint8Array(8_000)
          const outcome = await codeOf(queue.publish({ ...event, bytes }))
          if (outcome === 'stored') stored.push(event.id)
          else {
            expect(outcome).toBe('QUEUE_UNAVAILABLE')
            refused++
          }
        }
        expect(stored.length).toBeGreaterThan(0)
        expect(refused).toBeGreaterThan(0)
        rmSync(ballast)
        await queue.ping()
        expect(await queue.publish(queuedEvent({ id: 'after' }))).toBe('stored')
        expect(await queue.depth()).toMatchObject({ events: stored.length + 1 })
        expect(storedIds()).toEqual([...stored, 'after'])
      } finally {
        await harness.close()
        await Bun.spawn(['umount', stateDirectory]).exited
      }
    },
    processWaitMs,
  )
})

describe('an event that kills', () => {
  /** One life of a process that consumes until it is killed or nothing is left; what it said it took. */
  async function live(publish: readonly string[]): Promise<readonly string[]> {
    const retry = { attemptsMax: 3, firstMs: 10, longestMs: 10 }
    const queue = await startControlledQueue({ queue: sqlite({ retry }) })
    process_ = queue
    for (const id of publish) await queue.ask({ publish: id })
    const said: string[] = []
    let line = await queue.ask({ consume: ['killer'] })
    while (line !== undefined && !isDrained(line)) {
      if (typeof line === 'string') said.push(line)
      line = await queue.ask({ depth: 1 })
    }
    await queue.end()
    return said
  }

  const isDrained = (line: unknown) =>
    typeof line === 'object' && line !== null && 'pending' in line && line.pending === 0

  verifies(
    'queue:sqlite:killer-event',
    'F13: an event during which the process ends each time becomes a dead letter, and takes no neighbour with it',
    async () => {
      const said = [...(await live(['n1', 'n2', 'killer', 'n3', 'n4', 'n5']))]
      for (let life = 1; life < 8; life++) said.push(...(await live([])))
      const db = new Database(join(stateDirectory, 'queue', 'events.db'), { readonly: true })
      const letters = db.query('SELECT id, attempts, reason FROM dead_letters').all()
      const left = db.query('SELECT pending FROM groups').all()
      db.close()
      expect(letters).toEqual([{ id: 'killer', attempts: 3, reason: 'PROCESS_ENDED' }])
      expect(left).toEqual([{ pending: 0 }])
      for (const id of ['n1', 'n2', 'n3', 'n4', 'n5']) {
        expect(said.some((line) => line.startsWith(`took ${id}/`))).toBe(true)
      }
    },
    processWaitMs,
  )
})

test('a database that somebody keeps locked refuses, and goes on when it is free', async () => {
  const harness = new SqliteHarness()
  try {
    const queue = harness.createQueue()
    await queue.start()
    harness.beginOutage()
    expect(await codeOf(queue.publish(queuedEvent({ id: 'a' })))).toBe('QUEUE_UNAVAILABLE')
    expect(await codeOf(queue.ping())).toBe('QUEUE_UNAVAILABLE')
    harness.endOutage()
    await queue.ping()
    expect(await queue.publish(queuedEvent({ id: 'a' }))).toBe('stored')
  } finally {
    await harness.close()
  }
})
