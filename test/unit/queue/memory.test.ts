import { expect, test } from 'bun:test'
import type { QueuedEvent } from '../../../src/queue/driver.ts'
import { type MemoryLimits, MemoryQueue, memoryLimitsDefault } from '../../../src/queue/memory.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { queuedEvent, queuedEvents, topic } from '../../support/queue-events.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { RecordingMetrics } from '../../support/recording-metrics.ts'
import { sequentialIds } from '../../support/sequential-ids.ts'
import { verifies } from '../../support/verifies.ts'

async function started(limits: Partial<MemoryLimits> = {}) {
  const clock = new FakeClock()
  const metrics = new RecordingMetrics()
  const queue = new MemoryQueue(
    { ...memoryLimitsDefault, ...limits },
    { clock, ids: sequentialIds(), log: new RecordingLogger(), metrics },
  )
  await queue.start()
  return { queue, clock, metrics }
}

type Started = Awaited<ReturnType<typeof started>>

/** A group that is registered and has nobody in it. */
async function register({ queue }: Started, group: string): Promise<void> {
  const controller = new AbortController()
  const ended = queue.subscribe({ topic, group, handler: async () => undefined, signal: controller.signal })
  controller.abort()
  await ended
}

/** Consumes until the controller aborts; the events in `keep` stay unacknowledged until `until` resolves. */
function consume(
  { queue }: Started,
  group: string,
  keep: readonly string[] = [],
  never = new Promise<void>(() => undefined),
) {
  const controller = new AbortController()
  void queue.subscribe({
    topic,
    group,
    concurrencyMax: 10,
    handler: ({ event }) => (keep.includes(event.id) ? never : Promise.resolve()),
    signal: controller.signal,
  })
  return controller
}

const idsOf = (events: readonly { readonly id: string }[]) => events.map(({ id }) => id)

verifies(
  'queue:memory:no-subscriber',
  'while nobody consumes, the newest events are kept and every one that gave way is counted',
  async () => {
    const memory = await started({ eventsMax: 4 })
    for (const event of queuedEvents(12)) expect(await memory.queue.publish(event)).toBe('stored')
    expect(idsOf(await memory.queue.recent(topic, 10))).toEqual(['Ev8', 'Ev9', 'Ev10', 'Ev11'])
    await memory.clock.advance(1_000)
    expect(memory.metrics.sum('slackmcp_queue_dropped_total', { reason: 'no_subscriber' })).toBe(8)
  },
)

test('the bound in bytes drops as many as the new one needs', async () => {
  const { queue } = await started({ bytesMax: 100 })
  for (const id of ['a', 'b', 'c']) await queue.publish(queuedEvent({ id, bytes: new Uint8Array(30) }))
  await queue.publish(queuedEvent({ id: 'big', bytes: new Uint8Array(70) }))
  expect(await queue.depth()).toMatchObject({ events: 2, bytes: 100 })
  expect(idsOf(await queue.recent(topic, 10))).toEqual(['c', 'big'])
})

test('an event larger than the bound is refused and costs nobody else a place', async () => {
  const { queue } = await started({ bytesMax: 100 })
  await queue.publish(queuedEvent({ id: 'a', bytes: new Uint8Array(100) }))
  const tooLarge = queue.publish(queuedEvent({ id: 'b', bytes: new Uint8Array(101) }))
  await expect(tooLarge).rejects.toMatchObject({ code: 'QUEUE_FULL' })
  expect(await queue.depth()).toMatchObject({ events: 1, bytes: 100 })
})

test('what every group has acknowledged gives way before the door closes, and is no loss', async () => {
  const memory = await started({ eventsMax: 3 })
  consume(memory, 'fast')
  consume(memory, 'slow', ['Ev0'])
  for (const event of queuedEvents(9)) {
    expect(await memory.queue.publish(event)).toBe('stored')
    await settle()
  }
  expect(idsOf(await memory.queue.recent(topic, 10))).toEqual(['Ev0', 'Ev7', 'Ev8'])
  expect(await memory.queue.depth()).toMatchObject({ events: 3, pending: 1 })
  await memory.clock.advance(1_000)
  expect(memory.metrics.sum('slackmcp_queue_dropped_total')).toBe(0)
})

