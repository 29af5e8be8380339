import { expect, test } from 'bun:test'
import { InFlight } from '../../../src/mcp/in-flight.ts'
import { FakeClock } from '../../support/fake-clock.ts'

test('waits for nothing where nothing is in flight', async () => {
  const clock = new FakeClock()
  await new InFlight().idle(clock, 1000)
  expect(clock.timerCount).toBe(0)
})

test('waits for the last, also where it fails', async () => {
  const clock = new FakeClock()
  const inFlight = new InFlight()
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const works = [inFlight.run(() => first.promise), inFlight.run(() => second.promise).catch(() => undefined)]
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
  inFlight.run(() => new Promise(() => undefined)).catch(() => undefined)
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
