import { expect, test } from 'bun:test'
import { AppError } from '../../../src/base/errors.ts'
import { GuardedQueue } from '../../../src/queue/guarded-queue.ts'
import { MemoryQueue, memoryLimitsDefault } from '../../../src/queue/memory.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { queuedEvent, queuedEvents, topic } from '../../support/queue-events.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { RecordingMetrics } from '../../support/recording-metrics.ts'
import { sequentialIds } from '../../support/sequential-ids.ts'

/** A memory queue whose store a test can take away or let hang. */
class MoodyQueue extends MemoryQueue {
  mood: 'well' | 'away' | 'hung' = 'well'
  problem: Error | undefined

  override publish(...args: Parameters<MemoryQueue['publish']>): Promise<'stored' | 'duplicate'> {
    if (this.mood === 'away') return Promise.reject(new AppError('QUEUE_UNAVAILABLE'))
    if (this.mood === 'hung') return new Promise(() => undefined)
    return super.publish(...args)
  }

  override ping(signal?: AbortSignal): Promise<void> {
    if (this.mood === 'away') return Promise.reject(new AppError('QUEUE_UNAVAILABLE'))
    if (this.mood === 'hung') return new Promise(() => undefined)
    return super.ping(signal)
  }
}

async function bench(eventsMax = 100) {
  const clock = new FakeClock()
  const log = new RecordingLogger()
  const metrics = new RecordingMetrics()
  const deps = { clock, ids: sequentialIds(), log, metrics }
  const store = new MoodyQueue({ ...memoryLimitsDefault, eventsMax }, deps)
  const queue = new GuardedQueue(store, deps, { groupIdleMs: 60_000 })
  await queue.start()
  const publish = (id: string) =>
    queue.publish(queuedEvent({ id })).catch((error: unknown) => (error as AppError).code)
  const register = async () => {
    const controller = new AbortController()
    const ended = queue.subscribe({
      topic,
      group: 'g',
      handler: async () => undefined,
      signal: controller.signal,
    })
    controller.abort()
    await ended
  }
  return { clock, log, metrics, store, queue, publish, register }
}

test('measures every outcome of a publish', async () => {
  const { clock, metrics, store, publish, register } = await bench(1)
  await register()
  await publish('a')
  await publish('a')
  await publish('b')
  store.mood = 'hung'
  const hung = publish('c')
  await clock.advance(2_500)
  expect(await hung).toBe('QUEUE_UNAVAILABLE')
  const measured = metrics.records.filter(({ name }) => name === 'slackmcp_queue_publish_duration_seconds')
  expect(measured.map(({ labels, value }) => [labels['outcome'], value])).toEqual([
    ['stored', 0],
    ['duplicate', 0],
    ['full', 0],
    ['unavailable', 2.5],
  ])
})

test('is down while the store is away and while its breaker is open, up when both are over', async () => {
  const { clock, log, metrics, store, queue, publish } = await bench()
  expect(await queue.check()).toBe('up')
  store.mood = 'away'
  expect(await queue.check()).toBe('down')
  for (const id of ['a', 'b', 'c', 'd', 'e']) await publish(id)
  expect(queue.status().breaker).toBe('open')
  store.mood = 'well'
  expect(await queue.check()).toBe('down')
  expect(await publish('f')).toBe('QUEUE_UNAVAILABLE')
  await clock.advance(1_000)
  expect(await queue.check()).toBe('up')
  expect(await publish('f')).toBe('stored')
  expect(log.named('queue_breaker_changed').map(({ fields }) => fields['state'])).toEqual(['open', 'closed'])
  expect(metrics.sum('slackmcp_circuit_breaker_transitions_total', { name: 'queue', to: 'open' })).toBe(1)
})

test('a stored event starts the count of failures anew', async () => {
  const { store, queue, publish } = await bench()
  for (const id of ['stored', 'stored later']) {
    store.mood = 'away'
    for (let index = 0; index < 4; index++) await publish('refused')
    store.mood = 'well'
    expect(await publish(id)).toBe('stored')
  }
  expect(queue.status().breaker).toBe('closed')
})

test('neither a full queue nor callers that give up open the breaker', async () => {
  const { store, queue, publish, register } = await bench(1)
  await register()
  await publish('a')
  store.mood = 'away'
  for (let index = 0; index < 4; index++) await publish('b')
  store.mood = 'well'
  expect(await publish('c')).toBe('QUEUE_FULL')
  store.mood = 'away'
  for (let index = 0; index < 4; index++) await publish('b')
  for (let index = 0; index < 9; index++) {
    await queue.publish(queuedEvent({ id: 'd' }), AbortSignal.abort()).catch(() => undefined)
  }
  expect(queue.status().breaker).toBe('closed')
  await publish('b')
  expect(queue.status().breaker).toBe('open')
})

