import { expect, test } from 'bun:test'
import { AppError } from '../../../src/base/errors.ts'
import { PublishBreaker } from '../../../src/queue/publish-breaker.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { verifies } from '../../support/verifies.ts'

function bench() {
  const clock = new FakeClock()
  const states: string[] = []
  const store = { isPingable: true, pings: 0, hangs: false }
  const breaker = new PublishBreaker({
    clock,
    ping: async () => {
      store.pings++
      if (store.hangs) await new Promise(() => undefined)
      if (!store.isPingable) throw new AppError('QUEUE_UNAVAILABLE')
    },
    onChange: (state) => states.push(state),
  })
  const fail = (count: number) => {
    for (let index = 0; index < count; index++) breaker.failed()
  }
  return { clock, states, store, breaker, fail }
}

verifies(
  'queue:publish:breaker',
  'five failures in a row refuse at once, until the store answers a ping, asked every second',
  async () => {
    const { clock, states, store, breaker, fail } = bench()
    fail(4)
    expect({ state: breaker.state, refusal: breaker.refusal }).toEqual({
      state: 'closed',
      refusal: undefined,
    })
    fail(1)
    expect(breaker.refusal).toMatchObject({ code: 'QUEUE_UNAVAILABLE', details: { retry_after_s: 1 } })
    store.isPingable = false
    await clock.advance(999)
    expect(store.pings).toBe(0)
    await clock.advance(1)
    expect({ pings: store.pings, state: breaker.state }).toEqual({ pings: 1, state: 'open' })
    store.isPingable = true
    await clock.advance(1_000)
    expect({ pings: store.pings, state: breaker.state }).toEqual({ pings: 2, state: 'closed' })
    expect(breaker.refusal).toBeUndefined()
    expect(states).toEqual(['open', 'half_open', 'open', 'half_open', 'closed'])
    expect(clock.timerCount).toBe(0)
  },
)

test('a ping that hangs counts as failed after two seconds, and no publish passes meanwhile', async () => {
  const { clock, store, breaker, fail } = bench()
  fail(5)
  store.hangs = true
  await clock.advance(1_000)
  expect(breaker.state).toBe('half_open')
  expect(breaker.refusal).toBeDefined()
  await clock.advance(2_000)
  expect(breaker.state).toBe('open')
  store.hangs = false
  await clock.advance(1_000)
  expect(breaker.state).toBe('closed')
})

test('an answer in between starts the count anew, and so does closing', async () => {
  const { clock, breaker, fail } = bench()
  fail(4)
  breaker.answered()
  fail(4)
  expect(breaker.state).toBe('closed')
  fail(1)
  await clock.advance(1_000)
  fail(4)
  expect(breaker.state).toBe('closed')
  fail(1)
  expect(breaker.state).toBe('open')
})

test('what was asked before it opened has no say after it', async () => {
  const { clock, states, breaker, fail } = bench()
  fail(9)
  expect({ state: breaker.state, timers: clock.timerCount }).toEqual({ state: 'open', timers: 1 })
  breaker.answered()
  fail(9)
  expect({ state: breaker.state, timers: clock.timerCount }).toEqual({ state: 'open', timers: 1 })
  expect(states).toEqual(['open'])
})

test('asks no more once it is stopped', async () => {
  const { clock, store, breaker, fail } = bench()
  fail(5)
  breaker.stop()
  await clock.advance(5_000)
  expect({ pings: store.pings, timers: clock.timerCount }).toEqual({ pings: 0, timers: 0 })
})

test('does not begin to ask after it was stopped', () => {
  const { clock, breaker, fail } = bench()
  breaker.stop()
  fail(5)
  expect(clock.timerCount).toBe(0)
})
