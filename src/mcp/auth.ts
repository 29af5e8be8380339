import { type BearerFault, createBearerLookup, readBearer } from '../base/bearer.ts'
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

/** The same, and the principals that its tokens name, as it returns them. */
export type TokenAuthenticator = Authenticator & { readonly principals: readonly Principal[] }

export function createAuthenticator(options: AuthenticatorOptions): TokenAuthenticator {
  const { metrics } = options
  const rows = options.tokens.map(({ name, token, policy }): readonly [Secret, Principal] => [
    token,
    { name, policy },
  ])
  // The last one counts: a token of both kinds is one of MCP.
  const bearerOf = createBearerLookup<Principal | 'admin'>([
    ...options.adminTokens.map((token) => [token, 'admin'] as const),
    ...rows,
  ])
  const authenticate = (request: Request): Principal => {
    refuseTokenInQuery(request, metrics)
    const authorization = request.headers.get('authorization')
    if (authorization === null && options.isOpenOnLoopback) return admitLocal(request, metrics)
    const claim = readBearer(authorization)
    if (typeof claim === 'string') throw refused(metrics, claim, unauthorized(claim))
    const bearer = bearerOf(claim.token)
    if (bearer === undefined) throw refused(metrics, 'unknown_token', unauthorized('unknown_token'))
    if (bearer === 'admin') throw refused(metrics, 'forbidden', new AppError('MCP_TOKEN_FORBIDDEN'))
    return bearer
  }
  return Object.assign(authenticate, { principals: rows.map(([, principal]) => principal) })
}

/** A token in a URL ends up in logs and histories; refusing it always is how clients never come to rely on it. */
function refuseTokenInQuery(request: Request, metrics: Metrics): void {
  if (!request.url.includes('?')) return
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

type FailureReason = BearerFault | 'unknown_token' | 'forbidden'

function refused(metrics: Metrics, reason: FailureReason, error: AppError): AppError {
  metrics.increment('slackmcp_auth_failures_total', { surface: 'mcp', reason })
  return error
}

/** What every 401 of MCP and REST carries (RFC 6750 section 3). */
export function challengeOf(error: AppError): string {
  const realm = 'Bearer realm="slack-integrated-server"'
  return error.details['reason'] === 'missing' ? realm : `${realm}, error="invalid_token"`
}
