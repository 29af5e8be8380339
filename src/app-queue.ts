import { queueOptionsOf } from './app-queue-options.ts'
import type { Config } from './config/option-table.ts'
import type { PrometheusMetrics } from './observe/prometheus.ts'
import type { QueueBackend } from './queue/driver.ts'
import { GuardedQueue } from './queue/guarded-queue.ts'
import type { QueueDeps } from './queue/queue-deps.ts'
import { createQueueBackend } from './queue/registry.ts'

export interface AppQueueDeps extends QueueDeps {
  readonly metrics: PrometheusMetrics
  /** Named in the lock of the state directory. */
  readonly pid: number
}

const dayMs = 86_400_000

/** The queue of the configuration, or `given` instead of it, behind its guards: deadline, breaker, measurements. */
export function createAppQueue(
  config: Config,
  given: QueueBackend | undefined,
  deps: AppQueueDeps,
): GuardedQueue {
  const guard = {
    groupIdleMs: config.queueGroupIdleDays * dayMs,
    // Names of groups are the operator's own, so they may stand in a label.
    announceGroup: (group: string) => deps.metrics.register('group', [group]),
  }
  if (given !== undefined) return new GuardedQueue(given, deps, guard)
  // Without the webhook no event comes and no queue is started, so what another backend needs may be missing.
  const used = config.webhookEnabled ? config : { ...config, queueBackendType: 'memory' as const }
  return createQueueBackend(queueOptionsOf(used, deps.pid), deps, guard)
}
