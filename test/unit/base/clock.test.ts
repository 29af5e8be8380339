import { describe, expect, test } from 'bun:test'
import { createSystemClock, repeat, sleep } from '../../../src/base/clock.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'

describe('sleep', () => {
  test('resolves after its time and leaves no timer', async () => {
    const clock = new FakeClock()
    let isAwake = false
    void sleep(clock, 100).then(() => {
      isAwake = true
    })
    await clock.advance(99)
    expect(isAwake).toBe(false)
    await clock.advance(1)
    expect(isAwake).toBe(true)
    expect(clock.timerCount).toBe(0)
  })

  test('an abort ends it at once, also one that came before', async () => {
    const clock = new FakeClock()
    const stop = new AbortController()
    const slept = sleep(clock, 100, stop.signal)
    stop.abort()
    await slept
    await sleep(clock, 100, stop.signal)
    expect(clock.timerCount).toBe(0)
  })
})

describe('repeat', () => {
  test('runs every period until cancelled, also when cancelled by its own run', async () => {
    const clock = new FakeClock()
    let runs = 0
    const timer = repeat(clock, 10, () => {
      if (++runs === 3) timer.cancel()
    })
    await clock.advance(100)
    expect(runs).toBe(3)
    expect(clock.timerCount).toBe(0)
  })
})

test('the system clock runs, and a cancelled timer does not', async () => {
  const clock = createSystemClock()
  const before = clock.monotonic()
  let isRun = false
  const timer = clock.schedule(0, () => {
    isRun = true
  })
  timer.cancel()
  timer.cancel()
  await sleep(clock, 1)
  await settle()
  expect(isRun).toBe(false)
  expect(clock.monotonic()).toBeGreaterThan(before)
})
