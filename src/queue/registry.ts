import type { QueueBackend } from './driver.ts'
import { GuardedQueue, type GuardOptions } from './guarded-queue.ts'
import { type MemoryLimits, MemoryQueue, memoryLimitsDefault } from './memory.ts'
import type { QueueDeps } from './queue-deps.ts'
import { createRedisBackend } from './redis.ts'
import type { RedisQueueOptions } from './redis-options.ts'
import { SqliteQueue, sqliteLimitsDefault } from './sqlite.ts'
import type { SqliteLimits } from './sqlite-protocol.ts'

/** A backend by its name in the configuration, with what it alone needs. What is left out takes its default. */
export type QueueOptions =
  | { readonly backend: 'memory'; readonly limits?: Partial<MemoryLimits> }
  | {
      readonly backend: 'sqlite'
      /** A directory that exists; a folder `queue` is made in it. */
      readonly stateDirectory: string
      /** Of this process. */
      readonly pid: number
      readonly limits?: Partial<SqliteLimits>
    }
  | { readonly backend: 'redis'; readonly redis: RedisQueueOptions }

/** A backend behind its guards, not started. Throws CONFIG_INVALID for what a backend cannot work with. */
export function createQueueBackend(
  options: QueueOptions,
  deps: QueueDeps,
  guard: GuardOptions = {},
): GuardedQueue {
  return new GuardedQueue(createDriver(options, deps), deps, {
    isInProcess: options.backend === 'memory',
    ...guard,
  })
}

function createDriver(options: QueueOptions, deps: QueueDeps): QueueBackend {
  switch (options.backend) {
    case 'memory':
      return new MemoryQueue({ ...memoryLimitsDefault, ...options.limits }, deps)
    case 'sqlite':
      return new SqliteQueue(
        {
          directory: `${options.stateDirectory}/queue`,
          pid: options.pid,
          limits: { ...sqliteLimitsDefault, ...options.limits },
        },
        deps,
      )
    case 'redis':
      return createRedisBackend(options.redis, deps)
  }
}
