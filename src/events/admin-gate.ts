import { type BearerFault, createBearerLookup, readBearer } from '../base/bearer.ts'
import { AppError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import type { Metrics } from '../observe/metrics.ts'

export interface AdminGateOptions {
  readonly adminTokens: readonly Secret[]
  /** The tokens of MCP, to tell their holders that this is the wrong door. */
  readonly mcpTokens: readonly Secret[]
  /** Whether the Host and Origin of the request may ask (D3a). */
  readonly isAllowed: (request: Request) => boolean
  readonly metrics: Metrics
}

/** Lets an operator in. Throws MCP_FORBIDDEN for a wrong host or origin, ADMIN_UNAUTHORIZED, or ADMIN_FORBIDDEN. */
export type AdminGate = (request: Request) => void

export function createAdminGate({ adminTokens, mcpTokens, isAllowed, metrics }: AdminGateOptions): AdminGate {
  const adminOf = createBearerLookup(adminTokens.map((token) => [token, 'admin']))
  const clientOf = createBearerLookup(mcpTokens.map((token) => [token, 'client']))
  const refused = (reason: BearerFault | 'unknown_token' | 'forbidden', error: AppError) => {
    metrics.increment('slackmcp_auth_failures_total', { surface: 'admin', reason })
    return error
  }
  return (request) => {
    if (!isAllowed(request)) throw new AppError('MCP_FORBIDDEN', { component: 'server' })
    const claim = readBearer(request.headers.get('authorization'))
    if (typeof claim === 'string') throw refused(claim, new AppError('ADMIN_UNAUTHORIZED'))
    // Both are looked up each time, so that the time it takes does not tell them apart.
    const [admin, client] = [adminOf(claim.token), clientOf(claim.token)]
    if (admin !== undefined) return
    if (client !== undefined) throw refused('forbidden', new AppError('ADMIN_FORBIDDEN'))
    throw refused('unknown_token', new AppError('ADMIN_UNAUTHORIZED'))
  }
}
