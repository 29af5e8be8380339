import { type BearerFault, createBearerLookup, readBearer } from '../base/bearer.ts'
import { AppError } from '../base/errors.ts'
import type { RequestContexts } from '../base/request-context.ts'
import type { Secret } from '../base/secret.ts'
import type { Metrics } from '../observe/metrics.ts'
import { limitFailures } from '../resilience/failure-limit.ts'
import type { RateLimiter } from '../resilience/rate-limiter.ts'

export interface OperatorCheckOptions {
  readonly adminTokens: readonly Secret[]
  /** The tokens of MCP, to tell their holders that this is the wrong door. */
  readonly mcpTokens: readonly Secret[]
  /** Whether the Host and Origin of the request may ask (D3a). */
  readonly isAllowed: (request: Request) => boolean
  /** As `limitFailures` takes it. */
  readonly failureLimiter: Pick<RateLimiter, 'take'>
  readonly metrics: Metrics
}

/** Lets an operator in. Throws MCP_FORBIDDEN for a wrong host or origin, ADMIN_UNAUTHORIZED, ADMIN_RATE_LIMITED, or ADMIN_FORBIDDEN. */
export type AdminGate = (request: Request) => void

/** The same, given the contexts of the edge that the request came through. */
export type OperatorCheck = (request: Request, contexts: RequestContexts) => void

export function createOperatorCheck(options: OperatorCheckOptions): OperatorCheck {
  const { adminTokens, mcpTokens, isAllowed, failureLimiter: limiter, metrics } = options
  const adminOf = createBearerLookup(adminTokens.map((token) => [token, 'admin']))
  const clientOf = createBearerLookup(mcpTokens.map((token) => [token, 'client']))
  const count = (reason: BearerFault | 'unknown_token' | 'forbidden') =>
    metrics.increment('slackmcp_auth_failures_total', { surface: 'admin', reason })
  const unauthorized = (address: string | undefined, reason: BearerFault | 'unknown_token') => {
    count(reason)
    const refusal = new AppError('ADMIN_UNAUTHORIZED')
    return limitFailures(refusal, address, {
      limiter,
      metrics,
      code: 'ADMIN_RATE_LIMITED',
    })
  }
  return (request, contexts) => {
    if (!isAllowed(request)) throw new AppError('MCP_FORBIDDEN', { component: 'server' })
    const claim = readBearer(request.headers.get('authorization'))
    if (typeof claim === 'string') throw unauthorized(contexts.of(request).address, claim)
    // Both are looked up each time, so that the time it takes does not tell them apart.
    const [admin, client] = [adminOf(claim.token), clientOf(claim.token)]
    if (admin !== undefined) return
    if (client === undefined) throw unauthorized(contexts.of(request).address, 'unknown_token')
    count('forbidden')
    throw new AppError('ADMIN_FORBIDDEN')
  }
}
