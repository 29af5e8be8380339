import { expect, test } from 'bun:test'
import type { QueueDepth } from '../../../src/queue/driver.ts'
import { spoolDepth } from '../../../src/queue/spool-depth.ts'

const redis: QueueDepth = {
  events: 100,
  bytes: 1_000,
  eventsMax: 200,
  pending: 50,
  fill: 0.25,
  oldestAtMs: 5,
  deadLetters: 7,
}
const spool: QueueDepth = {
  events: 40,
  bytes: 400,
  eventsMax: 1_000,
  pending: 30,
  fill: 0.03,
  oldestAtMs: 3,
  deadLetters: 0,
}

test('counts each event once: what Redis has is not counted in the spool', () => {
  const both = { redis: { depth: redis, hasGroups: true }, spool, deadLetterCount: 0 }
  expect(spoolDepth({ ...both, unsentCount: 0 })).toEqual(redis)
  expect(spoolDepth({ ...both, unsentCount: 10 })).toEqual({
    ...redis,
    events: 110,
    pending: 60,
    fill: 0.3,
    oldestAtMs: 3,
  })
})

test('is as full as the fuller of the two, and never more than full', () => {
  const depthAt = (redisFill: number, spoolFill: number, unsentCount: number) =>
    spoolDepth({
      redis: { depth: { ...redis, fill: redisFill }, hasGroups: true },
      spool: { ...spool, fill: spoolFill },
      unsentCount,
      deadLetterCount: 0,
    }).fill
  expect(depthAt(0.2, 0.9, 20)).toBe(0.9)
  expect(depthAt(0.95, 0.1, 20)).toBe(1)
  expect(depthAt(0.5, 0.9, 0)).toBe(0.5)
})

test('is behind for nobody where there is no group', () => {
  const { pending, fill } = spoolDepth({
    redis: { depth: { ...redis, pending: 0, fill: 0 }, hasGroups: false },
    spool,
    unsentCount: 10,
    deadLetterCount: 0,
  })
  expect({ pending, fill }).toEqual({ pending: 0, fill: 0.03 })
})

test('says what waits here while Redis cannot be asked, and the dead letters it last knew', () => {
  expect(spoolDepth({ redis: undefined, spool, unsentCount: 30, deadLetterCount: 7 })).toEqual({
    ...spool,
    events: 30,
    pending: 30,
    deadLetters: 7,
  })
})