test('of what every group has acknowledged the newest 1,000 events stay', async () => {
  const memory = await started()
  consume(memory, 'fast')
  consume(memory, 'slow', ['Ev0'])
  const publishAll = async (events: readonly QueuedEvent[]) => {
    for (const event of events) {
      await memory.queue.publish(event)
      await settle()
    }
  }
  const events = queuedEvents(1_003)
  await publishAll(events.slice(0, 1_001))
  expect(await memory.queue.depth()).toMatchObject({ events: 1_001, pending: 1 })
  await publishAll(events.slice(1_001))
  expect(await memory.queue.depth()).toMatchObject({ events: 1_001, pending: 1 })
  const [first, second] = idsOf(await memory.queue.recent(topic, 2_000))
  expect([first, second]).toEqual(['Ev0', 'Ev3'])
  await memory.clock.advance(1_000)
  expect(memory.metrics.sum('slackmcp_queue_dropped_total')).toBe(0)
})

test('two groups that hold different events fill the queue together', async () => {
  const memory = await started({ eventsMax: 2 })
  consume(memory, 'left', ['Ev0'])
  consume(memory, 'right', ['Ev1'])
  for (const event of queuedEvents(2)) await memory.queue.publish(event)
  await settle()
  await expect(memory.queue.publish(queuedEvent({ id: 'late' }))).rejects.toMatchObject({
    code: 'QUEUE_FULL',
  })
  expect(await memory.queue.depth()).toMatchObject({ pending: 1, fill: 0.5 })
})

test('drop-oldest takes an event from a group that has not seen it and from one that holds it', async () => {
  const memory = await started({ eventsMax: 2, whenFull: 'drop-oldest' })
  await register(memory, 'away')
  consume(memory, 'busy', ['Ev0', 'Ev1', 'Ev2'])
  for (const event of queuedEvents(3)) expect(await memory.queue.publish(event)).toBe('stored')
  await settle()
  const pending = Object.fromEntries((await memory.queue.groups()).map((info) => [info.group, info.pending]))
  expect(pending).toEqual({ away: 2, busy: 2 })
  await memory.clock.advance(1_000)
  expect(memory.metrics.sum('slackmcp_queue_dropped_total', { reason: 'drop_oldest' })).toBe(1)
})

test('an event dropped while a handler has it is not counted again when the handler is done', async () => {
  const memory = await started({ eventsMax: 1, whenFull: 'drop-oldest' })
  const gate = Promise.withResolvers<void>()
  consume(memory, 'busy', ['Ev0'], gate.promise)
  consume(memory, 'quick')
  for (const event of queuedEvents(2)) {
    await memory.queue.publish(event)
    await settle()
  }
  expect(await memory.queue.groups()).toMatchObject([{ pending: 0 }, { pending: 0 }])
  gate.resolve()
  await settle()
  expect(await memory.queue.groups()).toMatchObject([{ pending: 0 }, { pending: 0 }])
})

test('an event that was given back and then dropped is not delivered', async () => {
  const memory = await started({ eventsMax: 2, whenFull: 'drop-oldest' })
  const failing = new AbortController()
  const ended = memory.queue.subscribe({
    topic,
    group: 'g',
    handler: () => Promise.reject(new Error('no')),
    signal: failing.signal,
  })
  await memory.queue.publish(queuedEvent({ id: 'Ev0' }))
  await settle()
  failing.abort()
  await ended
  for (const id of ['Ev1', 'Ev2']) await memory.queue.publish(queuedEvent({ id }))
  const seen: string[] = []
  void memory.queue.subscribe({
    topic,
    group: 'g',
    handler: async ({ event }) => void seen.push(event.id),
    signal: new AbortController().signal,
  })
  await settle()
  expect(seen).toEqual(['Ev1', 'Ev2'])
  expect(await memory.queue.groups()).toMatchObject([{ pending: 0 }])
})

test('what was given back comes again in the order of arrival', async () => {
  const memory = await started()
  const gates = [1, 2, 3].map(() => Promise.withResolvers<void>())
  const failing = new AbortController()
  const ended = memory.queue.subscribe({
    topic,
    group: 'g',
    concurrencyMax: 3,
    handler: ({ event }) => gates[Number(event.id.slice(2))]?.promise ?? Promise.resolve(),
    signal: failing.signal,
  })
  for (const event of queuedEvents(3)) await memory.queue.publish(event)
  for (const gate of gates.toReversed()) {
    gate.reject(new Error('no'))
    await settle()
  }
  failing.abort()
  await ended
  const tries: string[] = []
  void memory.queue.subscribe({
    topic,
    group: 'g',
    handler: async ({ event, attempt }) => void tries.push(`${event.id}/${attempt}`),
    signal: new AbortController().signal,
  })
  await settle()
  expect(tries).toEqual(['Ev0/2', 'Ev1/2', 'Ev2/2'])
})

