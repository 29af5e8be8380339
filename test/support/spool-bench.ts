import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSystemIds } from '../../src/base/ids.ts'
import { Secret } from '../../src/base/secret.ts'
import { type SpoolOptions, SpoolQueue } from '../../src/queue/spool.ts'
import { contractLimits } from '../contract/queue-driver.ts'
import { topic } from './queue-events.ts'
import { BenchConsumer, patientTimeoutMs, RedisBench } from './redis-bench.ts'

/** A Redis of its own, a state directory, and spools over them, all ended by `close`. */
export class SpoolBench {
  readonly redis: RedisBench
  readonly stateDirectory: string
  readonly #drivers: SpoolQueue[] = []
  readonly #consumers: BenchConsumer[] = []

  private constructor(redis: RedisBench, stateDirectory: string) {
    this.redis = redis
    this.stateDirectory = stateDirectory
  }

  static async open(): Promise<SpoolBench> {
    return new SpoolBench(await RedisBench.open(), await mkdtemp(join(tmpdir(), 'spool-test-')))
  }

  /** Each name is a state directory of its own, as each replica has. */
  createDriver(
    options: {
      readonly name?: string
      readonly address?: string
      readonly redis?: Partial<SpoolOptions['redis']>
      readonly spool?: Partial<SpoolOptions['spool']>
    } = {},
  ): SpoolQueue {
    const { server, clock, log, metrics } = this.redis
    const driver = new SpoolQueue(
      {
        redis: {
          url: new Secret(options.address ?? server.url),
          topics: [topic],
          commandTimeoutMs: patientTimeoutMs,
          ...options.redis,
          limits: { ...contractLimits({ eventsMax: 100_000 }), ...options.redis?.limits },
        },
        spool: { directory: join(this.stateDirectory, options.name ?? 'one'), pid: 4711, ...options.spool },
      },
      { clock, ids: createSystemIds(), log, metrics },
    )
    this.#drivers.push(driver)
    return driver
  }

  async startDriver(options: Parameters<SpoolBench['createDriver']>[0] = {}): Promise<SpoolQueue> {
    const driver = this.createDriver(options)
    await driver.start()
    return driver
  }

  consume(driver: SpoolQueue): BenchConsumer {
    const consumer = new BenchConsumer(driver, {})
    this.#consumers.push(consumer)
    return consumer
  }

  async close(): Promise<void> {
    this.redis.server.thaw()
    for (const consumer of this.#consumers) consumer.abort()
    await Promise.all(this.#drivers.map((driver) => driver.stop()))
    await this.redis.close()
    await rm(this.stateDirectory, { recursive: true, force: true })
  }
}
