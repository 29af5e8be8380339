import { afterEach, expect, test } from 'bun:test'
import { ConsumerStreams } from '../../../src/events/consumer-streams.ts'
import { MemoryQueue, memoryLimitsDefault } from '../../../src/queue/memory.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { fakeQueueDeps } from '../../support/queue-deps.ts'
import { queuedEvent, topic } from '../../support/queue-events.ts'
import { sequentialIds } from '../../support/sequential-ids.ts'

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

async function fixture() {
  const clock = new FakeClock()
  const deps = { ...fakeQueueDeps(), clock }
  const queue = new MemoryQueue(memoryLimitsDefault, deps)
  await queue.start()
  const streams = new ConsumerStreams({ queue, topic, clock, ids: sequentialIds() })
  stops.push(async () => {
    await streams.stop()
    await queue.stop()
  })
  const open = () =>
    streams.open({ group: 'g', concurrencyMax: 1, isOrdered: false, leaseMs: 300_000 }).getReader()
  return { clock, queue, streams, open }
}

const textOf = ({ value }: { readonly value?: Uint8Array | undefined }) => new TextDecoder().decode(value)

test('a quiet stream says something every 15 seconds, so that a consumer that went away is noticed', async () => {
  const { clock, open } = await fixture()
  const reader = open()
  expect(JSON.parse(textOf(await reader.read()))).toEqual({ stream: expect.any(String) })
  let beats = 0
  const reading = (async () => {
    for (;;) {
      const read = await reader.read()
      if (read.done) return
      expect(textOf(read)).toBe('\n')
      beats++
    }
  })()
  await clock.advance(14_999)
  expect(beats).toBe(0)
  await clock.advance(1)
  await settle()
  expect(beats).toBe(1)
  await reader.cancel()
  await reading
  expect(clock.timerCount).toBe(0)
})

test('the hundredth stream is opened and the next refused, until one has ended', async () => {
  const { streams, open } = await fixture()
  const readers = Array.from({ length: 100 }, open)
  expect(open).toThrow(expect.objectContaining({ code: 'OVERLOADED' }))
  await readers[0]?.cancel()
  await settle()
  open()
  await streams.stop()
  expect(open).toThrow(expect.objectContaining({ code: 'SHUTTING_DOWN' }))
})

test('what is settled twice, or in no stream, was not held', async () => {
  const { queue, streams, open } = await fixture()
  const reader = open()
  const { stream: streamId } = JSON.parse(textOf(await reader.read()))
  await queue.publish(queuedEvent({ id: 'Ev1' }))
  const { number } = JSON.parse(textOf(await reader.read()))
  const settlement = { streamId, done: [number], failed: [], isLast: false }
  expect(streams.settle({ ...settlement, streamId: 'another' })).toBe(0)
  expect(streams.settle(settlement)).toBe(1)
  await settle()
  expect(streams.settle(settlement)).toBe(0)
  expect(await queue.groups()).toMatchObject([{ group: 'g', pending: 0 }])
})
