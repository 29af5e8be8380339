import type { Clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import type { SlackApi } from './api.ts'
import { SharedFlights } from './directory-flights.ts'
import { asList, asObject, asText } from './json-fields.ts'

export interface ScanOptions {
  readonly slack: SlackApi
  readonly clock: Clock
  /** A method that pages by cursor. */
  readonly method: string
  /** Parameters of every page; asked for anew each time, since what the token may list can become known late. */
  readonly params: () => Readonly<Record<string, unknown>>
  /** The field of the answer that holds the list. */
  readonly field: string
  readonly ttlMs: number
  /** Takes in each member of a page. */
  readonly learn: (member: unknown) => void
}

/**
 * A listing of the workspace that is read page by page, only as far as somebody needs it, and remembered. Everybody who looks something up
 * moves the same scan on; a finished one costs nothing until it grows old.
 */
export class DirectoryScan {
  readonly #options: ScanOptions
  readonly #flights = new SharedFlights<void>()
  #cursor: string | undefined
  #isComplete = false
  #startedAtMs = Number.NEGATIVE_INFINITY
  #seenCount = 0

  constructor(options: ScanOptions) {
    this.#options = options
  }

  /** Whether the end was reached no longer than `ageMaxMs` ago, with no more members than `kept` are remembered: else some are forgotten again. */
  isComplete(ageMaxMs: number, kept: number): boolean {
    return this.#isComplete && this.#ageMs() <= ageMaxMs && this.#seenCount <= kept
  }

  /** Members seen since the scan began. */
  get seenCount(): number {
    return this.#seenCount
  }

  /** Reads the next page, together with everybody who asks meanwhile. After the end, or when too old, begins anew. */
  advance(signal: AbortSignal): Promise<void> {
    return this.#flights.join('next', signal, (shared) => this.#readPage(shared))
  }

  async #readPage(signal: AbortSignal): Promise<void> {
    const { slack, method, params, field, learn, ttlMs, clock } = this.#options
    if (this.#isComplete || this.#ageMs() > ttlMs) this.#restart(clock.monotonic())
    const cursor = this.#cursor === undefined ? {} : { cursor: this.#cursor }
    const answer = await slack
      .call(method, { ...params(), ...cursor }, { signal })
      .catch((error: unknown) => {
        // A cursor that Slack no longer takes would fail for ever: the next look-up begins anew.
        if (error instanceof AppError && error.code === 'SLACK_REFUSED') this.#forget()
        throw error
      })
    const members = asList(answer[field])
    for (const member of members) learn(member)
    this.#seenCount += members.length
    this.#cursor = asText(asObject(answer['response_metadata'])['next_cursor'])
    this.#isComplete = this.#cursor === undefined
  }

  #restart(nowMs: number): void {
    this.#cursor = undefined
    this.#isComplete = false
    this.#seenCount = 0
    this.#startedAtMs = nowMs
  }

  #forget(): void {
    this.#restart(Number.NEGATIVE_INFINITY)
  }

  #ageMs(): number {
    return this.#options.clock.monotonic() - this.#startedAtMs
  }
}
