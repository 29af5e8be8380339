import { RedisFailure, redisFailure } from './redis-failure.ts'

/** What INFO says of a server that can serve the queue. */
export interface RedisInfo {
  readonly version: string
  /** Another one after every restart: what was sent to the old run may be gone. */
  readonly runId: string
  /** It writes every change to disk as it goes. Without, a restart of Redis loses what came after its last snapshot. */
  readonly hasAof: boolean
  /** How it makes room by throwing keys away; undefined where it throws none away. */
  readonly evictionPolicy: string | undefined
}

/** The sections of INFO that `parseRedisInfo` reads. */
export const redisInfoSections = ['server', 'memory', 'persistence', 'replication'] as const

/** Streams as used here (XAUTOCLAIM with deleted ids, lag of groups) are those of Redis 7. */
const majorVersionMin = 7

/** Throws RedisFailure where this server cannot serve the queue, or not yet. */
export function parseRedisInfo(text: string): RedisInfo {
  const fields = new Map<string, string>()
  for (const [, name, value] of text.matchAll(/^(\w+):([^\r\n]*)/gm)) fields.set(name ?? '', value ?? '')
  const read = (name: string): string => {
    const value = fields.get(name)
    if (value === undefined) throw new RedisFailure('unsupported', `INFO of Redis has no ${name}`)
    return value
  }
  const version = read('redis_version')
  if (!(Number.parseInt(version, 10) >= majorVersionMin)) {
    throw new RedisFailure(
      'unsupported',
      `Redis ${version} is too old; ${majorVersionMin} or later is needed`,
    )
  }
  const mode = read('redis_mode')
  if (mode !== 'standalone') {
    throw new RedisFailure(
      'unsupported',
      `Redis runs as ${mode}; name a single server (no Sentinel, no Cluster)`,
    )
  }
  if (read('loading') !== '0') throw redisFailure('loading')
  if (read('role') !== 'master') throw redisFailure('readonly')
  return {
    version,
    runId: read('run_id'),
    hasAof: read('aof_enabled') === '1',
    evictionPolicy: evictionPolicyOf(fields),
  }
}

/** A server that does not say is believed to keep what it has. */
function evictionPolicyOf(fields: ReadonlyMap<string, string>): string | undefined {
  const policy = fields.get('maxmemory_policy') ?? 'noeviction'
  const isBounded = (fields.get('maxmemory') ?? '0') !== '0'
  return isBounded && policy !== 'noeviction' ? policy : undefined
}

/** Something about a Redis that loses what was stored in it. */
export interface RedisWeakness {
  /** The name of its log line. */
  readonly event: 'redis_not_durable' | 'redis_evicts_keys'
  readonly reason: string
  readonly advice: string
}

/** What this Redis may lose, whatever was promised for it. */
export function redisWeaknesses({ hasAof, evictionPolicy }: RedisInfo): readonly RedisWeakness[] {
  const weaknesses: RedisWeakness[] = []
  if (!hasAof) {
    weaknesses.push({
      event: 'redis_not_durable',
      reason: 'appendonly is off: a restart of Redis loses events',
      advice: 'Set "appendonly yes" in redis.conf.',
    })
  }
  if (evictionPolicy !== undefined) {
    weaknesses.push({
      event: 'redis_evicts_keys',
      reason: `maxmemory-policy is ${evictionPolicy}: a full Redis throws events away`,
      advice: 'Set "maxmemory-policy noeviction" in redis.conf.',
    })
  }
  return weaknesses
}
