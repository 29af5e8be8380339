import type { QueueBackend } from '../../src/queue/driver.ts'
import { GuardedQueue } from '../../src/queue/guarded-queue.ts'
import { MemoryQueue } from '../../src/queue/memory.ts'
import type { QueueDeps } from '../../src/queue/queue-deps.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { RecordingMetrics } from '../support/recording-metrics.ts'
import { sequentialIds } from '../support/sequential-ids.ts'
import { contractLimits, type QueueHarness, queueDriverContract } from './queue-driver.ts'

function memoryHarness(wrap: (queue: MemoryQueue, deps: QueueDeps) => QueueBackend): QueueHarness {
  const clock = new FakeClock()
  const drivers: QueueBackend[] = []
  return {
    createDriver(limits) {
      const deps = {
        clock,
        ids: sequentialIds(),
        log: new RecordingLogger(),
        metrics: new RecordingMetrics(),
      }
      const queue = new MemoryQueue({ ...contractLimits(limits), dedupeIdsMax: 10_000 }, deps)
      const driver = wrap(queue, deps)
      drivers.push(driver)
      return driver
    },
    secondDriver: 'separate',
    advance: (ms) => clock.advance(ms),
    outage: undefined,
    openHandles: () => clock.timerCount,
    async close() {
      await Promise.all(drivers.map((driver) => driver.stop()))
    },
  }
}

queueDriverContract('memory', () => memoryHarness((queue) => queue))

// The guards change when a publish is given up, and nothing else of what a driver promises.
queueDriverContract('memory behind its guards', () =>
  memoryHarness((queue, deps) => new GuardedQueue(queue, deps)),
)
