import type { Clock } from './base/clock.ts'
import { AppError } from './base/errors.ts'
import { isLoopbackHost } from './base/ip-address.ts'
import type { Secret } from './base/secret.ts'
import {
  type AcceptedToken,
  acceptedAdminTokens,
  acceptedMcpTokens,
  forwardSecretOf,
} from './config/accepted-tokens.ts'
import { deriveTokens } from './config/derived-token.ts'
import type { Config } from './config/option-table.ts'
import { createOperatorCheck, type OperatorCheck } from './events/admin-gate.ts'
import {
  type AddressOf,
  anyTransport,
  createAddressOf,
  createTransportOf,
  type TransportOf,
} from './http/forwarded.ts'
import { createAuthenticator, type TokenAuthenticator, type TokenRow } from './mcp/auth.ts'
import { type Cors, createCors } from './mcp/cors.ts'
import { createHostGuard, type HostGuard } from './mcp/guard.ts'
import type { Principal } from './mcp/registry.ts'
import type { Metrics } from './observe/metrics.ts'
import { createRateLimiter, type RateLimiter } from './resilience/rate-limiter.ts'
import { createSigningKeys, type SigningKeys } from './slack/signature.ts'
import { expandToolsets } from './tools/select-tools.ts'

/**
 * Who may come in and how much each may ask for, as one configuration says: everything that a reload replaces beside the tools. Never changed, only
 * replaced as a whole, so that nothing is judged by half of an old configuration and half of a new one.
 */
export interface AppRules {
  readonly config: Config
  readonly addressOf: AddressOf
  readonly transportOf: TransportOf
  /** Of MCP and REST. */
  readonly guard: HostGuard
  /** Of the listener that operators use. */
  readonly adminGuard: HostGuard
  readonly cors: Cors
  readonly authenticate: TokenAuthenticator
  readonly admitOperator: OperatorCheck
  readonly signingKeys: SigningKeys
  readonly forwardSecret: Secret | undefined
  /** Signs what travels through clients while a call waits; undefined where there is nothing to derive it from. */
  readonly stateKey: Secret | undefined
  readonly requestLimiter: RateLimiter
  readonly failureLimiter: RateLimiter
  /** The door of the operators counts for itself. */
  readonly adminFailureLimiter: RateLimiter
  readonly toolLimiter: RateLimiter
}

export interface AppRulesDeps {
  readonly clock: Clock
  readonly metrics: Metrics
}

/** Throws TypeError for a configuration that its own rules refuse. What `before` counted goes on where its rate is the same. */
export function createRules(config: Config, { clock, metrics }: AppRulesDeps, before?: AppRules): AppRules {
  const guard = createConfiguredGuard(config)
  const adminGuard = createConfiguredGuard({
    ...config,
    host: config.adminPort === undefined ? config.host : config.adminHost,
    // Every page on the web may be meant to call MCP; none is ever meant to operate the server.
    corsAllowOrigins: config.corsAllowOrigins.filter((origin) => origin !== '*'),
  })
  const accepted = acceptedMcpTokens(config)
  const adminTokens = acceptedAdminTokens(config)
  const limiter = (option: RateOption, kept: RateLimiter | undefined) =>
    kept !== undefined && before?.config[option] === config[option] ? kept : perMinute(clock, config[option])
  const adminFailureLimiter = limiter('limitsAddressFailuresPerMinute', before?.adminFailureLimiter)
  return {
    config,
    addressOf: createAddressOf(config.serverTrustedProxies),
    transportOf: config.serverRequireHttps ? createTransportOf(config.serverTrustedProxies) : anyTransport,
    guard,
    adminGuard,
    cors: createCors({
      origins: config.corsAllowOrigins,
      methods: config.corsAllowMethods,
      headers: config.corsAllowHeaders,
      allowCredentials: config.corsAllowCredentials,
    }),
    authenticate: createAuthenticator({
      tokens: accepted.map(withToolsets),
      adminTokens,
      isOpenOnLoopback: config.mcpAuth.includes('none'),
      metrics,
    }),
    admitOperator: createOperatorCheck({
      adminTokens,
      mcpTokens: accepted.map(({ token }) => token),
      isAllowed: (request) => adminGuard(request) === undefined,
      failureLimiter: adminFailureLimiter,
      metrics,
    }),
    signingKeys: createSigningKeys(config.slackSigningSecret.map((secret) => secret.reveal())),
    forwardSecret: forwardSecretOf(config),
    // All replicas of one app derive the same key, so that any of them takes the next round of a call.
    stateKey: deriveTokens(config, 'state')[0],
    requestLimiter: limiter('limitsPrincipalRequestsPerMinute', before?.requestLimiter),
    failureLimiter: limiter('limitsAddressFailuresPerMinute', before?.failureLimiter),
    adminFailureLimiter,
    toolLimiter: limiter('limitsToolCallsPerMinute', before?.toolLimiter),
  }
}

