import { expect, test } from 'bun:test'
import type { QueueDepth } from '../../../src/queue/driver.ts'
import { SpoolRoom } from '../../../src/queue/spool-room.ts'
import { contractLimits } from '../../contract/queue-driver.ts'

const depthAt = (fill: number): QueueDepth => ({
  events: 0,
  bytes: 0,
  eventsMax: 10,
  pending: 0,
  fill,
  oldestAtMs: undefined,
  deadLetters: 0,
})

/** How many events of `byteCount` it lets in. */
function admitted(room: SpoolRoom, byteCount: number): number {
  for (let count = 0; count < 1_000; count++) {
    if (!room.isThereFor(byteCount)) return count
    room.use(byteCount)
  }
  return Number.POSITIVE_INFINITY
}

test('admits without end before it was measured, and while Redis cannot be asked', () => {
  const room = new SpoolRoom(contractLimits({ eventsMax: 10, bytesMax: 100 }))
  expect(admitted(room, 50)).toBe(Number.POSITIVE_INFINITY)
  room.measure(depthAt(1), 0, room.mark())
  expect(admitted(room, 1)).toBe(0)
  room.lift()
  expect(admitted(room, 50)).toBe(Number.POSITIVE_INFINITY)
})

test('admits what is left to the bound and not one more', () => {
  for (let kept = 0; kept <= 10; kept++) {
    const room = new SpoolRoom(contractLimits({ eventsMax: 10 }))
    room.measure(depthAt(kept / 10), 0, room.mark())
    expect(admitted(room, 0)).toBe(10 - kept)
  }
})

test('counts what is on its way', () => {
  const room = new SpoolRoom(contractLimits({ eventsMax: 10 }))
  room.measure(depthAt(0.5), 3, room.mark())
  expect(admitted(room, 0)).toBe(2)
})

test('counts what was admitted while Redis was asked', () => {
  const room = new SpoolRoom(contractLimits({ eventsMax: 10, bytesMax: 100 }))
  room.use(1)
  const mark = room.mark()
  for (let count = 0; count < 4; count++) room.use(20)
  room.measure(depthAt(0), 0, mark)
  expect(room.isThereFor(21)).toBe(false)
  expect(room.isThereFor(20)).toBe(true)
  expect(admitted(room, 0)).toBe(6)
})

test('counts bytes: what just fits is admitted', () => {
  const room = new SpoolRoom(contractLimits({ eventsMax: 1_000, bytesMax: 100 }))
  room.measure(depthAt(0.6), 0, room.mark())
  expect(room.isThereFor(41)).toBe(false)
  expect(room.isThereFor(40)).toBe(true)
})

test('leaves the bound to Redis where the oldest gives way', () => {
  const room = new SpoolRoom(contractLimits({ eventsMax: 10, whenFull: 'drop-oldest' }))
  room.measure(depthAt(1), 0, room.mark())
  expect(admitted(room, 1)).toBe(Number.POSITIVE_INFINITY)
})
