import { expect, test } from 'bun:test'
import { groupDepth } from '../../../src/queue/group-depth.ts'
import { memoryLimitsDefault } from '../../../src/queue/memory.ts'

const limits = { ...memoryLimitsDefault, eventsMax: 10, bytesMax: 1_000 }

test('of each number, the group that is furthest behind in it counts', () => {
  const groups = [
    { pending: 3, keptEvents: 4, keptBytes: 0, oldestAtMs: 20 },
    { pending: 9, keptEvents: 1, keptBytes: 100, oldestAtMs: undefined },
    { pending: 1, keptEvents: 1, keptBytes: 700, oldestAtMs: 10 },
  ]
  expect(groupDepth(groups, limits)).toEqual({ eventsMax: 10, pending: 9, fill: 0.7, oldestAtMs: 10 })
  expect(groupDepth(groups.slice(0, 2), limits)).toEqual({
    eventsMax: 10,
    pending: 9,
    fill: 0.4,
    oldestAtMs: 20,
  })
})

test('without a group nothing is behind', () => {
  expect(groupDepth([], limits)).toEqual({ eventsMax: 10, pending: 0, fill: 0, oldestAtMs: undefined })
})
