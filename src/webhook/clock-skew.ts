import type { Clock } from '../base/clock.ts'
import type { Logger } from '../observe/logger.ts'
import type { Metrics } from '../observe/metrics.ts'
import { clockSkewMaxSeconds, clockSkewWarnSeconds, type SignatureClaim } from '../slack/signature.ts'

/** A clock that is off is off for every event: one line says so for this long. */
const linePeriodMs = 3_600_000

/**
 * How far our clock is ahead of Slack's, as the signed requests tell: at `clockSkewMaxSeconds` every event is refused, so somebody should know
 * before. What the way of a request takes counts as ours; whole seconds, as Slack's timestamps are.
 */
export class ClockSkew {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #log: Logger
  readonly #metrics: Metrics
  #silentUntilMs = 0

  constructor({ clock, log, metrics }: { clock: Pick<Clock, 'monotonic'>; log: Logger; metrics: Metrics }) {
    this.#clock = clock
    this.#log = log
    this.#metrics = metrics
  }

  /** Of a request that was found to be signed: anybody can send any timestamp. `arrivedAtMs` by the wall clock. */
  sawSigned({ timestamp }: SignatureClaim, arrivedAtMs: number): void {
    const seconds = Math.floor(arrivedAtMs / 1_000) - Number(timestamp)
    this.#metrics.set('slackmcp_clock_skew_seconds', {}, seconds)
    if (Math.abs(seconds) <= clockSkewWarnSeconds) return
    const nowMs = this.#clock.monotonic()
    if (nowMs < this.#silentUntilMs) return
    this.#silentUntilMs = nowMs + linePeriodMs
    this.#log.warn('webhook_clock_skewed', {
      seconds_ahead: seconds,
      seconds_max: clockSkewMaxSeconds,
      advice:
        'The clock of this machine and the time that Slack signs with drift apart, or requests are held up on their way. Set the clock by NTP: beyond the most every event is refused.',
    })
  }
}
