import { MemoryQueue } from '../../src/queue/memory.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { RecordingMetrics } from '../support/recording-metrics.ts'
import { sequentialIds } from '../support/sequential-ids.ts'
import { contractLimits, type QueueHarness, queueDriverContract } from './queue-driver.ts'

queueDriverContract('memory', (): QueueHarness => {
  const clock = new FakeClock()
  const drivers: MemoryQueue[] = []
  return {
    createDriver(limits) {
      const driver = new MemoryQueue(
        { ...contractLimits(limits), dedupeIdsMax: 1_000 },
        { clock, ids: sequentialIds(), log: new RecordingLogger(), metrics: new RecordingMetrics() },
      )
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
})