/** The rules of now, for parts that live longer than they do. */
export interface LiveRules {
  now(): AppRules
  replace(next: AppRules): void
  /** The principal with what it may do now. Throws MCP_UNAUTHORIZED where a token let it in of which no token has the name any more. */
  currentPrincipal(principal: Principal): Principal
}

export function createLiveRules(first: AppRules): LiveRules {
  let rules = first
  // Others (Slack's own client, a pipe, loopback) are let in by what no reload changes, and may have the name of a token.
  const byToken = new WeakSet<Principal>()
  const remember = () => {
    for (const principal of rules.authenticate.principals) byToken.add(principal)
  }
  remember()
  return {
    now: () => rules,
    replace(next) {
      rules = next
      remember()
    },
    currentPrincipal(principal) {
      if (!byToken.has(principal)) return principal
      const current = rules.authenticate.principals.find(({ name }) => name === principal.name)
      if (current !== undefined) return current
      throw new AppError('MCP_UNAUTHORIZED', { details: { reason: 'token_revoked' } })
    },
  }
}

/** The names whose holders lose what they have open: a token that let one of them in is accepted no more. */
export function revokedPrincipals(before: Config, now: Config): ReadonlySet<string> {
  const kept = new Set(acceptedMcpTokens(now).map(identityOf))
  const lost = acceptedMcpTokens(before).filter((token) => !kept.has(identityOf(token)))
  return new Set(lost.map(({ name }) => name))
}

/** Names hold no blank. */
function identityOf({ name, token }: AcceptedToken): string {
  return `${name} ${token.reveal()}`
}

/** Whether somebody could act as an operator before and cannot now. */
export function hasRevokedOperators(before: Config, now: Config): boolean {
  const kept = new Set(acceptedAdminTokens(now).map((token) => token.reveal()))
  return acceptedAdminTokens(before).some((token) => !kept.has(token.reveal()))
}

/** A policy may name `default` and `all`, as the option does; tools know the toolsets themselves only. */
function withToolsets(token: AcceptedToken): TokenRow {
  const { toolsets } = token.policy
  const expanded = toolsets === undefined ? undefined : expandToolsets(toolsets)
  return { ...token, policy: { ...token.policy, toolsets: expanded } }
}

type RateOption =
  | 'limitsPrincipalRequestsPerMinute'
  | 'limitsAddressFailuresPerMinute'
  | 'limitsToolCallsPerMinute'

/** Principals are few; this only bounds what a mistake could cost. */
const limiterKeysMax = 10_000

function perMinute(clock: Clock, count: number): RateLimiter {
  return createRateLimiter({ clock, ratePerSecond: count / 60, burst: count, keysMax: limiterKeysMax })
}

/**
 * The guard of MCP, REST, docs and admin (D3a): the listed hosts, the host of PUBLIC_URL and loopback names. Where neither is configured, a
 * loopback bind knows loopback names only; any other bind cannot know its names and takes every valid one.
 */
function createConfiguredGuard(config: Config): HostGuard {
  const listed = [...config.allowedHosts]
  if (config.publicUrl !== undefined) listed.push(new URL(config.publicUrl).hostname)
  const knowsItsNames = listed.length > 0 || isLoopbackHost(config.host)
  return createHostGuard({
    allowedHosts: knowsItsNames ? listed : 'any',
    allowedOrigins: config.corsAllowOrigins,
  })
}
