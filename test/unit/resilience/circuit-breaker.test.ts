import { describe, expect, test } from 'bun:test'
import { type Admission, type BreakerState, CircuitBreaker } from '../../../src/resilience/circuit-breaker.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function makeBreaker() {
  const clock = new FakeClock()
  const changes: BreakerState[] = []
  const breaker = new CircuitBreaker({ clock, onChange: (state) => changes.push(state) })
  return { clock, changes, breaker }
}

function admitted(breaker: CircuitBreaker): Admission {
  const admission = breaker.admit()
  if (admission === undefined) throw new Error('The breaker refused the attempt')
  return admission
}

function fail(breaker: CircuitBreaker, times: number): void {
  for (let count = 0; count < times; count++) admitted(breaker).failed()
}

function admitMany(breaker: CircuitBreaker, times: number): Admission[] {
  return Array.from({ length: times }, () => breaker.admit()).filter((admission) => admission !== undefined)
}

describe('while closed', () => {
  test('stays closed after 4 failures in a row', () => {
    const { breaker, changes } = makeBreaker()
    fail(breaker, 4)
    expect(breaker.state).toBe('closed')
    expect(breaker.retryAfterMs()).toBe(0)
    expect(breaker.admit()).toBeDefined()
    expect(changes).toEqual([])
  })

  test('opens with the 5th failure in a row and refuses the 6th attempt at once', () => {
    const { breaker, changes } = makeBreaker()
    fail(breaker, 5)
    expect(breaker.state).toBe('open')
    expect(breaker.admit()).toBeUndefined()
    expect(breaker.retryAfterMs()).toBe(30_000)
    expect(changes).toEqual(['open'])
  })

  test('starts counting again after a success', () => {
    const { breaker } = makeBreaker()
    fail(breaker, 4)
    admitted(breaker).succeeded()
    fail(breaker, 4)
    expect(breaker.state).toBe('closed')
    fail(breaker, 1)
    expect(breaker.state).toBe('open')
  })

  test('neither counts nor forgives for an abandoned attempt', () => {
    const { breaker } = makeBreaker()
    fail(breaker, 4)
    for (let count = 0; count < 1000; count++) admitted(breaker).abandoned()
    expect(breaker.state).toBe('closed')
    fail(breaker, 1)
    expect(breaker.state).toBe('open')
  })

  test('counts each attempt once, whatever is said of it later', () => {
    const { breaker } = makeBreaker()
    const admission = admitted(breaker)
    for (let count = 0; count < 10; count++) admission.failed()
    expect(breaker.state).toBe('closed')
  })

  test('lets 50 attempts run at once', () => {
    expect(admitMany(makeBreaker().breaker, 50)).toHaveLength(50)
  })
})

describe('while open', () => {
  test('refuses for 30 seconds and lets a probe pass exactly then', async () => {
    const { breaker, clock } = makeBreaker()
    fail(breaker, 5)
    await clock.advance(29_999)
    expect(breaker.admit()).toBeUndefined()
    expect(breaker.retryAfterMs()).toBe(1)
    await clock.advance(1)
    expect(breaker.retryAfterMs()).toBe(0)
    expect(breaker.admit()).toBeDefined()
    expect(breaker.state).toBe('half_open')
  })

  test('does not stay open longer for failures of attempts admitted before it opened', async () => {
    const { breaker, clock, changes } = makeBreaker()
    const early = admitMany(breaker, 50)
    for (const admission of early.slice(0, 5)) admission.failed()
    await clock.advance(20_000)
    for (const admission of early.slice(5)) admission.failed()
    await clock.advance(10_000)
    expect(breaker.admit()).toBeDefined()
    expect(changes).toEqual(['open', 'half_open'])
  })

  test('is not closed by the late success of an attempt admitted before it opened', async () => {
    const { breaker, clock } = makeBreaker()
    const early = admitted(breaker)
    fail(breaker, 5)
    early.succeeded()
    expect(breaker.state).toBe('open')
    await clock.advance(30_000)
    const probe = admitted(breaker)
    early.succeeded()
    expect(breaker.state).toBe('half_open')
    expect(breaker.admit()).toBeUndefined()
    probe.succeeded()
    expect(breaker.state).toBe('closed')
  })

  test('does not follow the wall clock', () => {
    const { breaker, clock } = makeBreaker()
    fail(breaker, 5)
    clock.jumpWall(3_600_000)
    expect(breaker.admit()).toBeUndefined()
    clock.jumpWall(-7_200_000)
    expect(breaker.retryAfterMs()).toBe(30_000)
  })
})

describe('while half open', () => {
  async function makeHalfOpen() {
    const made = makeBreaker()
    fail(made.breaker, 5)
    await made.clock.advance(30_000)
    return made
  }

  test('admits exactly one of 50 attempts at once', async () => {
    const { breaker } = await makeHalfOpen()
    expect(admitMany(breaker, 50)).toHaveLength(1)
    expect(breaker.retryAfterMs()).toBe(30_000)
  })

  test('closes with the success of the probe and counts from zero', async () => {
    const { breaker, changes } = await makeHalfOpen()
    admitted(breaker).succeeded()
    expect(changes).toEqual(['open', 'half_open', 'closed'])
    fail(breaker, 4)
    expect(breaker.state).toBe('closed')
  })

  test('opens for another 30 seconds with the failure of the probe', async () => {
    const { breaker, clock, changes } = await makeHalfOpen()
    const probe = admitted(breaker)
    await clock.advance(7000)
    probe.failed()
    expect(changes).toEqual(['open', 'half_open', 'open'])
    expect(breaker.retryAfterMs()).toBe(30_000)
    await clock.advance(29_999)
    expect(breaker.admit()).toBeUndefined()
    await clock.advance(1)
    expect(breaker.admit()).toBeDefined()
  })

  test('gives the place of an abandoned probe to the next attempt', async () => {
    const { breaker } = await makeHalfOpen()
    admitted(breaker).abandoned()
    expect(breaker.state).toBe('half_open')
    expect(breaker.retryAfterMs()).toBe(0)
    expect(admitMany(breaker, 50)).toHaveLength(1)
  })
})

test('takes another threshold and another time', async () => {
  const clock = new FakeClock()
  const breaker = new CircuitBreaker({ clock, failuresMax: 1, openForMs: 1000 })
  fail(breaker, 1)
  await clock.advance(999)
  expect(breaker.admit()).toBeUndefined()
  await clock.advance(1)
  expect(breaker.admit()).toBeDefined()
})
