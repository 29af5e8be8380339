import { AppError, type ErrorCode } from '../base/errors.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { RateLimiter } from './rate-limiter.ts'

export interface FailureLimitDeps {
  /** How many requests without valid credentials one address may send. Valid ones are never counted: many callers may share an address. */
  readonly limiter: Pick<RateLimiter, 'take'>
  readonly metrics: Metrics
  /** What an address is told that sent too many. */
  readonly code: Extract<ErrorCode, 'MCP_RATE_LIMITED' | 'ADMIN_RATE_LIMITED'>
}

/**
 * What to answer to a request that was refused for its credentials: the refusal, or that its address has sent too many of these. Whoever guesses
 * gets slower answers than there are guesses; who has a token does not notice. Without an address nothing is counted.
 */
export function limitFailures(
  refusal: AppError,
  address: string | undefined,
  { limiter, metrics, code }: FailureLimitDeps,
): AppError {
  if (address === undefined) return refusal
  const take = limiter.take(address)
  if (take.ok) return refusal
  metrics.increment('slackmcp_rate_limiter_rejected_total', { scope: 'address' })
  const details = { scope: 'address', retry_after_s: Math.ceil(take.retryAfterMs / 1000) }
  return new AppError(code, { cause: refusal, details })
}
