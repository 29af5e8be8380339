import { describe, expect, test } from 'bun:test'
import { createServiceNotifier } from '../../../src/cli/service-notifier.ts'
import { FakeClock } from '../../support/fake-clock.ts'

interface Input {
  readonly env?: Readonly<Record<string, string>>
  readonly isHeard?: boolean
}

function createFixture({ env = {}, isHeard = true }: Input = {}) {
  const clock = new FakeClock()
  const sent: string[] = []
  const state = { failures: 0, isClosed: false }
  const notifier = createServiceNotifier({
    clock,
    env,
    pid: 4711,
    socket: {
      send(text) {
        sent.push(text)
        return isHeard
      },
      monotonicMicroseconds: () => 123_456n,
      close() {
        state.isClosed = true
      },
    },
    onFailed: () => {
      state.failures += 1
    },
  })
  return { clock, sent, state, notifier }
}

test('says when it is ready and when it stops, with a status of one line', () => {
  const { sent, state, notifier } = createFixture()
  notifier.ready('Listening\non 3000')
  notifier.stopping()
  expect(sent).toEqual([
    'READY=1\nSTATUS=Listening⏎on 3000',
    'STOPPING=1\nSTATUS=Finishing what is in flight',
  ])
  expect(state.failures).toBe(0)
})

describe('the watchdog', () => {
  const watched = { WATCHDOG_USEC: '30000000', WATCHDOG_PID: '4711' }
  const pings = (sent: readonly string[]) => sent.filter((text) => text === 'WATCHDOG=1').length

  test('is told at half its interval, from the ready server on and during a stop, until it is closed', async () => {
    const { clock, sent, state, notifier } = createFixture({ env: watched })
    await clock.advance(60_000)
    expect(sent).toEqual([])
    notifier.ready('')
    await clock.advance(14_999)
    expect(pings(sent)).toBe(0)
    await clock.advance(1)
    expect(pings(sent)).toBe(1)
    notifier.stopping()
    await clock.advance(15_000)
    expect(pings(sent)).toBe(2)
    notifier.close()
    await clock.advance(60_000)
    expect([pings(sent), clock.timerCount, state.isClosed]).toEqual([2, 0, true])
  })

  test.each([
    [{ WATCHDOG_USEC: '30000000' }, 1],
    [{ ...watched, WATCHDOG_PID: '4712' }, 0],
    [{ ...watched, WATCHDOG_USEC: '0' }, 0],
    [{ ...watched, WATCHDOG_USEC: 'soon' }, 0],
    [{}, 0],
  ])('of %j gets %i notice in 15 s', async (env: Readonly<Record<string, string>>, count: number) => {
    const { clock, sent, notifier } = createFixture({ env })
    notifier.ready('')
    await clock.advance(15_000)
    expect(pings(sent)).toBe(count)
    notifier.close()
  })
})

test('a service manager that cannot be reached is mentioned once', () => {
  const { state, notifier } = createFixture({ isHeard: false })
  notifier.ready('')
  notifier.stopping()
  expect(state.failures).toBe(1)
})

test('without a service manager nothing is said and no timer is set', () => {
  const clock = new FakeClock()
  const onFailed = () => expect.unreachable()
  const env = { WATCHDOG_USEC: '1000' }
  const notifier = createServiceNotifier({ clock, env, pid: 1, socket: undefined, onFailed })
  notifier.ready('')
  notifier.stopping()
  expect(clock.timerCount).toBe(0)
  notifier.close()
})
