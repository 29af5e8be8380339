import { expect, test } from 'bun:test'
import { KeyLanes } from '../../../src/queue/key-lanes.ts'

const task = (key: string, name = key) => ({ key, name })

test('lets everything through until order is asked for', () => {
  const lanes = new KeyLanes<ReturnType<typeof task>>()
  const first = task('a')
  expect(lanes.enter(first)).toBe(true)
  expect(lanes.enter(task('a'))).toBe(true)
  expect(lanes.leave(first)).toBeUndefined()
})

test('lets one task per key through, the others in order of arrival', () => {
  const lanes = new KeyLanes<ReturnType<typeof task>>()
  lanes.isOrdered = true
  const [first, second, third, other] = [task('a', '1'), task('a', '2'), task('a', '3'), task('b')]
  expect([first, second, third, other].map((each) => lanes.enter(each))).toEqual([true, false, false, true])
  expect(lanes.leave(first)).toBe(second)
  expect(lanes.leave(second)).toBe(third)
  expect(lanes.leave(third)).toBeUndefined()
  expect(lanes.enter(task('a', '4'))).toBe(true)
})

test('a task that entered before order was asked for holds up nobody when it leaves', () => {
  const lanes = new KeyLanes<ReturnType<typeof task>>()
  const early = task('a', 'early')
  lanes.enter(early)
  lanes.isOrdered = true
  const [first, second] = [task('a', '1'), task('a', '2')]
  expect([lanes.enter(first), lanes.enter(second)]).toEqual([true, false])
  expect(lanes.leave(early)).toBeUndefined()
  expect(lanes.leave(first)).toBe(second)
})

test('gives back who waited, and is empty then', () => {
  const lanes = new KeyLanes<ReturnType<typeof task>>()
  lanes.isOrdered = true
  const waiting = [task('a', '2'), task('b', '2')]
  for (const each of [task('a', '1'), task('b', '1'), ...waiting]) lanes.enter(each)
  expect(lanes.clear()).toEqual(waiting)
  expect(lanes.clear()).toEqual([])
  expect(lanes.enter(task('a', '3'))).toBe(true)
})
