import type { QueueDeps } from '../../src/queue/queue-deps.ts'
import { FakeClock } from './fake-clock.ts'
import { RecordingLogger } from './recording-logger.ts'
import { RecordingMetrics } from './recording-metrics.ts'
import { sequentialIds } from './sequential-ids.ts'

/** What a queue needs besides its limits, where a test looks at none of it. */
export function fakeQueueDeps(): QueueDeps {
  return {
    clock: new FakeClock(),
    ids: sequentialIds(),
    log: new RecordingLogger(),
    metrics: new RecordingMetrics(),
  }
}
