import { describe, expect, test } from 'bun:test'
import { BoundedMap } from '../../../src/base/bounded-map.ts'
import { FakeClock } from '../../support/fake-clock.ts'

describe('BoundedMap', () => {
  test('holds exactly entriesMax and evicts the least recently used', () => {
    const evicted: string[] = []
    const map = new BoundedMap<string, number>({ entriesMax: 2, onEvict: (key) => evicted.push(key) })
    map.set('a', 1)
    map.set('b', 2)
    expect(map.size).toBe(2)
    expect(map.get('a')).toBe(1)
    map.set('c', 3)
    expect(evicted).toEqual(['b'])
    expect([...map.entries()]).toEqual([
      ['a', 1],
      ['c', 3],
    ])
  })

  test('replacing a value evicts nobody', () => {
    const map = new BoundedMap<string, number>({ entriesMax: 1, onEvict: () => expect.unreachable() })
    map.set('a', 1)
    map.set('a', 2)
    expect(map.get('a')).toBe(2)
  })

  test('an entry lives for ttlMs and not a millisecond longer, whatever the wall clock does', async () => {
    const clock = new FakeClock()
    const map = new BoundedMap<string, number>({ entriesMax: 5, ttlMs: 100, clock })
    map.set('a', 1)
    clock.jumpWall(3_600_000)
    await clock.advance(99)
    expect(map.has('a')).toBe(true)
    await clock.advance(1)
    expect(map.has('a')).toBe(false)
    expect(map.size).toBe(0)
  })

  test('a time to live needs a clock', () => {
    expect(() => new BoundedMap({ entriesMax: 1, ttlMs: 1 })).toThrow(TypeError)
  })
})
