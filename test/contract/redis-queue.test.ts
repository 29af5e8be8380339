import { createSystemIds } from '../../src/base/ids.ts'
import { Secret } from '../../src/base/secret.ts'
import { RedisQueue } from '../../src/queue/redis.ts'
import { topic } from '../support/queue-events.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { RecordingMetrics } from '../support/recording-metrics.ts'
import { ageRedis, describeWithRedis, RedisServer } from '../support/redis-server.ts'
import { ShiftingClock } from '../support/shifting-clock.ts'
import { contractLimits, type QueueHarness, queueDriverContract } from './queue-driver.ts'

/** Up to here time passes by waiting; beyond, the clocks are put forward. */
const realWaitMaxMs = 100

describeWithRedis('Redis', () => {
  queueDriverContract('redis', async (): Promise<QueueHarness> => {
    const server = await RedisServer.start()
    const clock = new ShiftingClock()
    const drivers: RedisQueue[] = []
    return {
      createDriver(limits) {
        const driver = new RedisQueue(
          { url: new Secret(server.url), topics: [topic], limits: contractLimits(limits) },
          { clock, ids: createSystemIds(), log: new RecordingLogger(), metrics: new RecordingMetrics() },
        )
        drivers.push(driver)
        return driver
      },
      secondDriver: 'shared',
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
      },
    }
  })
})
