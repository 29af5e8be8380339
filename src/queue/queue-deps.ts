import type { Clock } from '../base/clock.ts'
import type { Ids } from '../base/ids.ts'
import type { Logger } from '../observe/logger.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Tracer } from '../observe/tracer.ts'

/** What every backend is handed. */
export interface QueueDeps {
  readonly clock: Clock
  readonly ids: Pick<Ids, 'random' | 'uuid'>
  readonly log: Logger
  readonly metrics: Metrics
  readonly tracer?: Tracer | undefined
}
