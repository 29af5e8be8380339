import { redisOptionsOf } from './app-queue-options.ts'
import { AppError } from './base/errors.ts'
import { isObject, type JsonObject } from './base/json-object.ts'
import type { Config } from './config/option-table.ts'
import type { QueueDeps } from './queue/queue-deps.ts'
import { RedisFailure } from './queue/redis-failure.ts'
import { RedisRecords } from './queue/redis-records.ts'
import { hashBytes } from './slack/signature.ts'
import {
  type IdempotencyRecord,
  type IdempotencyStore,
  idempotencyTtlMs,
  type WriteKey,
} from './tools/idempotency.ts'

/** Idempotency keys that all replicas share. */
export interface SharedKeys {
  readonly store: IdempotencyStore
  stop(): Promise<void>
}

/**
 * The keys in Redis, where that is the backend of the queue; also where no webhook is served and the queue itself is off, since replicas of
 * MCP alone need it as much. Undefined where each process keeps its own. Asks nobody anything before the first key.
 */
export function createSharedKeys(
  config: Config,
  deps: Pick<QueueDeps, 'clock' | 'ids' | 'log'>,
): SharedKeys | undefined {
  if (config.queueBackendType !== 'redis' || config.redisUrl === undefined) return undefined
  const records = new RedisRecords({ ...redisOptionsOf(config), topic: config.slackEventsTopic }, deps)
  return {
    store: {
      async claim(key, record) {
        const existing = await refusing(records.claim(nameOf(key), JSON.stringify(record), idempotencyTtlMs))
        return existing === undefined ? undefined : parseRecord(existing, record)
      },
      settle: (key, record) => refusing(records.put(nameOf(key), JSON.stringify(record), idempotencyTtlMs)),
      release: (key) => refusing(records.remove(nameOf(key))),
    },
    stop: () => records.stop(),
  }
}

/** A hash: principals and keys are of any length and form, and whoever lists what is in Redis need not read them. */
function nameOf({ principal, tool, key }: WriteKey): string {
  return hashBytes(new TextEncoder().encode(JSON.stringify([principal, tool, key])))
}

async function refusing<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (cause) {
    const reason = cause instanceof RedisFailure ? cause.kind : 'unexpected'
    throw new AppError('IDEMPOTENCY_UNAVAILABLE', { cause, details: { backend: 'redis', reason } })
  }
}

/** What another replica wrote. Of what none of ours wrote nobody knows what it stands for: it counts as an unknown outcome of the same call. */
function parseRecord(text: string, { fingerprint }: IdempotencyRecord): IdempotencyRecord {
  const { fingerprint: theirs, state, outcome } = parseFields(text)
  const isKnown = state === 'running' || state === 'done' || state === 'unknown'
  if (typeof theirs !== 'string' || !isKnown) return { fingerprint, state: 'unknown', outcome: undefined }
  return { fingerprint: theirs, state, outcome: typeof outcome === 'string' ? outcome : undefined }
}

function parseFields(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}
