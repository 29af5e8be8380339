import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSystemIds } from '../../src/base/ids.ts'
import { Secret } from '../../src/base/secret.ts'
import { SpoolQueue } from '../../src/queue/spool.ts'
import { topic } from '../support/queue-events.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { RecordingMetrics } from '../support/recording-metrics.ts'
import { ageRedis, describeWithRedis, RedisServer } from '../support/redis-server.ts'
import { ShiftingClock } from '../support/shifting-clock.ts'
import { contractLimits, type QueueHarness, queueDriverContract } from './queue-driver.ts'

/** Up to here time passes by waiting; beyond, the clocks are put forward. */
const realWaitMaxMs = 100

describeWithRedis('Redis behind the spool', () => {
  queueDriverContract('spool', async (): Promise<QueueHarness> => {
    const server = await RedisServer.start()
    const stateDirectory = await mkdtemp(join(tmpdir(), 'spool-test-'))
    const clock = new ShiftingClock()
    const drivers: SpoolQueue[] = []
    const directoriesInUse = new Set<string>()
    /** As replicas do: each has a directory of its own while it runs, and comes back to it. */
    const freeDirectory = (index = 0): string => {
      const directory = join(stateDirectory, String(index))
      return directoriesInUse.has(directory) ? freeDirectory(index + 1) : directory
    }
    return {
      createDriver(limits) {
        const directory = freeDirectory()
        directoriesInUse.add(directory)
        const driver = new (class extends SpoolQueue {
          override async stop(): Promise<void> {
            await super.stop()
            directoriesInUse.delete(directory)
          }
        })(
          {
            redis: { url: new Secret(server.url), topics: [topic], limits: contractLimits(limits) },
            spool: { directory, pid: 4711 },
          },
          { clock, ids: createSystemIds(), log: new RecordingLogger(), metrics: new RecordingMetrics() },
        )
        drivers.push(driver)
        return driver
      },
      secondDriver: 'shared-at-delivery',
      async advance(ms) {
        if (ms > realWaitMaxMs) {
          clock.shift(ms)
          await ageRedis(server, ms)
        }
        await Bun.sleep(Math.min(ms, realWaitMaxMs))
      },
      outage: { begin: () => server.kill(), end: () => server.begin() },
      openHandles: async () => clock.timerCount + (await server.clientCount()),
      async close() {
        await Promise.all(drivers.map((driver) => driver.stop()))
        await server.close()
        await rm(stateDirectory, { recursive: true, force: true })
      },
    }
  })
})
