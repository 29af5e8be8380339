import type { DeadLetter, DeadLetterPage, LetterName } from './driver.ts'
import { deadLetterPageMax } from './limits.ts'

interface Entry {
  /** Grows with each letter, so that a position stays one whatever is added and removed. */
  readonly number: number
  readonly letter: DeadLetter
}

/** Dead letters in memory, newest `lettersMax` of them. */
export class DeadLetterBox {
  readonly #lettersMax: number
  readonly #onEvicted: () => void
  readonly #entries = new Map<string, Entry>()
  #number = 0

  constructor(lettersMax: number, onEvicted: () => void) {
    this.#lettersMax = lettersMax
    this.#onEvicted = onEvicted
  }

  get count(): number {
    return this.#entries.size
  }

  add(letter: DeadLetter): void {
    const { event, group } = letter
    const key = keyOf({ topic: event.topic, eventId: event.id, group })
    this.#entries.delete(key)
    this.#entries.set(key, { number: ++this.#number, letter })
    if (this.#entries.size <= this.#lettersMax) return
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      this.#onEvicted()
      return
    }
  }

  get(name: LetterName): DeadLetter | undefined {
    return this.#entries.get(keyOf(name))?.letter
  }

  remove(name: LetterName): boolean {
    return this.#entries.delete(keyOf(name))
  }

  /** The newest `limit` of a topic, newest last. */
  newest(topic: string, limit: number): readonly DeadLetter[] {
    if (limit <= 0) return []
    return this.#of(topic)
      .slice(-limit)
      .map(({ letter }) => letter)
  }

  page(topic: string, from: string | undefined): DeadLetterPage {
    const after = Number(from ?? 0)
    const entries = this.#of(topic).filter(({ number }) => number > after)
    const page = entries.slice(0, deadLetterPageMax)
    const next = page.length < entries.length ? page.at(-1)?.number : undefined
    return { letters: page.map(({ letter }) => letter), next: next === undefined ? undefined : String(next) }
  }

  clear(): void {
    this.#entries.clear()
  }

  #of(topic: string): readonly Entry[] {
    return [...this.#entries.values()].filter(({ letter }) => letter.event.topic === topic)
  }
}

/** Ids and names come from outside: JSON keeps any two of them apart. */
function keyOf({ topic, eventId, group }: LetterName): string {
  return JSON.stringify([topic, group, eventId])
}
