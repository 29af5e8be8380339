import { expect, test } from 'bun:test'
import { RedisFailure } from '../../../src/queue/redis-failure.ts'
import { parseRedisInfo, redisWeaknesses } from '../../../src/queue/redis-info.ts'

const fields = {
  redis_version: '7.0.15',
  redis_mode: 'standalone',
  run_id: '9481c82d3f80cc8c024c3ce1aac8bd2c242f34dc',
  loading: '0',
  aof_enabled: '1',
  role: 'master',
}

function info(changes: Partial<typeof fields & Record<'maxmemory' | 'maxmemory_policy', string>>): string {
  const lines = Object.entries({ ...fields, ...changes }).map(([name, value]) => `${name}:${value}`)
  return `# Server\r\n${lines.join('\r\n')}\r\n`
}

function failureOf(text: string): RedisFailure {
  try {
    parseRedisInfo(text)
  } catch (thrown) {
    if (thrown instanceof RedisFailure) return thrown
    throw thrown
  }
  return expect.unreachable()
}

test('reads what the queue needs to know', () => {
  expect(parseRedisInfo(info({}))).toEqual({
    version: '7.0.15',
    runId: fields.run_id,
    hasAof: true,
    evictionPolicy: undefined,
  })
})

test('knows what such a server may lose', () => {
  const weaknessesOf = (changes: Parameters<typeof info>[0]) =>
    redisWeaknesses(parseRedisInfo(info(changes))).map(({ event }) => event)
  expect(weaknessesOf({})).toEqual([])
  expect(weaknessesOf({ aof_enabled: '0' })).toEqual(['redis_not_durable'])
  // Without a bound nothing is ever thrown away.
  expect(weaknessesOf({ maxmemory: '0', maxmemory_policy: 'allkeys-lru' })).toEqual([])
  expect(weaknessesOf({ maxmemory: '1048576', maxmemory_policy: 'noeviction' })).toEqual([])
  expect(weaknessesOf({ maxmemory: '1048576', maxmemory_policy: 'volatile-ttl' })).toEqual([
    'redis_evicts_keys',
  ])
})

test('takes Redis 7 and later, and refuses what is older by its version', () => {
  for (const version of ['7.0.0', '7.4.1', '8.6.0', '10.0.0']) {
    expect(parseRedisInfo(info({ redis_version: version })).version).toBe(version)
  }
  for (const version of ['6.2.14', '5.0.7', 'none']) {
    const failure = failureOf(info({ redis_version: version }))
    expect(failure.kind).toBe('unsupported')
    expect(failure.message).toContain(`Redis ${version} is too old`)
  }
})

test('refuses a Sentinel and a node of a Cluster by name', () => {
  for (const mode of ['sentinel', 'cluster']) {
    const failure = failureOf(info({ redis_mode: mode }))
    expect(failure.kind).toBe('unsupported')
    expect(failure.message).toContain(mode)
  }
})

test('waits for one that loads, and for a replica to become the primary', () => {
  expect(failureOf(info({ loading: '1' })).kind).toBe('loading')
  expect(failureOf(info({ role: 'slave' })).kind).toBe('readonly')
})

test('refuses what does not say who it is', () => {
  expect(failureOf('# Server\r\n')).toMatchObject({ kind: 'unsupported' })
})
