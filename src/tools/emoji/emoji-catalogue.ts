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

  constructor(deps: { readonly slack: SlackApi; readonly clock: Clock }) {
    this.#slack = deps.slack
    this.#clock = deps.clock
  }

  /** Sorted by name. */
  async all(signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const isFresh = this.#clock.monotonic() - this.#readAtMs < ttlMs
    if (this.#emoji !== undefined && isFresh) return this.#emoji
    return await this.#flights.join('emoji', signal, (shared) => this.#read(shared))
  }

  notice(notice: SlackNotice): void {
    if (notice.type === 'emoji_changed') this.#emoji = undefined
  }

  async #read(signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const answer = await this.#slack.call('emoji.list', {}, { signal })
    const entries = Object.entries(asObject(answer['emoji']))
      .filter((entry): entry is [string, string] => typeof entry[1] === 'string')
      .sort(([left], [right]) => (left < right ? -1 : 1))
    this.#emoji = new Map(entries)
    this.#readAtMs = this.#clock.monotonic()
    return this.#emoji
  }
}
