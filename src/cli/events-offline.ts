import { queueOptionsOf, redisOptionsOf } from '../app-queue-options.ts'
import { createSystemIds } from '../base/ids.ts'
import type { Config } from '../config/option-table.ts'
import { silentLogger, silentMetrics } from '../observe/silent.ts'
import type { GuardedQueue } from '../queue/guarded-queue.ts'
import { createQueueBackend, type QueueOptions } from '../queue/registry.ts'
import type { CliContext } from './cli-context.ts'
import { CommandFailure } from './command-failure.ts'
import { exitCodes } from './exit-codes.ts'

/**
 * The store of this configuration itself, started. Redis is shared with whoever runs; the sqlite directory belongs to one process at a time.
 * Rejects with STATE_DIR_IN_USE, STATE_DIR_UNUSABLE or CONFIG_INVALID, and with CommandFailure for a backend without a store.
 */
export async function openStore({ clock, pid }: CliContext, config: Config): Promise<GuardedQueue> {
  const deps = { clock, ids: createSystemIds(), log: silentLogger, metrics: silentMetrics }
  const queue = createQueueBackend(storeOptions(config, pid), deps)
  await queue.start()
  return queue
}

function storeOptions(config: Config, pid: number): QueueOptions {
  const { queueBackendType, stateDir, redisUrl } = config
  if (queueBackendType === 'sqlite' && stateDir !== undefined) return queueOptionsOf(config, pid)
  // The spool in front of it belongs to the server that runs.
  if (queueBackendType === 'redis' && redisUrl !== undefined)
    return { backend: 'redis', redis: redisOptionsOf(config) }
  const lacks = {
    memory: 'memory keeps events in the server alone',
    sqlite: 'it needs STATE_DIR',
    redis: 'it needs REDIS_URL',
  }
  throw new CommandFailure(`without a server there are no events: ${lacks[queueBackendType]}`, {
    exitCode: exitCodes.config,
  })
}
