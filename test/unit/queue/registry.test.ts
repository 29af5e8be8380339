import { expect, test } from 'bun:test'
import { Secret } from '../../../src/base/secret.ts'
import { createQueueBackend, type QueueOptions } from '../../../src/queue/registry.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { queuedEvent, queuedEvents, topic } from '../../support/queue-events.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { RecordingMetrics } from '../../support/recording-metrics.ts'
import { sequentialIds } from '../../support/sequential-ids.ts'

function create(options: QueueOptions) {
  const metrics = new RecordingMetrics()
  const deps = { clock: new FakeClock(), ids: sequentialIds(), log: new RecordingLogger(), metrics }
  return { queue: createQueueBackend(options, deps) }
}

/** Whether a breaker stands before it: it opens after five publishes that were refused, and one not started refuses. */
async function hasBreaker({ queue }: ReturnType<typeof create>): Promise<boolean> {
  for (let count = 1; count <= 5; count++)
    await queue.publish(queuedEvent({ id: 'Ev' })).catch(() => undefined)
  return queue.status().breaker === 'open'
}

test.each([
  [{ backend: 'memory' }, { name: 'memory', durable: false, shared: false, isGuarded: false }],
  [
    { backend: 'sqlite', stateDirectory: '/nowhere', pid: 1 },
    { name: 'sqlite', durable: true, shared: false, isGuarded: true },
  ],
  [
    { backend: 'redis', redis: { url: new Secret('redis://127.0.0.1:1'), topics: [topic] } },
    { name: 'redis', durable: true, shared: true, isGuarded: true },
  ],
] as const)('makes the backend that is asked for: %p', async (options, expected) => {
  const created = create(options)
  const { name, capabilities } = created.queue
  expect({ name, ...capabilities, isGuarded: await hasBreaker(created) }).toEqual(expected)
})

test('limits that are given hold, the others keep their defaults', async () => {
  const { queue } = create({ backend: 'memory', limits: { eventsMax: 2 } })
  await queue.start()
  for (const event of queuedEvents(3)) await queue.publish(event)
  expect(await queue.depth()).toMatchObject({ events: 2, eventsMax: 2 })
  const large = queuedEvent({ id: 'large', bytes: new Uint8Array(64 * 1024 * 1024 + 1) })
  expect(await queue.publish(large).catch((error: { readonly code: string }) => error.code)).toBe(
    'QUEUE_FULL',
  )
  await queue.stop()
})

test('a Redis that cannot be meant is refused before anything starts', () => {
  const url = new Secret('http://redis.example.com')
  expect(() => create({ backend: 'redis', redis: { url, topics: [topic] } })).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }),
  )
})

test('the folder of the file lies in the state directory that was named', async () => {
  const { queue } = create({ backend: 'sqlite', stateDirectory: '/nowhere', pid: 1 })
  const refusal = await queue.start().catch((error: unknown) => error)
  expect(refusal).toMatchObject({
    code: 'STATE_DIR_UNUSABLE',
    details: { fault: 'missing', directory: '/nowhere' },
  })
  await queue.stop()
})
