import { expect, test } from 'bun:test'
import { AppError } from '../../../src/base/errors.ts'
import { PublishBreaker } from '../../../src/queue/publish-breaker.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { queuedEvent } from '../../support/queue-events.ts'
import { verifies } from '../../support/verifies.ts'

type Answer = 'stored' | 'QUEUE_FULL' | 'QUEUE_UNAVAILABLE'

function bench() {
  const clock = new FakeClock()
  const states: string[] = []
  const store = { answer: 'stored' as Answer, isPingable: true, pings: 0, publishes: 0, hangs: false }
  const breaker = new PublishBreaker({
    clock,
    publish: async () => {
      store.publishes++
      if (store.answer !== 'stored') throw new AppError(store.answer)
      return 'stored'
    },
    ping: async () => {
      store.pings++
      if (store.hangs) await new Promise(() => undefined)
      if (!store.isPingable) throw new AppError('QUEUE_UNAVAILABLE')
    },
    onChange: (state) => states.push(state),
  })
  const publish = async (answer: Answer, signal?: AbortSignal): Promise<string> => {
    store.answer = answer
    return breaker.publish(queuedEvent({ id: 'a' }), signal).catch((error: AppError) => error.code)
  }
  const fail = async (count: number) => {
    for (let index = 0; index < count; index++) await publish('QUEUE_UNAVAILABLE')
  }
  return { clock, states, store, breaker, publish, fail }
}

verifies(
  'queue:publish:breaker',
  'five failures in a row refuse at once, until the store answers a ping, asked every second',
  async () => {
    const { clock, states, store, breaker, publish, fail } = bench()
    await fail(4)
    expect(breaker.state).toBe('closed')
    await fail(1)
    expect(breaker.state).toBe('open')
    store.isPingable = false
    expect(await publish('stored')).toBe('QUEUE_UNAVAILABLE')
    expect(store.publishes).toBe(5)
    await clock.advance(999)
    expect(store.pings).toBe(0)
    await clock.advance(1)
    expect({ pings: store.pings, state: breaker.state }).toEqual({ pings: 1, state: 'open' })
    store.isPingable = true
    await clock.advance(1_000)
    expect({ pings: store.pings, state: breaker.state }).toEqual({ pings: 2, state: 'closed' })
    expect(await publish('stored')).toBe('stored')
    expect(states).toEqual(['open', 'half_open', 'open', 'half_open', 'closed'])
    expect(clock.timerCount).toBe(0)
  },
)

test('tells the caller when to come back', async () => {
  const { breaker, fail } = bench()
  await fail(5)
  await expect(breaker.publish(queuedEvent({ id: 'a' }))).rejects.toMatchObject({
    code: 'QUEUE_UNAVAILABLE',
    details: { retry_after_s: 1 },
  })
})

test('a ping that hangs counts as failed after two seconds, and no publish passes meanwhile', async () => {
  const { clock, store, breaker, publish, fail } = bench()
  await fail(5)
  store.hangs = true
  await clock.advance(1_000)
  expect(breaker.state).toBe('half_open')
  expect(await publish('stored')).toBe('QUEUE_UNAVAILABLE')
  expect(store.publishes).toBe(5)
  await clock.advance(2_000)
  expect(breaker.state).toBe('open')
  store.hangs = false
  await clock.advance(1_000)
  expect(breaker.state).toBe('closed')
})

test('a success in between starts the count anew', async () => {
  const { breaker, publish, fail } = bench()
  await fail(4)
  await publish('stored')
  await fail(4)
  expect(breaker.state).toBe('closed')
})

test('a full queue is no failure, and answers for the store', async () => {
  const { breaker, publish, fail } = bench()
  await fail(4)
  expect(await publish('QUEUE_FULL')).toBe('QUEUE_FULL')
  await fail(4)
  expect(breaker.state).toBe('closed')
})

test('callers that give up say nothing about the store', async () => {
  const { breaker, publish } = bench()
  for (let index = 0; index < 10; index++) await publish('QUEUE_UNAVAILABLE', AbortSignal.abort())
  expect(breaker.state).toBe('closed')
})

test('asks no more once it is stopped', async () => {
  const { clock, store, breaker, fail } = bench()
  await fail(5)
  store.isPingable = false
  breaker.stop()
  await clock.advance(5_000)
  await settle()
  expect({ pings: store.pings, timers: clock.timerCount }).toEqual({ pings: 0, timers: 0 })
})

test('does not begin to ask after it was stopped', async () => {
  const { clock, breaker, fail } = bench()
  breaker.stop()
  await fail(5)
  expect(clock.timerCount).toBe(0)
})

test('a publish never is the probe, not even where the ping is late', async () => {
  const { clock, store, breaker, publish, fail } = bench()
  await fail(5)
  breaker.stop()
  await clock.advance(5_000)
  expect(await publish('stored')).toBe('QUEUE_UNAVAILABLE')
  expect(store.publishes).toBe(5)
})
