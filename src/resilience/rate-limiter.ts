import { BoundedMap } from '../base/bounded-map.ts'
import type { Clock } from '../base/clock.ts'

export interface RateLimiterOptions {
  readonly clock: Clock
  /** Takes per second that a key may keep up for ever. */
  readonly ratePerSecond: number
  /** Takes that a key unused for a while may make at once. */
  readonly burst: number
  /** Keys remembered; beyond it the one unused for longest is forgotten, and starts full again. */
  readonly keysMax: number
}

export type Take = { readonly ok: true } | { readonly ok: false; readonly retryAfterMs: number }

export interface RateLimiter {
  /** Takes one for `key`, or says in how many milliseconds that will be possible. A refused take costs nothing. */
  take(key: string): Take
}

const taken: Take = { ok: true }
/** Sums of fractions are a hair off; a take must not fail for that. */
const roundingMs = 0.001

/**
 * A token bucket per key in bounded memory. It keeps one number a key: the time at which the bucket would be full again (the generic cell
 * rate algorithm), so nothing has to be filled up by a timer.
 */
export function createRateLimiter({ clock, ratePerSecond, burst, keysMax }: RateLimiterOptions): RateLimiter {
  if (!(ratePerSecond > 0 && burst >= 1)) throw new RangeError('A rate limiter needs a rate and a burst')
  const intervalMs = 1000 / ratePerSecond
  const toleranceMs = intervalMs * (burst - 1)
  const fullAtMs = new BoundedMap<string, number>({ entriesMax: keysMax })
  return {
    take(key) {
      const nowMs = clock.monotonic()
      const fullAt = Math.max(nowMs, fullAtMs.get(key) ?? nowMs)
      const waitMs = fullAt - toleranceMs - nowMs
      if (waitMs > roundingMs) return { ok: false, retryAfterMs: Math.ceil(waitMs) }
      fullAtMs.set(key, fullAt + intervalMs)
      return taken
    },
  }
}
