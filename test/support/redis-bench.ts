import { createSystemIds } from '../../src/base/ids.ts'
import { Secret } from '../../src/base/secret.ts'
import type { Delivery, EventHandler, QueueBackend, Subscription } from '../../src/queue/driver.ts'
import { RedisQueue } from '../../src/queue/redis.ts'
import type { RedisQueueOptions } from '../../src/queue/redis-options.ts'
import { contractLimits, type QueueHarness } from '../contract/queue-driver.ts'
import { topic } from './queue-events.ts'
import { RecordingLogger } from './recording-logger.ts'
import { RecordingMetrics } from './recording-metrics.ts'
import { ageRedis, RedisServer } from './redis-server.ts'
import { ShiftingClock } from './shifting-clock.ts'

const waitMaxMs = 20_000
/** On a starved machine a Redis that is well may take seconds. Tests of one that hangs put the clock forward. */
export const patientTimeoutMs = 10_000
/** Up to here time passes by waiting; beyond, the clocks are put forward. */
const realWaitMaxMs = 100

/** A Redis of its own and drivers over it, all ended by `close`. */
export class RedisBench {
  readonly server: RedisServer
  readonly clock = new ShiftingClock()
  readonly log = new RecordingLogger()
  readonly metrics = new RecordingMetrics()
  readonly #drivers: RedisQueue[] = []
  readonly #consumers: BenchConsumer[] = []

  private constructor(server: RedisServer) {
    this.server = server
  }

  static async open(args?: readonly string[]): Promise<RedisBench> {
    return new RedisBench(await RedisServer.start(args))
  }

  /** Not started. */
  createDriver(options: Partial<RedisQueueOptions> & { readonly address?: string } = {}): RedisQueue {
    const { address = this.server.url, limits, ...rest } = options
    const driver = new RedisQueue(
      {
        url: new Secret(address),
        topics: [topic],
        commandTimeoutMs: patientTimeoutMs,
        limits: { ...contractLimits(), ...limits },
        ...rest,
      },
      { clock: this.clock, ids: createSystemIds(), log: this.log, metrics: this.metrics },
    )
    this.#drivers.push(driver)
    return driver
  }

  async startDriver(
    options: Partial<RedisQueueOptions> & { readonly address?: string } = {},
  ): Promise<RedisQueue> {
    const driver = this.createDriver(options)
    await driver.start()
    return driver
  }

  /** What the contract suite asks of the surroundings of its drivers. */
  get surroundings(): Pick<QueueHarness, 'advance' | 'outage' | 'openHandles'> {
    const { clock, server } = this
    return {
      async advance(ms) {
        if (ms > realWaitMaxMs) {
          clock.shift(ms)
          await ageRedis(server, ms)
        }
        await Bun.sleep(Math.min(ms, realWaitMaxMs))
      },
      outage: { begin: () => server.kill(), end: () => server.begin() },
      openHandles: async () => clock.timerCount + (await server.clientCount()),
    }
  }

  /** Subscribes until `end`, recording what comes. */
  consume(
    driver: QueueBackend,
    options: Partial<Subscription> & { readonly handle?: EventHandler } = {},
  ): BenchConsumer {
    const consumer = new BenchConsumer(driver, options)
    this.#consumers.push(consumer)
    return consumer
  }

  /** What `promise` comes to, with the clock put forward until then: what hangs is given up at its deadline, however late that is. */
  async overdue<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const settled = promise.finally(() => {
      isSettled = true
    })
    settled.catch(() => undefined)
    await until('it is given up', () => {
      if (!isSettled) this.clock.shift(1_000)
      return isSettled
    })
    return await settled
  }

  async close(): Promise<void> {
    for (const consumer of this.#consumers) consumer.abort()
    await Promise.all(this.#drivers.map((driver) => driver.stop()))
    await this.server.close()
  }
}

export class BenchConsumer {
  readonly deliveries: Delivery[] = []
  readonly #controller = new AbortController()
  readonly #ended: Promise<void>

  constructor(driver: QueueBackend, options: Partial<Subscription> & { readonly handle?: EventHandler }) {
    const { handle = async () => undefined, ...rest } = options
    this.#ended = driver.subscribe({
      topic,
      group: 'g',
      handler: async (delivery, signal) => {
        this.deliveries.push(delivery)
        await handle(delivery, signal)
      },
      signal: this.#controller.signal,
      ...rest,
    })
  }

  get ids(): readonly string[] {
    return this.deliveries.map(({ event }) => event.id)
  }

  abort(): void {
    this.#controller.abort()
  }

  async end(): Promise<void> {
    this.abort()
    await this.#ended
  }
}

/** Waits for what other processes do; throws when it does not happen within 20 s. */
export async function until(says: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const startedAtMs = performance.now()
  while (!(await condition())) {
    if (performance.now() - startedAtMs > waitMaxMs) throw new Error(`Waited in vain until ${says}`)
    await Bun.sleep(5)
  }
}
