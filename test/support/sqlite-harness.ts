import { Database } from 'bun:sqlite'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DurableLimits } from '../../src/queue/limits.ts'
import { SqliteQueue } from '../../src/queue/sqlite.ts'
import type { SqliteQueueOptions } from '../../src/queue/sqlite-options.ts'
import { type OpenWriterPort, openWriterThread } from '../../src/queue/sqlite-thread.ts'
import { contractLimits } from '../contract/queue-driver.ts'
import { FakeClock, settle } from './fake-clock.ts'
import { RecordingLogger } from './recording-logger.ts'
import { RecordingMetrics } from './recording-metrics.ts'
import { sequentialIds } from './sequential-ids.ts'

/** Lets other threads work; nothing is decided by how long it takes. */
const breathMs = 1
/** The longest time that passes without a breath: what a timer starts in another thread must not be overtaken by the next timer. */
const strideMs = 60_000

/** A directory of its own, SQLite queues in it with real writer threads and an injected clock. */
export class SqliteHarness {
  readonly clock = new FakeClock()
  readonly log = new RecordingLogger()
  readonly metrics = new RecordingMetrics()
  readonly stateDirectory: string
  readonly directory: string
  readonly #queues: SqliteQueue[] = []
  readonly #isGiven: boolean
  #threadCount = 0
  #intruder: Database | undefined

  /** Without `given` it makes a state directory and removes it again. */
  constructor(given?: string) {
    this.#isGiven = given !== undefined
    this.stateDirectory = given ?? mkdtempSync(join(tmpdir(), 'sis-sqlite-'))
    this.directory = join(this.stateDirectory, 'queue')
  }

  createQueue(limits: Partial<DurableLimits> = {}, options: Partial<SqliteQueueOptions> = {}): SqliteQueue {
    const queue = new SqliteQueue(
      {
        directory: this.directory,
        pid: 4711,
        limits: { ...contractLimits(limits), retentionMs: 3_600_000, ...limits },
        lockWaitMs: 20,
        openWriter: this.countThreads(openWriterThread),
        ...options,
      },
      { clock: this.clock, ids: sequentialIds(), log: this.log, metrics: this.metrics },
    )
    this.#queues.push(queue)
    return queue
  }

  /** Threads and timers alive. */
  get openHandles(): number {
    return this.#threadCount + this.clock.timerCount
  }

  async advance(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs >= 0; leftMs -= strideMs) {
      await this.clock.advance(Math.min(leftMs, strideMs))
      await Bun.sleep(breathMs)
      await settle()
    }
  }

  /** Somebody else (a backup tool, say) keeps the file locked: no transaction begins. */
  beginOutage(): void {
    this.#intruder = new Database(join(this.directory, 'events.db'))
    this.#intruder.run('BEGIN IMMEDIATE')
  }

  endOutage(): void {
    this.#intruder?.run('ROLLBACK')
    this.#intruder?.close()
    this.#intruder = undefined
  }

  async close(): Promise<void> {
    this.endOutage()
    let hasStopped = false
    const stopped = Promise.all(this.#queues.map((queue) => queue.stop())).finally(() => {
      hasStopped = true
    })
    while (!hasStopped) await this.advance(1_000)
    await stopped
    if (!this.#isGiven) rmSync(this.stateDirectory, { recursive: true, force: true })
  }

  countThreads(openPort: OpenWriterPort): OpenWriterPort {
    return (events) => {
      this.#threadCount++
      const port = openPort(events)
      return {
        send: (envelope) => port.send(envelope),
        terminate: () => {
          this.#threadCount--
          port.terminate()
        },
      }
    }
  }
}
