import { redisOptionsOf } from '../app-queue-options.ts'
import { type AppError, asAppError } from '../base/errors.ts'
import { createSystemIds } from '../base/ids.ts'
import { lossyQueue } from '../config/config-notices.ts'
import type { Config } from '../config/option-table.ts'
import type { Logger } from '../observe/logger.ts'
import { silentLogger, silentMetrics } from '../observe/silent.ts'
import { RedisFailure, type RedisFailureKind } from '../queue/redis-failure.ts'
import { createQueueBackend, type QueueOptions } from '../queue/registry.ts'
import { withDeadline } from '../resilience/deadline.ts'
import { callFailureCode, callFailureLine } from './call-failure.ts'
import type { CliContext } from './cli-context.ts'
import { type Check, checksOf } from './doctor-check.ts'
import { exitCodes } from './exit-codes.ts'
import { systemReason } from './system-reason.ts'

const { ok, off, warn, fail } = checksOf('queue')

/** A store that does not answer within this is not there, milliseconds. */
const answerDeadlineMs = 5_000

/**
 * One round trip to the store that the configuration names, which leaves nothing behind: Redis is asked, sqlite is tried in a folder of its own beside
 * the real one, since opening that would take the lock of a running server and leave files of the wrong owner.
 */
export async function checkQueue(
  context: CliContext,
  config: Config,
  signal: AbortSignal,
): Promise<readonly Check[]> {
  if (!config.webhookEnabled) return [off('not used: the webhook is off')]
  const found = await checkBackend(context, config, signal)
  const spool = config.queueBackendType === 'redis' ? await checkSpool(context, config, signal) : []
  const lossy = lossyQueue(config, context.env)
  return [...found, ...spool, ...lossy.map(({ fields: { problem, advice } }) => warn(problem, advice))]
}

async function checkBackend(
  context: CliContext,
  config: Config,
  signal: AbortSignal,
): Promise<readonly Check[]> {
  switch (config.queueBackendType) {
    case 'memory':
      // Nothing can be wrong with it but that it forgets.
      return []
    case 'sqlite':
      return await checkSqlite(context, config.stateDir, signal, 'survives kill -9 and power loss')
    case 'redis': {
      if (config.redisUrl === undefined) return [off('redis: no REDIS_URL')]
      const options = { backend: 'redis', redis: redisOptionsOf(config) } as const
      return await tried(options, { context, signal, says: 'as durable as that Redis, shared by replicas' })
    }
  }
}

async function checkSpool(
  context: CliContext,
  config: Config,
  signal: AbortSignal,
): Promise<readonly Check[]> {
  if (config.stateDir === undefined)
    return [ok('no STATE_DIR: Slack is refused, and sends again, while Redis is away')]
  return await checkSqlite(context, config.stateDir, signal, 'spool: Slack is answered while Redis is away')
}

async function checkSqlite(
  context: CliContext,
  stateDirectory: string | undefined,
  signal: AbortSignal,
  says: string,
): Promise<readonly Check[]> {
  const facts = stateDirectory === undefined ? undefined : context.files.facts(stateDirectory)
  // The host's checks say what is wrong with the directory.
  if (stateDirectory === undefined || facts?.kind !== 'directory' || !facts.isWritable) {
    return [off('sqlite: the state directory cannot be used')]
  }
  let scratch: string
  try {
    scratch = context.files.makeScratch(stateDirectory)
  } catch (error) {
    const says = `sqlite: no folder can be made in STATE_DIR (${systemReason(error)})`
    return [fail(exitCodes.unavailable, says, fixes.sqlite)]
  }
  try {
    const options = { backend: 'sqlite', stateDirectory: scratch, pid: context.pid } as const
    return await tried(options, { context, signal, says })
  } finally {
    context.files.removeScratch(scratch)
  }
}

interface Attempt {
  readonly context: CliContext
  readonly signal: AbortSignal
  /** What is promised of the store where it answers. */
  readonly says: string
}

async function tried(options: QueueOptions, { context, signal, says }: Attempt): Promise<readonly Check[]> {
  const { clock } = context
  const warnings: Check[] = []
  const log = hearing((reason, advice) => warnings.push(warn(`${options.backend}: ${reason}`, advice)))
  const deps = { clock, ids: createSystemIds(), log, metrics: silentMetrics }
  const queue = createQueueBackend(options, deps)
  const startedAtMs = clock.monotonic()
  try {
    const { events, deadLetters } = await withDeadline(
      { clock, afterMs: answerDeadlineMs, signal },
      async (inner) => {
        await queue.start()
        await queue.ping(inner)
        return await queue.depth()
      },
    )
    const elapsedMs = (clock.monotonic() - startedAtMs).toFixed(1)
    const kept = options.backend === 'redis' ? `, ${events} events kept, ${deadLetters} dead letters` : ''
    return [ok(`${options.backend}: answers in ${elapsedMs} ms${kept}; ${says}`), ...warnings]
  } catch (error) {
    const known = asAppError(error)
    const code = known.code === 'INTERNAL' ? exitCodes.unavailable : callFailureCode(known)
    return [fail(code, `${options.backend}: ${failureLine(known)}`, fixFor(known, options.backend))]
  } finally {
    await queue.stop()
  }
}

/** What a store warns of at its start, such as that it may lose what it has, is for the person who asks. */
function hearing(hear: (reason: string, advice: string) => void): Logger {
  const log: Logger = {
    ...silentLogger,
    warn(_event, { reason, advice } = {}) {
      if (typeof reason === 'string' && typeof advice === 'string') hear(reason, advice)
    },
    child: () => log,
  }
  return log
}

/** The message of QUEUE_UNAVAILABLE speaks of an event; here there was none. */
function failureLine(error: AppError): string {
  if (error.cause instanceof RedisFailure) return error.cause.message
  if (error.code !== 'QUEUE_UNAVAILABLE') return callFailureLine(error)
  const { backend: _, ...details } = error.details
  return callFailureLine({ message: 'does not answer', details })
}

const fixes = {
  memory: '',
  sqlite: 'Look at STATE_DIR: it must be on a local disk with room, writable by this user.',
  redis: 'Look at REDIS_URL, and whether this machine reaches that Redis.',
} as const

function fixFor({ cause }: AppError, backend: QueueOptions['backend']): string {
  return (cause instanceof RedisFailure ? redisFixes[cause.kind] : undefined) ?? fixes[backend]
}

const redisFixes: Partial<Record<RedisFailureKind, string>> = {
  timeout:
    'Look whether that Redis is busy or stopped, whether something on the way drops packets, and whether it speaks TLS (rediss://) or not (redis://).',
  auth: 'Put the user and password of that Redis into REDIS_URL: redis://user:password@host:6379/0, without a user for "requirepass".',
  forbidden: 'Give the Redis user the rights that docs/consuming.md lists.',
  loading: 'Wait until Redis has read its data.',
  readonly: 'Name the primary in REDIS_URL.',
  full: 'Give Redis more memory (maxmemory), or consume what it keeps.',
  'no-authority': 'REDIS_TLS_CA names a PEM file with the certificate of the authority.',
}
