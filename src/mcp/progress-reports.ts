import type { Clock } from '../base/clock.ts'
import type { Progress } from '../base/progress.ts'
import { createRateLimiter } from '../resilience/rate-limiter.ts'

/** What a person can follow: so many at once, and then so many a second. What is beyond is left out; a later report says more anyway. */
export const progressReportsBurst = 5
export const progressReportsPerSecond = 4

export interface ProgressReports {
  report(progress: Progress): void
  /** Nothing is sent afterwards: the call is over, and its result on the way. */
  end(): void
}

/**
 * The reports of one call as MCP wants them: each number greater than the last one, whatever stages the call goes through, and not too many.
 * https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/progress
 */
export function createProgressReports(send: (progress: Progress) => void, clock: Clock): ProgressReports {
  const limiter = createRateLimiter({
    clock,
    ratePerSecond: progressReportsPerSecond,
    burst: progressReportsBurst,
    keysMax: 1,
  })
  let isOver = false
  let stageStart = 0
  let reached = 0
  let given = Number.NEGATIVE_INFINITY
  let sent = Number.NEGATIVE_INFINITY
  return {
    report({ progress, total, message }) {
      if (progress <= given) stageStart = reached
      given = progress
      reached = stageStart + progress
      if (isOver || reached <= sent || !limiter.take('').ok) return
      sent = reached
      send({
        progress: reached,
        ...(total !== undefined && { total: stageStart + total }),
        ...(message !== undefined && { message }),
      })
    },
    end() {
      isOver = true
    },
  }
}
