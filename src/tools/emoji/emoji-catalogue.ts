import type { Clock } from '../../base/clock.ts'
import type { SlackNotice } from '../../base/event-bus.ts'
import type { SlackApi } from '../../slack/api.ts'
import { SharedFlights } from '../../slack/directory-flights.ts'
import { asObject } from '../../slack/json-fields.ts'

/** Slack changes the list rarely and says so by an event; without events it is read anew after this long. */
const ttlMs = 10 * 60_000

/** The custom emoji of the workspace: name to image URL or `alias:name`. One call, remembered, read anew after an `emoji_changed` event. */
export class EmojiCatalogue {
  readonly #slack: SlackApi
  readonly #clock: Clock
  readonly #flights = new SharedFlights<ReadonlyMap<string, string>>()
  #emoji: ReadonlyMap<string, string> | undefined
  #readAtMs = 0
  #changeCount = 0

  constructor(deps: { readonly slack: SlackApi; readonly clock: Clock }) {
    this.#slack = deps.slack
    this.#clock = deps.clock
  }

  /** Sorted by name. */
  async all(signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const isFresh = this.#clock.monotonic() - this.#readAtMs < ttlMs
    if (this.#emoji !== undefined && isFresh) return this.#emoji
    // A list that was asked for before a change may not have it: whoever comes after the change asks anew.
    const asOf = this.#changeCount
    return await this.#flights.join(`emoji ${asOf}`, signal, (shared) => this.#read(shared, asOf))
  }

  notice(notice: SlackNotice): void {
    if (notice.type !== 'emoji_changed') return
    this.#emoji = undefined
    this.#changeCount++
  }

  async #read(signal: AbortSignal, asOf: number): Promise<ReadonlyMap<string, string>> {
    const answer = await this.#slack.call('emoji.list', {}, { signal })
    const entries = Object.entries(asObject(answer['emoji']))
      .filter((entry): entry is [string, string] => typeof entry[1] === 'string')
      .sort(([left], [right]) => (left < right ? -1 : 1))
    const emoji = new Map(entries)
    if (asOf === this.#changeCount) {
      this.#emoji = emoji
      this.#readAtMs = this.#clock.monotonic()
    }
    return emoji
  }
}
