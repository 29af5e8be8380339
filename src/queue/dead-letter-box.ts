import type { DeadLetter } from './driver.ts'

/** Dead letters in memory, newest `lettersMax` of them. */
export class DeadLetterBox {
  readonly #lettersMax: number
  readonly #onEvicted: () => void
  readonly #letters = new Map<string, DeadLetter>()

  constructor(lettersMax: number, onEvicted: () => void) {
    this.#lettersMax = lettersMax
    this.#onEvicted = onEvicted
  }

  get count(): number {
    return this.#letters.size
  }

  add(letter: DeadLetter): void {
    const key = keyOf(letter.event.id, letter.group)
    this.#letters.delete(key)
    this.#letters.set(key, letter)
    if (this.#letters.size <= this.#lettersMax) return
    for (const oldest of this.#letters.keys()) {
      this.#letters.delete(oldest)
      this.#onEvicted()
      return
    }
  }

  get(eventId: string, group: string): DeadLetter | undefined {
    return this.#letters.get(keyOf(eventId, group))
  }

  remove(eventId: string, group: string): boolean {
    return this.#letters.delete(keyOf(eventId, group))
  }

  /** The newest `limit`, newest last. */
  newest(limit: number): readonly DeadLetter[] {
    return limit <= 0 ? [] : [...this.#letters.values()].slice(-limit)
  }

  clear(): void {
    this.#letters.clear()
  }
}

/** Ids and group names come from outside: JSON keeps any two pairs apart. */
function keyOf(eventId: string, group: string): string {
  return JSON.stringify([group, eventId])
}
