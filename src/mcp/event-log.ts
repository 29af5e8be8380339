/** How much of what went out is kept for clients that lost their connection, over all sessions. */
export interface EventLogLimits {
  /** UTF-16 units: what a text costs in memory is one or two bytes each. */
  readonly charactersMax: number
  readonly eventsMax: number
}

export const defaultEventLogLimits: EventLogLimits = {
  charactersMax: 16 * 1024 * 1024,
  eventsMax: 10_000,
}

export interface LoggedEvent {
  readonly id: string
  readonly data: string
}

interface Entry {
  readonly owner: object
  readonly stream: number
  readonly data: string
}

/**
 * What sessions sent, in the order sent, for resumption by Last-Event-ID. Bounded as a whole: the oldest events of all leave first. An event
 * belongs to its session; nobody else's cursor finds it (T18).
 */
export class EventLog {
  readonly #limits: EventLogLimits
  readonly #entries = new Map<number, Entry>()
  #characters = 0
  #last = 0

  constructor(limits: EventLogLimits = defaultEventLogLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#entries.size
  }

  /** The id under which a client can ask for what came after. An event that alone exceeds the bound is not kept. */
  append(owner: object, stream: number, data: string): string {
    const id = ++this.#last
    this.#entries.set(id, { owner, stream, data })
    this.#characters += data.length
    for (const [oldest, entry] of this.#entries) {
      if (this.#characters <= this.#limits.charactersMax && this.#entries.size <= this.#limits.eventsMax)
        break
      this.#entries.delete(oldest)
      this.#characters -= entry.data.length
    }
    return String(id)
  }

  /**
   * The stream that the event belongs to, and what followed it there, as far as it fits into `charactersMax`, but at least one event; undefined where
   * `owner` has no such event any more. Whoever has an event missed none since: the oldest leave first.
   */
  after(
    owner: object,
    eventId: string,
    charactersMax = Number.POSITIVE_INFINITY,
  ): { readonly stream: number; readonly events: readonly LoggedEvent[] } | undefined {
    const cursor = /^\d{1,15}$/.test(eventId) ? Number(eventId) : Number.NaN
    const entry = this.#entries.get(cursor)
    if (entry?.owner !== owner) return undefined
    const events: LoggedEvent[] = []
    let characterCount = 0
    for (const [id, { owner: itsOwner, stream, data }] of this.#entries) {
      if (id <= cursor || itsOwner !== owner || stream !== entry.stream) continue
      characterCount += data.length
      if (characterCount > charactersMax && events.length > 0) break
      events.push({ id: String(id), data })
    }
    return { stream: entry.stream, events }
  }

  /** Lets go of everything that a session sent. */
  forget(owner: object): void {
    for (const [id, entry] of this.#entries) {
      if (entry.owner !== owner) continue
      this.#entries.delete(id)
      this.#characters -= entry.data.length
    }
  }
}
