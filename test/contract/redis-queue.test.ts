import { RedisBench } from '../support/redis-bench.ts'
import { describeWithRedis } from '../support/redis-server.ts'
import { type QueueHarness, queueDriverContract } from './queue-driver.ts'

describeWithRedis('Redis', () => {
  queueDriverContract('redis', async (): Promise<QueueHarness> => {
    const bench = await RedisBench.open()
    return {
      ...bench.surroundings,
      createDriver: (limits = {}) => bench.createDriver({ limits }),
      secondDriver: 'shared',
      close: () => bench.close(),
    }
  })
})
