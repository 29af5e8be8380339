import { Database } from 'bun:sqlite'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSystemClock, sleep } from '../../src/base/clock.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { durableLimitsDefault } from '../../src/queue/limits.ts'
import { SqliteQueue } from '../../src/queue/sqlite.ts'
import { boundless, type KillGoal, lifeMaxMs, liveAndDie } from './killed-publisher.ts'
import { topic } from './queue-events.ts'
import { RecordingLogger } from './recording-logger.ts'
import { RecordingMetrics } from './recording-metrics.ts'

export interface KillRoundsReport {
  readonly rounds: number
  readonly acknowledged: number
  /** Acknowledged and not in the file. */
  readonly lost: number
  /** In the file more than once. */
  readonly doubled: number
  /** Acknowledged and never given to a handler, not even in the end. */
  readonly undelivered: number
  readonly deadLetters: number
  /** What SQLite's own check says of the file. */
  readonly integrity: string
}

/** Kills a process that publishes and consumes, again and again over one directory, and compares what it acknowledged with what is there. */
export async function runKillRounds(goal: KillGoal): Promise<KillRoundsReport> {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'sis-kill-'))
  const options = { backend: 'sqlite', stateDirectory, pid: 1, limits: boundless }
  const kill = async (child: Bun.Subprocess) => {
    await sleep(createSystemClock(), Math.random() * lifeMaxMs)
    child.kill('SIGKILL')
  }
  try {
    const acknowledged = new Set<string>()
    const delivered = new Set<string>()
    let round = 0
    for (; round < goal.rounds || acknowledged.size < (goal.events ?? 0); round++) {
      for (const line of await liveAndDie(options, round, kill)) {
        if (line.startsWith('a ')) acknowledged.add(line.slice(2))
        if (line.startsWith('d ')) delivered.add(line.slice(2))
      }
    }
    const deadLetters = await drain(stateDirectory, delivered)
    return { rounds: round, deadLetters, ...compare(stateDirectory, acknowledged, delivered) }
  } finally {
    rmSync(stateDirectory, { recursive: true, force: true })
  }
}

/** Consumes what is left; how many dead letters there are then. */
async function drain(stateDirectory: string, delivered: Set<string>): Promise<number> {
  const clock = createSystemClock()
  const queue = new SqliteQueue(
    { directory: join(stateDirectory, 'queue'), pid: 1, limits: { ...durableLimitsDefault, ...boundless } },
    { clock, ids: createSystemIds(), log: new RecordingLogger(), metrics: new RecordingMetrics() },
  )
  await queue.start()
  const controller = new AbortController()
  const ended = queue.subscribe({
    topic,
    group: 'g',
    concurrencyMax: 64,
    handler: async ({ event }) => void delivered.add(event.id),
    signal: controller.signal,
  })
  while ((await queue.groups()).some(({ pending }) => pending > 0)) await sleep(clock, 10)
  controller.abort()
  await ended
  const { deadLetters } = await queue.depth()
  await queue.stop()
  return deadLetters
}

function compare(stateDirectory: string, acknowledged: ReadonlySet<string>, delivered: ReadonlySet<string>) {
  const db = new Database(join(stateDirectory, 'queue', 'events.db'), { readonly: true })
  try {
    const counts = new Map<string, number>()
    for (const { id } of db.query<{ id: string }, []>('SELECT id FROM events').all()) {
      counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    const integrity = db.query<{ integrity_check: string }, []>('PRAGMA integrity_check').get()
    return {
      acknowledged: acknowledged.size,
      lost: [...acknowledged].filter((id) => !counts.has(id)).length,
      doubled: [...counts.values()].filter((count) => count > 1).length,
      undelivered: [...acknowledged].filter((id) => !delivered.has(id)).length,
      integrity: integrity?.integrity_check ?? 'none',
    }
  } finally {
    db.close()
  }
}
