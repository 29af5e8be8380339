import { timingSafeEqual } from 'node:crypto'
import { AppError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import type { Metrics } from '../observe/metrics.ts'
import { isLoopbackHost } from './guard.ts'
import type { Principal, PrincipalPolicy } from './registry.ts'

/** A bearer token, configured or derived. Its name is the principal. */
export interface TokenRow {
  readonly name: string
  readonly token: Secret
  readonly policy: PrincipalPolicy
}

export const unrestrictedPolicy: PrincipalPolicy = {
  isReadOnly: false,
  toolsets: undefined,
  channels: undefined,
}

export interface AuthenticatorOptions {
  readonly tokens: readonly TokenRow[]
  /** The tokens of the admin routes, to tell their holders that this is the wrong door. */
  readonly adminTokens: readonly Secret[]
  /** MCP_AUTH=none: whoever reaches the loopback port comes in, unless a proxy stands in between. */
  readonly isOpenOnLoopback: boolean
  readonly metrics: Metrics
}

/** Says who asks, by the headers alone. Throws MCP_UNAUTHORIZED, MCP_TOKEN_FORBIDDEN or MCP_FORBIDDEN. */
export type Authenticator = (request: Request) => Principal

/** Compares SHA-256 digests in constant time, every row each time: neither the token nor which row matched shows in the time it takes (T17). */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const rows = options.tokens.map(({ name, token, policy }) => ({
    digest: digestOf(token.reveal()),
    principal: { name, policy },
  }))
  const adminDigests = options.adminTokens.map((token) => digestOf(token.reveal()))
  return (request) => {
    refuseTokenInQuery(request, options.metrics)
    const authorization = request.headers.get('authorization')
    if (authorization === null && options.isOpenOnLoopback) return admitLocal(request, options.metrics)
    const given = digestOf(readBearer(authorization, options.metrics))
    let found: Principal | undefined
    for (const { digest, principal } of rows) {
      if (timingSafeEqual(digest, given)) found = principal
    }
    const isAdmin = adminDigests.filter((digest) => timingSafeEqual(digest, given)).length > 0
    if (found !== undefined) return found
    if (isAdmin) throw refused(options.metrics, 'forbidden', new AppError('MCP_TOKEN_FORBIDDEN'))
    throw refused(options.metrics, 'unknown_token', unauthorized('unknown_token'))
  }
}

function digestOf(text: string): Uint8Array {
  return new Bun.CryptoHasher('sha256').update(text).digest()
}

/** RFC 6750's token characters; the scheme in any case, as RFC 9110 has it. */
const bearerPattern = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i

function readBearer(authorization: string | null, metrics: Metrics): string {
  if (authorization === null) throw refused(metrics, 'missing', unauthorized('missing'))
  const token = bearerPattern.exec(authorization)?.[1]
  if (token === undefined) throw refused(metrics, 'malformed_header', unauthorized('malformed_header'))
  return token
}

/** A token in a URL ends up in logs and histories; refusing it always is how clients never come to rely on it. */
function refuseTokenInQuery(request: Request, metrics: Metrics): void {
  const { searchParams } = new URL(request.url)
  if (!searchParams.has('access_token') && !searchParams.has('token')) return
  throw refused(metrics, 'malformed_header', unauthorized('token_in_query'))
}

const localPrincipal: Principal = { name: 'local', policy: unrestrictedPolicy }

/** By these a proxy gives itself away: then the peer on loopback is not who asks. */
const proxyHeaderPattern = /^(forwarded|via|x-real-ip|x-forwarded-.*)$/

function admitLocal(request: Request, metrics: Metrics): Principal {
  const host = request.headers.get('host') ?? new URL(request.url).host
  const isProxied = [...request.headers.keys()].some((name) => proxyHeaderPattern.test(name))
  if (isLoopbackHost(host) && !isProxied) return localPrincipal
  const details = { reason: isProxied ? 'proxied_without_token' : 'host_is_not_loopback' }
  throw refused(metrics, 'forbidden', new AppError('MCP_FORBIDDEN', { details }))
}

function unauthorized(reason: string): AppError {
  return new AppError('MCP_UNAUTHORIZED', { details: { reason } })
}

type FailureReason = 'missing' | 'unknown_token' | 'forbidden' | 'malformed_header'

function refused(metrics: Metrics, reason: FailureReason, error: AppError): AppError {
  metrics.increment('slackmcp_auth_failures_total', { surface: 'mcp', reason })
  return error
}

/** What every 401 of MCP and REST carries (RFC 6750 section 3). */
export function challengeOf(error: AppError): string {
  const realm = 'Bearer realm="slack-integrated-server"'
  return error.details['reason'] === 'missing' ? realm : `${realm}, error="invalid_token"`
}