test('is down when it refuses for want of room, and up again once consumers caught up, without a new event', async () => {
  const { queue, publish, register } = await bench(2)
  await register()
  for (const id of ['a', 'b', 'c']) await publish(id)
  expect(await queue.check()).toBe('down')
  const controller = new AbortController()
  const ended = queue.subscribe({
    topic,
    group: 'g',
    handler: async () => undefined,
    signal: controller.signal,
  })
  await settle()
  expect(await queue.check()).toBe('up')
  controller.abort()
  await ended
})

test('a stored event ends the refusal at once, though the queue is still nearly full', async () => {
  const { queue, publish, register } = await bench(10)
  await register()
  for (const event of queuedEvents(11)) await publish(event.id)
  expect(await queue.check()).toBe('down')
  const controller = new AbortController()
  const ended = queue.subscribe({
    topic,
    group: 'g',
    handler: async () => controller.abort(),
    signal: controller.signal,
  })
  await ended
  expect(await publish('fits')).toBe('stored')
  expect(await queue.check()).toBe('degraded')
})

test('is degraded from 80 % of the bound, and when a group is forgotten', async () => {
  const { clock, queue, register } = await bench(10)
  await register()
  for (const event of queuedEvents(8)) await queue.publish(event)
  await queue.sample()
  expect(await queue.check()).toBe('degraded')
  expect(queue.status()).toMatchObject({ fill: 0.8, idleGroups: [] })
  await clock.advance(60_000)
  expect(queue.status().idleGroups).toMatchObject([{ group: 'g', pending: 8 }])
  await queue.removeGroup(topic, 'g')
  await queue.sample()
  expect(await queue.check()).toBe('up')
})

test('asks the store no more once it is stopped', async () => {
  const { clock, store, queue, publish } = await bench()
  store.mood = 'away'
  for (const id of ['a', 'b', 'c', 'd', 'e']) await publish(id)
  await queue.stop()
  expect(clock.timerCount).toBe(0)
})

test('hands everything else to its backend, and stops with it', async () => {
  const { clock, queue, store } = await bench()
  await queue.publish(queuedEvent({ id: 'a' }))
  expect({ name: queue.name, capabilities: queue.capabilities }).toEqual({
    name: 'memory',
    capabilities: { durable: false, shared: false },
  })
  expect(await queue.depth()).toEqual(await store.depth())
  expect(await queue.recent(topic, 5)).toEqual(await store.recent(topic, 5))
  expect(await queue.deadLetters(topic, 5)).toEqual([])
  expect(await queue.replayDeadLetter({ topic, eventId: 'a', group: 'g' })).toBe(false)
  expect(await queue.removeDeadLetter({ topic, eventId: 'a', group: 'g' })).toBe(false)
  expect((await queue.find(topic, 'a'))?.id).toBe('a')
  const purge = { topic, receivedBeforeMs: Number.MAX_SAFE_INTEGER }
  expect(await queue.purge({ ...purge, isDryRun: true })).toBe(1)
  expect(await queue.purge({ ...purge, isDryRun: false })).toBe(1)
  await queue.ping()
  await queue.stop()
  await queue.stop()
  expect(await queue.check()).toBe('down')
  expect(clock.timerCount).toBe(0)
})

test('is degraded while something is wrong behind a store that accepts events', async () => {
  const { store, queue, publish } = await bench()
  store.problem = new Error('Redis cannot be reached')
  expect(await publish('a')).toBe('stored')
  expect(await queue.check()).toBe('degraded')
  store.problem = undefined
  expect(await queue.check()).toBe('up')
})

test('a store in this process has no breaker, and who looks for it finds it closed', () => {
  const metrics = new RecordingMetrics()
  const deps = { clock: new FakeClock(), ids: sequentialIds(), log: new RecordingLogger(), metrics }
  const queue = new GuardedQueue(new MemoryQueue(memoryLimitsDefault, deps), deps, { isInProcess: true })
  const shown = (state: string) => metrics.sum('slackmcp_circuit_breaker_state', { name: 'queue', state })
  expect([shown('closed'), shown('open'), shown('half_open')]).toEqual([1, 0, 0])
  expect(queue.status().breaker).toBe('closed')
})
