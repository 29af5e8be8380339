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

  test('keeps the order of use through whatever is done to it, as a list that is searched does', () => {
    const list = new SearchedList(4)
    const evicted: string[] = []
    const map = new BoundedMap<string, number>({ entriesMax: 4, onEvict: (key) => evicted.push(key) })
    for (let step = 0; step < 2_310; step++) {
      expect(take(step, map)).toBe(take(step, list))
      expect([...map.entries()]).toEqual(list.entries)
      expect(map.size).toBe(list.entries.length)
    }
    expect(evicted).toEqual(list.evicted)
    expect(evicted.length).toBeGreaterThan(100)
  })

  test('goes through every entry, also while each is looked at', () => {
    const map = new BoundedMap<string, number>({ entriesMax: 3 })
    for (const key of ['a', 'b', 'c']) map.set(key, 0)
    const seen: string[] = []
    for (const [key] of map.entries()) {
      seen.push(key)
      map.get(key)
    }
    expect(seen).toEqual(['a', 'b', 'c'])
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

/** Squares modulo 11 come in a row and back, 0 1 4 9 5 3 3 5 9 4 1, so that every place of the order is met; the turns share no factor. */
function take(step: number, map: Pick<BoundedMap<string, number>, 'get' | 'set' | 'delete' | 'clear'>) {
  const key = `k${step ** 2 % 11}`
  if (step % 210 === 209) return map.clear()
  if (step % 5 === 3) return map.delete(key)
  return step % 3 === 1 ? map.get(key) : map.set(key, step)
}

/** What a BoundedMap promises, in the simplest way to keep it. */
class SearchedList {
  entries: [string, number][] = []
  readonly evicted: string[] = []
  readonly #entriesMax: number

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax
  }

  get(key: string): number | undefined {
    const known = this.entries.find(([other]) => other === key)
    if (known !== undefined) this.entries = [...this.#without(key), known]
    return known?.[1]
  }

  set(key: string, value: number): void {
    this.entries = [...this.#without(key), [key, value]]
    if (this.entries.length > this.#entriesMax) {
      this.evicted.push(...this.entries.splice(0, 1).map(([oldest]) => oldest))
    }
  }

  delete(key: string): boolean {
    const countBefore = this.entries.length
    this.entries = this.#without(key)
    return this.entries.length < countBefore
  }

  clear(): void {
    this.entries = []
  }

  #without(key: string): [string, number][] {
    return this.entries.filter(([other]) => other !== key)
  }
}
