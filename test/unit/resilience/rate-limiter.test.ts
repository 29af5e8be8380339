import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { createRateLimiter } from '../../../src/resilience/rate-limiter.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function makeLimiter({ ratePerSecond = 10, burst = 3, keysMax = 2 } = {}) {
  const clock = new FakeClock()
  return { clock, limiter: createRateLimiter({ clock, ratePerSecond, burst, keysMax }) }
}

test('lets a burst pass, refuses the next and names when it may come', () => {
  const { limiter } = makeLimiter()
  expect([1, 2, 3, 4].map(() => limiter.take('a'))).toEqual([
    { ok: true },
    { ok: true },
    { ok: true },
    { ok: false, retryAfterMs: 100 },
  ])
})

test('lets one more pass exactly when it said so', async () => {
  const { limiter, clock } = makeLimiter({ burst: 1 })
  limiter.take('a')
  await clock.advance(99)
  expect(limiter.take('a')).toEqual({ ok: false, retryAfterMs: 1 })
  await clock.advance(1)
  expect(limiter.take('a')).toEqual({ ok: true })
  expect(limiter.take('a')).toEqual({ ok: false, retryAfterMs: 100 })
})

test('does not let refused takes push the next one away', async () => {
  const { limiter, clock } = makeLimiter({ burst: 1 })
  for (let count = 0; count < 100; count++) limiter.take('a')
  await clock.advance(100)
  expect(limiter.take('a')).toEqual({ ok: true })
})

test('never saves up more than a burst', async () => {
  const { limiter, clock } = makeLimiter()
  limiter.take('a')
  await clock.advance(3_600_000)
  expect([1, 2, 3, 4].filter(() => limiter.take('a').ok)).toHaveLength(3)
})

test('counts keys apart', () => {
  const { limiter } = makeLimiter({ burst: 1 })
  expect(limiter.take('a')).toEqual({ ok: true })
  expect(limiter.take('b')).toEqual({ ok: true })
  expect(limiter.take('a').ok).toBe(false)
})

test('forgets the key unused for longest when there are too many', () => {
  const { limiter } = makeLimiter({ burst: 1, keysMax: 2 })
  for (const key of ['a', 'b', 'c']) limiter.take(key)
  expect(limiter.take('c').ok).toBe(false)
  expect(limiter.take('b').ok).toBe(false)
  expect(limiter.take('a').ok).toBe(true)
})

test('keeps remembering a key that is being refused', () => {
  const { limiter } = makeLimiter({ burst: 1, keysMax: 2 })
  limiter.take('busy')
  for (const key of ['a', 'b', 'c', 'd']) {
    expect(limiter.take('busy').ok).toBe(false)
    limiter.take(key)
  }
})

test('is refused a rate of zero and a burst below one', () => {
  expect(() => makeLimiter({ ratePerSecond: 0 })).toThrow(RangeError)
  expect(() => makeLimiter({ ratePerSecond: Number.NaN })).toThrow(RangeError)
  expect(() => makeLimiter({ burst: 0 })).toThrow(RangeError)
})

test('keeps its word at every rate: a take passes after retryAfterMs, and a burst is a burst', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.double({ min: 0.01, max: 5000, noNaN: true }),
      fc.integer({ min: 1, max: 50 }),
      async (ratePerSecond, burst) => {
        const { limiter, clock } = makeLimiter({ ratePerSecond, burst })
        await clock.advance(1234.567)
        for (let count = 0; count < burst; count++) expect(limiter.take('a')).toEqual({ ok: true })
        const refused = limiter.take('a')
        if (refused.ok) throw new Error('One take more than the burst passed')
        await clock.advance(refused.retryAfterMs)
        expect(limiter.take('a')).toEqual({ ok: true })
      },
    ),
    { numRuns: 300 },
  )
})