test('a group that came and acknowledged a part does not free what it still waits for', async () => {
  const memory = await started({ eventsMax: 2 })
  consume(memory, 'first')
  for (const event of queuedEvents(2)) await memory.queue.publish(event)
  await settle()
  consume(memory, 'second', ['Ev1'])
  await settle()
  expect(await memory.queue.publish(queuedEvent({ id: 'Ev2' }))).toBe('stored')
  await settle()
  expect(await memory.queue.publish(queuedEvent({ id: 'Ev3' }))).toBe('stored')
  expect(idsOf(await memory.queue.recent(topic, 5))).toEqual(['Ev1', 'Ev3'])
})

test('a replayed dead letter stands beside the bound', async () => {
  const memory = await started({ eventsMax: 2, retry: { attemptsMax: 1, firstMs: 1, longestMs: 1 } })
  let isBroken = true
  void memory.queue.subscribe({
    topic,
    group: 'g',
    handler: () => (isBroken ? Promise.reject(new Error('no')) : Promise.resolve()),
    signal: new AbortController().signal,
  })
  await memory.queue.publish(queuedEvent({ id: 'Ev0', bytes: new Uint8Array(1_000) }))
  await settle()
  isBroken = false
  expect(await memory.queue.replayDeadLetter({ topic, eventId: 'Ev0', group: 'g' })).toBe(true)
  expect(await memory.queue.depth()).toMatchObject({ events: 1, pending: 1 })
  await settle()
  for (const event of queuedEvents(4, 'More')) {
    await memory.queue.publish(event)
    await settle()
  }
  const bytes = 2 * queuedEvent({ id: 'More0' }).bytes.byteLength
  expect(await memory.queue.depth()).toMatchObject({ events: 2, bytes, pending: 0 })
  expect(idsOf(await memory.queue.recent(topic, 5))).toEqual(['More2', 'More3'])
})

test('says since when the oldest event waits, and when a group was last active', async () => {
  const memory = await started()
  const at = memory.clock.now()
  const gate = Promise.withResolvers<void>()
  consume(memory, 'g', ['Ev0'], gate.promise)
  for (const [index, event] of queuedEvents(3).entries()) {
    const receivedAtMs = at + index
    await memory.queue.publish({ ...event, meta: { ...event.meta, receivedAtMs } })
  }
  await settle()
  expect(await memory.queue.depth()).toMatchObject({ pending: 1, oldestAtMs: at })
  expect(await memory.queue.groups()).toMatchObject([{ activeAtMs: at }])
  await memory.clock.advance(5_000)
  gate.resolve()
  await settle()
  expect(await memory.queue.groups()).toMatchObject([{ activeAtMs: at + 5_000 }])
  await memory.clock.advance(5_000)
  consume(memory, 'other', ['More0'])
  await memory.queue.publish(queuedEvent({ id: 'More0' }))
  await settle()
  expect(await memory.queue.groups()).toMatchObject([
    { group: 'g', activeAtMs: at + 10_000 },
    { group: 'other', activeAtMs: at + 10_000 },
  ])
})

test('of events that are handed out the oldest is the one that waits longest', async () => {
  const memory = await started()
  const at = memory.clock.now()
  consume(memory, 'g', ['Ev1', 'Ev2'])
  for (const [index, event] of queuedEvents(3).entries()) {
    await memory.queue.publish({ ...event, meta: { ...event.meta, receivedAtMs: at + index } })
  }
  await settle()
  expect(await memory.queue.depth()).toMatchObject({ pending: 2, oldestAtMs: at + 1 })
})

test('taking an event counts as activity before it is acknowledged', async () => {
  const memory = await started()
  await memory.clock.advance(1_000)
  consume(memory, 'g', ['Ev0'])
  await memory.queue.publish(queuedEvent({ id: 'Ev0' }))
  await settle()
  expect(await memory.queue.groups()).toMatchObject([{ activeAtMs: memory.clock.now(), pending: 1 }])
})

test('a new group makes acknowledged events wanted again', async () => {
  const memory = await started({ eventsMax: 3 })
  consume(memory, 'first')
  for (const event of queuedEvents(3)) await memory.queue.publish(event)
  await settle()
  await register(memory, 'second')
  await expect(memory.queue.publish(queuedEvent({ id: 'late' }))).rejects.toMatchObject({
    code: 'QUEUE_FULL',
  })
  expect(await memory.queue.removeGroup(topic, 'second')).toBe(true)
  expect(await memory.queue.publish(queuedEvent({ id: 'late' }))).toBe('stored')
})

