import { expect, test } from 'bun:test'
import { DedupeWindow } from '../../../src/queue/dedupe-window.ts'

function windowOf(idsMax: number, windowMs = 1_000) {
  let evictedCount = 0
  const ids = new DedupeWindow({
    idsMax,
    windowMs,
    onEvictedEarly: () => {
      evictedCount++
    },
  })
  return { ids, evictedCount: () => evictedCount }
}

test('knows an id until just before its window ends', () => {
  const { ids } = windowOf(10)
  ids.add('a', 5)
  expect(ids.has('a', 5)).toBe(true)
  expect(ids.has('a', 1_004)).toBe(true)
  expect(ids.has('a', 1_005)).toBe(false)
  expect(ids.has('b', 1_005)).toBe(false)
  expect(ids.size).toBe(0)
})

test('forgets the oldest early when it is full, and counts that', () => {
  const { ids, evictedCount } = windowOf(3)
  for (const id of ['a', 'b', 'c']) ids.add(id, 0)
  expect(evictedCount()).toBe(0)
  ids.add('d', 1)
  expect({ evicted: evictedCount(), size: ids.size }).toEqual({ evicted: 1, size: 3 })
  expect(['a', 'b', 'c', 'd'].map((id) => ids.has(id, 1))).toEqual([false, true, true, true])
})

test('does not count what grew too old as evicted early', () => {
  const { ids, evictedCount } = windowOf(2)
  ids.add('a', 0)
  ids.add('b', 0)
  expect(ids.has('c', 1_000)).toBe(false)
  ids.add('c', 1_000)
  ids.add('d', 1_000)
  expect(evictedCount()).toBe(0)
  expect(['a', 'b', 'c', 'd'].map((id) => ids.has(id, 1_000))).toEqual([false, false, true, true])
})

test('agrees with a plain list over many rounds of its ring', () => {
  const { ids } = windowOf(7, 20)
  let expected: { id: string; atMs: number }[] = []
  for (let nowMs = 0; nowMs < 500; nowMs++) {
    const id = `id${(nowMs * 7919) % 23}`
    expected = expected.filter(({ atMs }) => nowMs - atMs < 20)
    const isKnown = expected.some((entry) => entry.id === id)
    expect(ids.has(id, nowMs)).toBe(isKnown)
    if (isKnown) continue
    ids.add(id, nowMs)
    expected = [...expected, { id, atMs: nowMs }].slice(-7)
  }
})
