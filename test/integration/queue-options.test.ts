import { afterEach, beforeEach, expect } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSharedKeys } from '../../src/app-keys.ts'
import { createAppMetrics } from '../../src/app-metrics.ts'
import { createAppQueue } from '../../src/app-queue.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { Secret } from '../../src/base/secret.ts'
import { configWith } from '../../src/config/default-config.ts'
import type { Config } from '../../src/config/option-table.ts'
import type { QueuedEvent } from '../../src/queue/driver.ts'
import type { GuardedQueue } from '../../src/queue/guarded-queue.ts'
import { queuedEvent, queuedEvents, topic } from '../support/queue-events.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { until } from '../support/redis-bench.ts'
import { describeWithRedis, RedisServer } from '../support/redis-server.ts'
import { ShiftingClock } from '../support/shifting-clock.ts'
import { verifies } from '../support/verifies.ts'

const dayMs = 86_400_000

let stateDir: string
let clock: ShiftingClock
let log: RecordingLogger
let queues: GuardedQueue[]

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'queue-options-'))
  clock = new ShiftingClock()
  log = new RecordingLogger()
  queues = []
})
afterEach(async () => {
  await Promise.all(queues.map((queue) => queue.stop()))
  await rm(stateDir, { recursive: true, force: true })
})

/** The queue of the server that has these options. */
async function start(options: Partial<Config>): Promise<GuardedQueue> {
  const metrics = createAppMetrics(clock, log)
  const deps = { clock, ids: createSystemIds(), log, metrics, pid: 4711 }
  const queue = createAppQueue(configWith(options), undefined, deps)
  queues.push(queue)
  await queue.start()
  return queue
}

/** Makes a group known that acknowledges nothing. */
async function register(queue: GuardedQueue): Promise<void> {
  const leaving = new AbortController()
  const ended = queue.subscribe({
    topic,
    group: 'behind',
    handler: () => Promise.resolve(),
    signal: leaving.signal,
  })
  await until('the group is known', async () => (await queue.groups()).length === 1)
  leaving.abort()
  await ended
}

async function outcomesOf(queue: GuardedQueue, events: readonly QueuedEvent[]): Promise<readonly string[]> {
  const outcomes: string[] = []
  for (const event of events) {
    outcomes.push(await queue.publish(event).catch((error: { readonly code: string }) => error.code))
  }
  return outcomes
}

/** What a backend does at bounds of three events, and of one MiB. */
async function expectBounds(backend: Partial<Config>): Promise<void> {
  const bounded = { ...backend, queueEventsMax: 3, queueMebibytesMax: 1 }
  const refusing = await start(bounded)
  await register(refusing)
  const large = queuedEvent({ id: 'large', bytes: new Uint8Array(1024 * 1024 + 1) })
  expect(await outcomesOf(refusing, [large])).toEqual(['QUEUE_FULL'])
  expect(await outcomesOf(refusing, queuedEvents(4))).toEqual(['stored', 'stored', 'stored', 'QUEUE_FULL'])
  await refusing.stop()
  const dropping = await start({ ...bounded, queueFull: 'drop-oldest' })
  expect(await dropping.publish(queuedEvent({ id: 'Ev3' }))).toBe('stored')
  expect((await dropping.recent(topic, 9)).map(({ id }) => id)).toEqual(['Ev1', 'Ev2', 'Ev3'])
  await dropping.stop()
}

verifies('queue:options', 'QUEUE_EVENTS_MAX, QUEUE_MEBIBYTES_MAX and QUEUE_FULL reach sqlite', async () => {
  await expectBounds({ queueBackendType: 'sqlite', stateDir })
})

verifies('queue:options', 'QUEUE_FULL reaches memory', async () => {
  const queue = await start({ queueMemoryEventsMax: 3, queueFull: 'drop-oldest' })
  await register(queue)
  expect(await outcomesOf(queue, queuedEvents(4))).toEqual(['stored', 'stored', 'stored', 'stored'])
})

verifies('queue:options', 'QUEUE_RETENTION_HOURS reaches sqlite', async () => {
  const queue = await start({ queueBackendType: 'sqlite', stateDir, queueRetentionHours: 48 })
  await queue.publish(queuedEvent({ id: 'Ev1' }))
  clock.shift(47 * 3_600_000)
  await queue.publish(queuedEvent({ id: 'Ev2' }))
  expect((await queue.depth()).events).toBe(2)
  clock.shift(2 * 3_600_000)
  await until('the older one is gone', async () => (await queue.depth()).events === 1)
})

verifies('queue:watch:idle-group', 'QUEUE_GROUP_IDLE_DAYS says after how long', async () => {
  const queue = await start({ queueGroupIdleDays: 2 })
  await register(queue)
  await queue.publish(queuedEvent({ id: 'Ev1' }))
  await queue.sample()
  clock.shift(2 * dayMs - 60_000)
  await queue.sample()
  expect(queue.status().idleGroups).toEqual([])
  clock.shift(60_000)
  await queue.sample()
  expect(queue.status().idleGroups).toEqual([{ topic, group: 'behind', pending: 1 }])
})

describeWithRedis('The options of the queue on Redis', () => {
  let server: RedisServer
  let redis: Partial<Config>

  beforeEach(async () => {
    server = await RedisServer.start()
    redis = { queueBackendType: 'redis', redisUrl: new Secret(server.url) }
  })
  afterEach(async () => {
    await Promise.all(queues.map((queue) => queue.stop()))
    await server.close()
  })

  verifies('queue:options', 'the bounds reach Redis', () => expectBounds(redis))

  verifies('queue:options', 'the bounds reach Redis behind the spool', () =>
    expectBounds({ ...redis, stateDir }),
  )

  verifies('queue:options', 'REDIS_KEY_PREFIX stands before every key', async () => {
    const queue = await start({ ...redis, redisKeyPrefix: 'team-a:' })
    await queue.publish(queuedEvent({ id: 'Ev1' }))
    const deps = { clock, ids: createSystemIds(), log }
    const shared = createSharedKeys(configWith({ ...redis, redisKeyPrefix: 'team-a:' }), deps)
    const record = { fingerprint: 'f', state: 'running', outcome: undefined } as const
    await shared?.store.claim({ principal: 'p', tool: 't', key: 'k' }, record)
    await shared?.stop()
    const keys = await server.command('KEYS', '*')
    expect(keys).toBeArray()
    expect(String(keys).split(',')).not.toEqual([])
    for (const key of String(keys).split(',')) expect(key).toStartWith('team-a:slack.events')
  })

  verifies('queue:options', 'QUEUE_RETENTION_HOURS reaches Redis', async () => {
    const queue = await start({ ...redis, queueRetentionHours: 2 })
    // The id says when an entry came.
    for (const hours of [3, 1]) {
      const id = `${Date.now() - hours * 3_600_000}-0`
      await server.command('XADD', topic, id, 'event_id', `${hours} hours old`)
    }
    await until('what is older than that is gone', async () => {
      clock.shift(60_000)
      await queue.ping()
      return (await queue.depth()).events === 1
    })
    expect(String(await server.command('XRANGE', topic, '-', '+'))).toContain('1 hours old')
  })
})
