import type { Logger } from '../observe/logger.ts'
import type { SignatureFault } from '../slack/signature.ts'

/** A forger must not be able to fill the log: one line per reason and this time. */
const linePeriodMs = 60_000

interface Tally {
  readonly loggedAtMs: number
  /** Since that line. */
  refusedCount: number
}

/** Says why requests are refused, which the one answer to all of them does not: the first of a reason at once, then their number at most once a minute. */
export class RefusalLog {
  readonly #log: Logger
  readonly #tallies = new Map<SignatureFault, Tally>()

  constructor(log: Logger) {
    this.#log = log
  }

  /** `nowMs` is monotonic. */
  note(reason: SignatureFault, nowMs: number): void {
    const tally = this.#tallies.get(reason)
    if (tally !== undefined && nowMs - tally.loggedAtMs < linePeriodMs) {
      tally.refusedCount++
      return
    }
    this.#tallies.set(reason, { loggedAtMs: nowMs, refusedCount: 0 })
    this.#log.warn('webhook_requests_refused', { reason, refused: (tally?.refusedCount ?? 0) + 1 })
  }
}
