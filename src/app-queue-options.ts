import type { Config, OptionKey } from './config/option-table.ts'
import type { DurableLimits } from './queue/limits.ts'
import type { RedisQueueOptions } from './queue/redis-options.ts'
import type { QueueOptions } from './queue/registry.ts'

const hourMs = 3_600_000
const mebibyte = 1024 * 1024

/**
 * The backend of the configuration: for the server, and for commands that go to its store without it. Throws TypeError where it lacks what the
 * rules of the option table ask for.
 */
export function queueOptionsOf(config: Config, pid: number): QueueOptions {
  switch (config.queueBackendType) {
    case 'memory': {
      const { queueMemoryEventsMax: eventsMax, queueDedupeIdsMax: dedupeIdsMax } = config
      const { dedupeWindowMs, whenFull } = durableLimitsOf(config)
      return { backend: 'memory', limits: { eventsMax, dedupeIdsMax, dedupeWindowMs, whenFull } }
    }
    case 'sqlite':
      return {
        backend: 'sqlite',
        stateDirectory: required(config.stateDir, 'stateDir'),
        pid,
        limits: durableLimitsOf(config),
      }
    case 'redis': {
      const redis = redisOptionsOf(config)
      return config.stateDir === undefined
        ? { backend: 'redis', redis }
        : { backend: 'redis', redis, spool: { stateDirectory: config.stateDir, pid } }
    }
  }
}

/** Redis itself, whatever stands in front of it. Throws as `queueOptionsOf` does. */
export function redisOptionsOf(config: Config): RedisQueueOptions {
  return {
    url: required(config.redisUrl, 'redisUrl'),
    keyPrefix: config.redisKeyPrefix,
    tlsCaFile: config.redisTlsCa,
    topics: [config.slackEventsTopic],
    limits: durableLimitsOf(config),
  }
}

function durableLimitsOf(config: Config) {
  return {
    dedupeWindowMs: config.queueDedupeSeconds * 1_000,
    eventsMax: config.queueEventsMax,
    bytesMax: config.queueMebibytesMax * mebibyte,
    retentionMs: config.queueRetentionHours * hourMs,
    whenFull: config.queueFull,
  } satisfies Partial<DurableLimits>
}

/** The rules of the option table have asked for these by now. */
function required<Value>(value: Value | undefined, option: OptionKey): Value {
  if (value === undefined) throw new TypeError(`${option}: is required by the queue backend`)
  return value
}
