import { expect, test } from 'bun:test'
import { InFlight } from '../../../src/mcp/in-flight.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** Of a caller that never gives up. */
const patient = new AbortController().signal

test('waits for nothing where nothing is in flight', async () => {
  const clock = new FakeClock()
  await new InFlight().idle(clock, 1000)
  expect(clock.timerCount).toBe(0)
})

test('waits for the last, also where it fails', async () => {
  const clock = new FakeClock()
  const inFlight = new InFlight()
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const works = [
    inFlight.run(patient, () => first.promise),
    inFlight.run(patient, () => second.promise).catch(() => undefined),
  ]
  let isIdle = false
  const idle = inFlight.idle(clock, 1000).then(() => {
    isIdle = true
  })
  first.resolve()
  await clock.advance(0)
  expect([inFlight.count, isIdle]).toEqual([1, false])
  second.reject(new Error('failed'))
  await Promise.all([...works, idle])
  expect([inFlight.count, clock.timerCount]).toEqual([0, 0])
})

test('gives up at the deadline', async () => {
  const clock = new FakeClock()
  const inFlight = new InFlight()
  inFlight.run(patient, () => new Promise(() => undefined)).catch(() => undefined)
  let isOver = false
  const idle = inFlight.idle(clock, 1000).then(() => {
    isOver = true
  })
  await clock.advance(999)
  expect(isOver).toBe(false)
  await clock.advance(1)
  await idle
  expect(inFlight.count).toBe(1)
})

/** Runs something without end; tells why it was aborted, once it was. */
function runEndless(inFlight: InFlight, outer: AbortSignal) {
  let seen: AbortSignal | undefined
  const end = Promise.withResolvers<void>()
  const done = inFlight.run(outer, (signal) => {
    seen = signal
    return end.promise
  })
  return {
    reason: () => (seen?.aborted === true ? seen.reason : undefined),
    end: () => {
      end.resolve()
      return done
    },
  }
}

test('aborts work with its caller, also one that has left before', () => {
  const inFlight = new InFlight()
  const caller = new AbortController()
  const [one, other] = [runEndless(inFlight, caller.signal), runEndless(inFlight, patient)]
  expect(one.reason()).toBeUndefined()
  caller.abort('left')
  const late = runEndless(inFlight, caller.signal)
  expect([one.reason(), late.reason(), other.reason()]).toEqual(['left', 'left', undefined])
})

test('aborts what it abandons, and what begins later', () => {
  const inFlight = new InFlight()
  const running = [runEndless(inFlight, patient), runEndless(inFlight, patient)]
  inFlight.abandon('stopping')
  running.push(runEndless(inFlight, patient))
  expect(running.map(({ reason }) => reason())).toEqual(['stopping', 'stopping', 'stopping'])
})

test('lets go of what is over', async () => {
  const inFlight = new InFlight()
  const caller = new AbortController()
  const run = runEndless(inFlight, caller.signal)
  await run.end()
  caller.abort('left')
  inFlight.abandon('stopping')
  expect(run.reason()).toBeUndefined()
})
