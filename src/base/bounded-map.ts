import type { Clock } from './clock.ts'

export interface BoundedMapOptions<K, V> {
  /** How many entries at most; storing one more evicts the least recently used. */
  readonly entriesMax: number
  /** How long an entry lives after it was set; without it entries stay until evicted. */
  readonly ttlMs?: number
  readonly clock?: Clock
  /** Called for an entry that gave way to a newer one or grew too old, not for one that was deleted. */
  readonly onEvict?: (key: K, value: V) => void
}

interface Entry<V> {
  readonly value: V
  readonly expiresAtMs: number
}

/** A map that cannot grow without end: least recently used entries leave first, old ones are gone when looked at. */
export class BoundedMap<K, V> {
  readonly #entries = new Map<K, Entry<V>>()
  readonly #options: BoundedMapOptions<K, V>

  constructor(options: BoundedMapOptions<K, V>) {
    if (options.ttlMs !== undefined && options.clock === undefined) {
      throw new TypeError('A BoundedMap with ttlMs needs a clock')
    }
    this.#options = options
  }

  /** The number of entries held; some may have grown too old without having been looked at. */
  get size(): number {
    return this.#entries.size
  }

  get(key: K): V | undefined {
    const entry = this.#live(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.value
  }

  has(key: K): boolean {
    return this.#live(key) !== undefined
  }

  set(key: K, value: V): void {
    const { clock, ttlMs, entriesMax, onEvict } = this.#options
    const expiresAtMs =
      ttlMs === undefined || clock === undefined ? Number.POSITIVE_INFINITY : clock.monotonic() + ttlMs
    this.#entries.delete(key)
    this.#entries.set(key, { value, expiresAtMs })
    if (this.#entries.size <= entriesMax) return
    for (const [oldestKey, oldest] of this.#entries) {
      this.#entries.delete(oldestKey)
      onEvict?.(oldestKey, oldest.value)
      return
    }
  }

  delete(key: K): boolean {
    return this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }

  /** Entries from the least to the most recently used, without those grown too old. */
  *entries(): IterableIterator<[K, V]> {
    for (const [key, entry] of [...this.#entries]) {
      if (this.#live(key) !== undefined) yield [key, entry.value]
    }
  }

  #live(key: K): Entry<V> | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    const { clock, onEvict } = this.#options
    if (clock === undefined || clock.monotonic() < entry.expiresAtMs) return entry
    this.#entries.delete(key)
    onEvict?.(key, entry.value)
    return undefined
  }
}
