import type { QueueBackend } from './driver.ts'
import { GuardedQueue, type GuardOptions } from './guarded-queue.ts'
import { type DurableLimits, durableLimitsDefault } from './limits.ts'
import { type MemoryLimits, MemoryQueue, memoryLimitsDefault } from './memory.ts'
import type { QueueDeps } from './queue-deps.ts'
import { RedisQueue } from './redis.ts'
import type { RedisQueueOptions } from './redis-options.ts'
import { SpoolQueue } from './spool.ts'
import { SqliteQueue } from './sqlite.ts'

/** A backend by its name in the configuration, with what it alone needs. What is left out takes its default. */
export type QueueOptions =
  | { readonly backend: 'memory'; readonly limits?: Partial<MemoryLimits> }
  | {
      readonly backend: 'sqlite'
      /** A directory that exists; a folder `queue` is made in it. */
      readonly stateDirectory: string
      /** Of this process. */
      readonly pid: number
      readonly limits?: Partial<DurableLimits>
    }
  | {
      readonly backend: 'redis'
      readonly redis: RedisQueueOptions
      /** With a directory an fsynced log stands in front of Redis; without one publishing waits for Redis itself. */
      readonly spool?: { readonly stateDirectory: string; readonly pid: number }
    }

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
          directory: queueFolder(options),
          pid: options.pid,
          limits: { ...durableLimitsDefault, ...options.limits },
        },
        deps,
      )
    case 'redis': {
      const { redis, spool } = options
      if (spool === undefined) return new RedisQueue(redis, deps)
      return new SpoolQueue({ redis, spool: { directory: queueFolder(spool), pid: spool.pid } }, deps)
    }
  }
}

/** Our own folder of the state directory. The same for both backends: two servers must not share it, whichever they are. */
function queueFolder({ stateDirectory }: { readonly stateDirectory: string }): string {
  return `${stateDirectory}/queue`
}
