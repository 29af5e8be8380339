import { describeWithRedis } from '../support/redis-server.ts'
import { SpoolBench } from '../support/spool-bench.ts'
import { contractLimits, type QueueHarness, queueDriverContract } from './queue-driver.ts'

describeWithRedis('Redis behind the spool', () => {
  queueDriverContract('spool', async (): Promise<QueueHarness> => {
    const bench = await SpoolBench.open()
    const namesInUse = new Set<string>()
    /** As replicas do: each has a directory of its own while it runs, and comes back to it. */
    const freeName = (index = 0): string =>
      namesInUse.has(String(index)) ? freeName(index + 1) : String(index)
    return {
      ...bench.redis.surroundings,
      createDriver(limits) {
        const name = freeName()
        namesInUse.add(name)
        const driver = bench.createDriver({ name, redis: { limits: contractLimits(limits) } })
        const stop = driver.stop.bind(driver)
        return Object.assign(driver, { stop: () => stop().finally(() => namesInUse.delete(name)) })
      },
      secondDriver: 'shared-at-delivery',
      close: () => bench.close(),
    }
  })
})
