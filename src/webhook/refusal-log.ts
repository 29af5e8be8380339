import type { Logger } from '../observe/logger.ts'
import type { SignatureFault } from '../slack/signature.ts'

/** A forger must not be able to fill the log: one line per reason and this time. */
const linePeriodMs = 60_000

/** The request that was refused. */
export interface RefusedAt {
  /** Monotonic. */
  readonly nowMs: number
  /** Of the request that a line is written at; the others that it counts have theirs in their answers. */
  readonly correlationId: string
}

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

  note(reason: SignatureFault, { nowMs, correlationId }: RefusedAt): void {
    const tally = this.#tallies.get(reason)
    if (tally !== undefined && nowMs - tally.loggedAtMs < linePeriodMs) {
      tally.refusedCount++
      return
    }
    this.#tallies.set(reason, { loggedAtMs: nowMs, refusedCount: 0 })
    this.#log.warn('webhook_requests_refused', {
      correlation_id: correlationId,
      reason,
      refused: (tally?.refusedCount ?? 0) + 1,
    })
  }
}
