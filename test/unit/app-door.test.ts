import { expect, test } from 'bun:test'
import { createDoor } from '../../src/app-door.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { verifies } from '../support/verifies.ts'

/** A closed door before requests that are answered when the test says so; whether they were cut instead. */
function closedDoor(underWay: { requests: number; bodies: number }) {
  const clock = new FakeClock()
  const { promise: allAnswered, resolve: answerAll } = Promise.withResolvers<void>()
  const state = { isCut: false, isClean: undefined as boolean | undefined }
  const server = {
    stop(isAbrupt: boolean) {
      if (isAbrupt) {
        state.isCut = true
        answerAll()
      }
      return allAnswered
    },
  }
  const door = createDoor({ clock, listeners: () => [{ server }], underWay: () => underWay })
  door.close()
  const hurried = new AbortController()
  const drained = door.drained(hurried.signal).then((isClean) => {
    state.isClean = isClean
  })
  return { clock, state, underWay, answerAll, hurried, drained }
}

verifies(
  'server:stop:half-sent',
  'bodies that do not come are cut after 2.5 seconds, and that is clean',
  async () => {
    const { clock, state, drained } = closedDoor({ requests: 2, bodies: 2 })
    await clock.advance(2_499)
    expect(state).toEqual({ isCut: false, isClean: undefined })
    await clock.advance(500)
    expect(state.isCut).toBe(true)
    await drained
    expect(state.isClean).toBe(true)
    expect(clock.timerCount).toBe(0)
  },
)

verifies('server:stop:half-sent', 'nothing is cut while another request is under way', async () => {
  const { clock, state, underWay, drained } = closedDoor({ requests: 2, bodies: 1 })
  await clock.advance(60_000)
  expect(state.isCut).toBe(false)
  underWay.requests = 1
  await clock.advance(250)
  // The answer may still be on its way.
  expect(state.isCut).toBe(false)
  await clock.advance(250)
  expect(state.isCut).toBe(true)
  await drained
  expect(state.isClean).toBe(true)
})

test('answers that are on their way without a body being read are waited for', async () => {
  const { clock, state, answerAll, drained } = closedDoor({ requests: 0, bodies: 0 })
  await clock.advance(60_000)
  expect(state.isCut).toBe(false)
  answerAll()
  await drained
  expect([state, clock.timerCount]).toEqual([{ isCut: false, isClean: true }, 0])
})

test('a stop that is hurried cuts everything, and is not clean', async () => {
  const { state, hurried, drained } = closedDoor({ requests: 1, bodies: 0 })
  hurried.abort()
  await drained
  expect(state).toEqual({ isCut: true, isClean: false })
})
