import { type Clock, repeat, type Timer } from '../base/clock.ts'
import type { Metrics } from './metrics.ts'

const periodMs = 100

/** Measures how late timers fire, until cancelled: what held the event loop held every request too. A stall of 100 ms or more is never missed. */
export function watchEventLoop(clock: Clock, metrics: Metrics): Timer {
  let dueAtMs = clock.monotonic() + periodMs
  return repeat(clock, periodMs, () => {
    const nowMs = clock.monotonic()
    metrics.observe('slackmcp_event_loop_lag_seconds', {}, Math.max(0, nowMs - dueAtMs) / 1_000)
    dueAtMs = nowMs + periodMs
  })
}
