import type { Config, OptionKey } from './config/option-table.ts'
import type { PrometheusMetrics } from './observe/prometheus.ts'
import type { QueueBackend } from './queue/driver.ts'
import { GuardedQueue } from './queue/guarded-queue.ts'
import type { QueueDeps } from './queue/queue-deps.ts'
import { createQueueBackend, type QueueOptions } from './queue/registry.ts'

export interface AppQueueDeps extends QueueDeps {
  readonly metrics: PrometheusMetrics
  /** Named in the lock of the state directory. */
  readonly pid: number
}

/** The queue of the configuration, or `given` instead of it, behind its guards: deadline, breaker, measurements. */
export function createAppQueue(
  config: Config,
  given: QueueBackend | undefined,
  deps: AppQueueDeps,
): GuardedQueue {
  const guard = {
    // Names of groups are the operator's own, so they may stand in a label.
    announceGroup: (group: string) => deps.metrics.register('group', [group]),
  }
  if (given !== undefined) return new GuardedQueue(given, deps, guard)
  return createQueueBackend(queueOptionsOf(config, deps.pid), deps, guard)
}

function queueOptionsOf(config: Config, pid: number): QueueOptions {
  const dedupeWindowMs = config.queueDedupeSeconds * 1000
  // Without the webhook no event comes and no queue is started, so what another backend needs may be missing.
  switch (config.webhookEnabled ? config.queueBackendType : 'memory') {
    case 'memory': {
      const { queueMemoryEventsMax: eventsMax, queueDedupeIdsMax: dedupeIdsMax } = config
      return { backend: 'memory', limits: { eventsMax, dedupeIdsMax, dedupeWindowMs } }
    }
    case 'sqlite':
      return {
        backend: 'sqlite',
        stateDirectory: required(config.stateDir, 'stateDir'),
        pid,
        limits: { dedupeWindowMs },
      }
    case 'redis': {
      const redis = {
        url: required(config.redisUrl, 'redisUrl'),
        topics: [config.slackEventsTopic],
        limits: { dedupeWindowMs },
      }
      return config.stateDir === undefined
        ? { backend: 'redis', redis }
        : { backend: 'redis', redis, spool: { stateDirectory: config.stateDir, pid } }
    }
  }
}

/** The rules of the option table have asked for these by now. */
function required<Value>(value: Value | undefined, option: OptionKey): Value {
  if (value === undefined) throw new TypeError(`${option}: is required by the queue backend`)
  return value
}