test('removing a group whose members are connected forgets its backlog and keeps it going', async () => {
  const memory = await started({ eventsMax: 2 })
  const seen: string[] = []
  const gate = Promise.withResolvers<void>()
  void memory.queue.subscribe({
    topic,
    group: 'g',
    handler: async ({ event }) => {
      seen.push(event.id)
      await gate.promise
    },
    signal: new AbortController().signal,
  })
  for (const event of queuedEvents(2)) await memory.queue.publish(event)
  await settle()
  expect(await memory.queue.removeGroup(topic, 'g')).toBe(true)
  expect(await memory.queue.groups()).toMatchObject([{ group: 'g', pending: 0 }])
  expect(await memory.queue.publish(queuedEvent({ id: 'new' }))).toBe('stored')
  gate.resolve()
  await settle()
  expect(seen).toEqual(['Ev0', 'new'])
  expect(await memory.queue.groups()).toMatchObject([{ group: 'g', pending: 0 }])
})

test('a purge of what was acknowledged out of order leaves a log that goes on', async () => {
  const memory = await started({ eventsMax: 3 })
  const first = Promise.withResolvers<void>()
  consume(memory, 'g', ['Ev0'], first.promise)
  for (const event of queuedEvents(2)) await memory.queue.publish(event)
  await settle()
  first.resolve()
  await settle()
  const all = { topic, receivedBeforeMs: Number.MAX_SAFE_INTEGER, isDryRun: false }
  expect(await memory.queue.purge(all)).toBe(2)
  for (const id of ['a', 'b', 'c', 'd']) {
    await memory.queue.publish(queuedEvent({ id }))
    await settle()
  }
  expect(idsOf(await memory.queue.recent(topic, 10))).toEqual(['b', 'c', 'd'])
  expect(await memory.queue.depth()).toMatchObject({ events: 3 })
})

verifies(
  'queue:memory:dedupe-bound',
  'the memory backend remembers the newest ids only, and counts those it forgot before their window ended',
  async () => {
    const memory = await started({ dedupeIdsMax: 3, eventsMax: 10 })
    for (const event of queuedEvents(4)) await memory.queue.publish(event)
    expect(await memory.queue.publish(queuedEvent({ id: 'Ev1' }))).toBe('duplicate')
    expect(await memory.queue.publish(queuedEvent({ id: 'Ev0' }))).toBe('stored')
    await memory.clock.advance(1_000)
    expect(memory.metrics.sum('slackmcp_queue_dropped_total', { reason: 'dedupe_evicted' })).toBe(2)
  },
)

test('F18: by default ids are remembered for 26 hours, whatever the wall clock does', async () => {
  const { queue, clock } = await started()
  const hourMs = 3_600_000
  await queue.publish(queuedEvent({ id: 'Ev1' }))
  clock.jumpWall(48 * hourMs)
  await clock.advance(26 * hourMs - 1)
  expect(await queue.publish(queuedEvent({ id: 'Ev1' }))).toBe('duplicate')
  clock.jumpWall(-96 * hourMs)
  await clock.advance(1)
  expect(await queue.publish(queuedEvent({ id: 'Ev1' }))).toBe('stored')
})

test('an evicted dead letter is counted', async () => {
  const memory = await started({ deadLettersMax: 1, retry: { attemptsMax: 1, firstMs: 1, longestMs: 1 } })
  void memory.queue.subscribe({
    topic,
    group: 'g',
    handler: () => Promise.reject(new Error('no')),
    signal: new AbortController().signal,
  })
  for (const event of queuedEvents(3)) await memory.queue.publish(event)
  await memory.clock.advance(1_000)
  expect(memory.metrics.sum('slackmcp_queue_dropped_total', { reason: 'dead_letter_evicted' })).toBe(2)
})

test('a stopped queue holds nothing', async () => {
  const memory = await started({ retry: { attemptsMax: 1, firstMs: 1, longestMs: 1 } })
  void memory.queue.subscribe({
    topic,
    group: 'g',
    handler: () => Promise.reject(new Error('no')),
    signal: new AbortController().signal,
  })
  for (const event of queuedEvents(3)) await memory.queue.publish(event)
  await settle()
  expect(await memory.queue.depth()).toMatchObject({ events: 3, deadLetters: 3 })
  await memory.queue.stop()
  expect(await memory.queue.depth()).toMatchObject({ events: 0, bytes: 0, deadLetters: 0 })
  expect(await memory.queue.groups()).toEqual([])
  expect(memory.clock.timerCount).toBe(0)
})
