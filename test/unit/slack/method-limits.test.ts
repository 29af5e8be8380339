import { describe, expect, test } from 'bun:test'
import { MethodLimits, type Place } from '../../../src/slack/method-limits.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function makeLimits(isDistributedApp = false) {
  const clock = new FakeClock()
  return { clock, limits: new MethodLimits({ clock, isDistributedApp }) }
}

const now: Place = { ok: true, waitMs: 0 }

describe('before Slack said anything', () => {
  test('lets a thousand calls of a method go at once', () => {
    const { limits } = makeLimits()
    const places = Array.from({ length: 1000 }, () => limits.reserve('users.info', 0))
    expect(places.every(({ ok }) => ok)).toBe(true)
  })
})

describe('after a 429', () => {
  test('lets nobody go before the time that Slack named, and no other method wait', async () => {
    const { limits, clock } = makeLimits()
    limits.block('users.info', 3000)
    expect(limits.isBlocked('users.info')).toBe(true)
    expect(limits.reserve('users.info', 2999)).toEqual({ ok: false, retryAfterMs: 3000 })
    expect(limits.reserve('users.list', 0)).toEqual(now)
    expect(limits.reserve('users.info', 3000)).toEqual({ ok: true, waitMs: 3000 })
    await clock.advance(2999)
    expect(limits.isBlocked('users.info')).toBe(true)
    await clock.advance(1)
    expect(limits.isBlocked('users.info')).toBe(false)
  })

  test('gives every caller a place of its own, at the distance of the tier', () => {
    const { limits } = makeLimits()
    limits.block('conversations.history', 1000)
    const places = [1, 2, 3].map(() => limits.reserve('conversations.history', 15_000))
    // Tier 3: 50 a minute.
    expect(places).toEqual([1000, 2200, 3400].map((waitMs) => ({ ok: true, waitMs })))
  })

  test('takes no place for a caller who cannot wait for it', () => {
    const { limits } = makeLimits()
    limits.block('conversations.history', 1000)
    for (let count = 0; count < 100; count++) limits.reserve('conversations.history', 500)
    expect(limits.reserve('conversations.history', 1000)).toEqual({ ok: true, waitMs: 1000 })
  })

  test('keeps the distance for a minute after the block, and not longer', async () => {
    const { limits, clock } = makeLimits()
    limits.block('users.info', 1000)
    await clock.advance(60_999)
    expect(limits.reserve('users.info', 0)).toEqual(now)
    expect(limits.reserve('users.info', 0)).toEqual({ ok: false, retryAfterMs: 600 })
    await clock.advance(600)
    expect([1, 2, 3].map(() => limits.reserve('users.info', 0))).toEqual([now, now, now])
  })

  test('keeps the longer of two blocks', async () => {
    const { limits, clock } = makeLimits()
    limits.block('users.info', 5000)
    limits.block('users.info', 1000)
    expect(limits.reserve('users.info', 0)).toEqual({ ok: false, retryAfterMs: 5000 })
    await clock.advance(4000)
    limits.block('users.info', 5000)
    expect(limits.reserve('users.info', 0)).toEqual({ ok: false, retryAfterMs: 5000 })
  })

  test('does not follow the wall clock', () => {
    const { limits, clock } = makeLimits()
    limits.block('users.info', 5000)
    clock.jumpWall(3_600_000)
    expect(limits.isBlocked('users.info')).toBe(true)
  })
})

describe('an app that is sold outside the Marketplace', () => {
  test('reads history once a minute, and threads once a minute', async () => {
    const { limits, clock } = makeLimits(true)
    expect(limits.reserve('conversations.history', 15_000)).toEqual(now)
    expect(limits.reserve('conversations.history', 15_000)).toEqual({ ok: false, retryAfterMs: 60_000 })
    expect(limits.reserve('conversations.replies', 15_000)).toEqual(now)
    await clock.advance(59_999)
    expect(limits.reserve('conversations.history', 0)).toEqual({ ok: false, retryAfterMs: 1 })
    await clock.advance(1)
    expect(limits.reserve('conversations.history', 0)).toEqual(now)
  })

  test('is as free as any in all other methods', () => {
    const { limits } = makeLimits(true)
    const places = Array.from({ length: 100 }, () => limits.reserve('conversations.info', 0))
    expect(places.every(({ ok }) => ok)).toBe(true)
    expect(limits.fit('conversations.list', { limit: 1000 })).toEqual({ limit: 1000 })
  })

  test('asks for 15 objects at most, whatever is asked of it', () => {
    const { limits } = makeLimits(true)
    const asked = [14, 15, 16, 999, undefined]
    expect(asked.map((limit) => limits.fit('conversations.history', { channel: 'C1', limit }))).toEqual(
      [14, 15, 15, 15, 15].map((limit) => ({ channel: 'C1', limit })),
    )
  })

  test('is what nobody is by default', () => {
    const { limits } = makeLimits()
    expect(limits.fit('conversations.history', { limit: 999 })).toEqual({ limit: 999 })
    expect([1, 2].map(() => limits.reserve('conversations.history', 0))).toEqual([now, now])
  })
})
