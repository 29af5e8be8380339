import { timingSafeEqual } from 'node:crypto'
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

/** Compares SHA-256 digests in constant time, each of them each time (T17). */
export function createAdminGate({ adminTokens, mcpTokens, isAllowed, metrics }: AdminGateOptions): AdminGate {
  const adminDigests = adminTokens.map((token) => digestOf(token.reveal()))
  const mcpDigests = mcpTokens.map((token) => digestOf(token.reveal()))
  const refused = (
    reason: 'missing' | 'malformed_header' | 'unknown_token' | 'forbidden',
    error: AppError,
  ) => {
    metrics.increment('slackmcp_auth_failures_total', { surface: 'admin', reason })
    return error
  }
  return (request) => {
    if (!isAllowed(request)) throw new AppError('MCP_FORBIDDEN', { component: 'server' })
    const authorization = request.headers.get('authorization')
    if (authorization === null) throw refused('missing', new AppError('ADMIN_UNAUTHORIZED'))
    const token = bearerPattern.exec(authorization)?.[1]
    if (token === undefined) throw refused('malformed_header', new AppError('ADMIN_UNAUTHORIZED'))
    const given = digestOf(token)
    const [isAdmin, isMcp] = [matches(adminDigests, given), matches(mcpDigests, given)]
    if (isAdmin) return
    if (isMcp) throw refused('forbidden', new AppError('ADMIN_FORBIDDEN'))
    throw refused('unknown_token', new AppError('ADMIN_UNAUTHORIZED'))
  }
}

/** RFC 6750's token characters; the scheme in any case, as RFC 9110 has it. */
const bearerPattern = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i

function digestOf(text: string): Uint8Array {
  return new Bun.CryptoHasher('sha256').update(text).digest()
}

function matches(digests: readonly Uint8Array[], given: Uint8Array): boolean {
  return digests.filter((digest) => timingSafeEqual(digest, given)).length > 0
}
