import { createChangeBus, type MayReadChannel, mayHearOf } from './app-changes.ts'
import type { SharedKeys } from './app-keys.ts'
import type { BodyBudget } from './base/body.ts'
import type { Clock } from './base/clock.ts'
import type { EventBus, SlackNotice } from './base/event-bus.ts'
import type { Ids } from './base/ids.ts'
import { isLoopbackHost } from './base/ip-address.ts'
import { buildInfo } from './build-info.ts'
import { type AcceptedToken, acceptedAdminTokens, acceptedMcpTokens } from './config/accepted-tokens.ts'
import { deriveTokens } from './config/derived-token.ts'
import type { Config } from './config/option-table.ts'
import { createAuthenticator, type TokenRow } from './mcp/auth.ts'
import { createCors } from './mcp/cors.ts'
import { createHostGuard, type HostGuard } from './mcp/guard.ts'
import type { McpDeps } from './mcp/mcp-server.ts'
import type { SessionLimits } from './mcp/session-table.ts'
import { createSlackAuth, type SlackAuth } from './mcp/slack-auth.ts'
import type { Logger } from './observe/logger.ts'
import type { PrometheusMetrics } from './observe/prometheus.ts'
import { createRateLimiter, type RateLimiter } from './resilience/rate-limiter.ts'
import type { SlackClient } from './slack/client.ts'
import { conversationIdPattern } from './slack/reference.ts'
import { createSigningKeys } from './slack/signature.ts'
import { createSlackOffer, type SlackOffer } from './tools/offer.ts'
import { expandToolsets } from './tools/select-tools.ts'
import type { ToolSettings } from './tools/tool-settings.ts'

export interface McpPartsDeps {
  readonly config: Config
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Logger
  readonly metrics: PrometheusMetrics
  readonly slack: SlackClient
  readonly keys: SharedKeys | undefined
  readonly notices: EventBus<SlackNotice>
  readonly bodyBudget: BodyBudget
  readonly guard: HostGuard
}

export interface McpParts {
  readonly slackOffer: SlackOffer
  readonly mcpDeps: McpDeps
}

/** What the MCP half needs, from the configuration: the tools of Slack, who may come in and how much each may ask for. */
export function createMcpParts(deps: McpPartsDeps): McpParts {
  const { config, clock, ids, log, metrics, slack, keys, notices, bodyBudget, guard } = deps
  const slackOffer = createSlackOffer({
    slack,
    clock,
    ids,
    settings: toolSettingsOf(config),
    version: buildInfo.version,
    notices,
    files: slack.files,
    ...(keys === undefined ? {} : { idempotency: keys.store }),
  })
  metrics.register(
    'gen_ai_tool_name',
    slackOffer.selected.map(({ name }) => name),
  )
  // Scopes arrive with the first answer of Slack; tools that the token cannot use leave the list then.
  slack.onIdentityChange('bot', () => slackOffer.refresh())
  slack.onIdentityChange('user', () => slackOffer.refresh())
  const mcpDeps: McpDeps = {
    offer: slackOffer.offer,
    transport: config.mcpTransport,
    mountPath: config.mcpMountPath,
    publicPathPrefix: config.publicUrl === undefined ? '' : pathPrefixOf(config.publicUrl),
    sessionMode: config.mcpSessions,
    sessionLimits: sessionLimitsOf(config),
    isReadOnly: config.mcpReadOnly,
    guard,
    authenticate: createAuthenticator({
      tokens: acceptedMcpTokens(config).map(withToolsets),
      adminTokens: acceptedAdminTokens(config),
      isOpenOnLoopback: config.mcpAuth.includes('none'),
      metrics,
    }),
    ...(config.mcpAuth.includes('slack') ? { slackAuth: slackAuthOf(deps) } : {}),
    cors: createCors({
      origins: config.corsAllowOrigins,
      methods: config.corsAllowMethods,
      headers: config.corsAllowHeaders,
      allowCredentials: config.corsAllowCredentials,
    }),
    requestLimiter: perMinute(clock, config.limitsPrincipalRequestsPerMinute),
    failureLimiter: createFailureLimiter(config, clock),
    toolLimiter: perMinute(clock, config.limitsToolCallsPerMinute),
    bodyBudget,
    changes: createChangeBus(notices, (id) => slackOffer.services.directory.channels.peek(id)?.name, log),
    mayHear: createMayHear(slackOffer, clock),
    drainDeadlineMs: config.serverShutdownSeconds * drainShare * 1000,
    ...stateKeyOf(config),
    clock,
    ids,
    log,
    metrics,
  }
  return { slackOffer, mcpDeps }
}

/** Who may hear of a change at an address: whoever may call the tool that reads it, in that channel. */
function createMayHear({ mayRead, services }: SlackOffer, clock: Clock): McpDeps['mayHear'] {
  const { policy, directory } = services
  return async (principal, uri) => {
    const mayReadChannel: MayReadChannel = async (channel, signal) => {
      const channelId = conversationIdPattern.test(channel)
        ? channel
        : (await directory.channels.find(channel, async () => [], { signal })).id
      return (await policy.violated(principal, 'read', channelId, signal)) === undefined
    }
    return mayRead(principal, uri) && mayHearOf(uri, mayReadChannel, clock)
  }
}

/** A policy may name `default` and `all`, as the option does; tools know the toolsets themselves only. */
function withToolsets(token: AcceptedToken): TokenRow {
  const { toolsets } = token.policy
  const expanded = toolsets === undefined ? undefined : expandToolsets(toolsets)
  return { ...token, policy: { ...token.policy, toolsets: expanded } }
}

/** Slack's own client, for users of the workspace that our token belongs to. While that is not known, nobody is let in. */
function slackAuthOf({ config, slack, clock, metrics }: McpPartsDeps): SlackAuth {
  const keys = createSigningKeys(config.slackSigningSecret.map((secret) => secret.reveal()))
  return createSlackAuth({
    signingKeys: () => keys,
    isAllowed: ({ teamId }) => teamId === slack.identity()?.teamId,
    clock,
    metrics,
  })
}

/** Calls may take so much of the time that a stop has; the rest is for streams, queue and log. */
const drainShare = 0.8

/** All replicas of one app derive the same key, so that any of them takes the next round of a call. */
function stateKeyOf(config: Config): Pick<McpDeps, 'stateKey'> {
  const [stateKey] = deriveTokens(config, 'state')
  return stateKey === undefined ? {} : { stateKey }
}

/** Principals are few; this only bounds what a mistake could cost. */
const limiterKeysMax = 10_000

/** For the requests of one address whose credentials are none, at one door. */
export function createFailureLimiter(config: Config, clock: Clock): RateLimiter {
  return perMinute(clock, config.limitsAddressFailuresPerMinute)
}

function perMinute(clock: Clock, count: number) {
  return createRateLimiter({ clock, ratePerSecond: count / 60, burst: count, keysMax: limiterKeysMax })
}

function sessionLimitsOf(config: Config): SessionLimits {
  return {
    perPrincipalMax: config.mcpSessionsPerPrincipalMax,
    totalMax: config.mcpSessionsMax,
    idleTtlMs: config.mcpSessionIdleSeconds * 1000,
    absoluteTtlMs: config.mcpSessionLifetimeSeconds * 1000,
    uninitialisedTtlMs: config.mcpSessionInitializeSeconds * 1000,
    inFlightMax: config.mcpSessionCallsMax,
  }
}

function toolSettingsOf(config: Config): ToolSettings {
  return {
    toolsets: config.mcpToolsets,
    tools: config.mcpTools,
    excludeTools: config.mcpExcludeTools,
    isReadOnly: config.mcpReadOnly,
    readChannels: listed(config.mcpReadChannels),
    writeChannels: listed(config.mcpWriteChannels),
    allowsDirectMessages: config.mcpDms,
    confirmsDestructive: config.mcpConfirm,
    allowsBroadcasts: config.mcpAllowBroadcasts,
    allowsUnfurling: config.mcpAllowUnfurling,
    imageHosts: config.mcpImageHosts,
    hiddenAuthors: config.mcpHideAuthors,
    // Asked of the host when the first time is read or shown: bringing its tables in is a fifth of the start.
    get timezone() {
      return config.mcpTimezone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone
    },
    lookupPagesMax: config.mcpLookupPagesMax,
    isDistributedApp: config.slackDistributedAppLimits,
    hasUserToken: config.slackUserToken !== undefined,
  }
}

/** An empty list is no list: it allows everything. */
function listed(channels: readonly string[]): readonly string[] | undefined {
  return channels.length === 0 ? undefined : channels
}

/** What a proxy strips from the paths of PUBLIC_URL before they reach us. */
function pathPrefixOf(publicUrl: string): string {
  return new URL(publicUrl).pathname.replace(/\/+$/, '')
}

/**
 * The guard of MCP, REST, docs and admin (D3a): the listed hosts, the host of PUBLIC_URL and loopback names. Where neither is configured, a
 * loopback bind knows loopback names only; any other bind cannot know its names and takes every valid one.
 */
export function createConfiguredGuard(config: Config): HostGuard {
  const listed = [...config.allowedHosts]
  if (config.publicUrl !== undefined) listed.push(new URL(config.publicUrl).hostname)
  const knowsItsNames = listed.length > 0 || isLoopbackHost(config.host)
  return createHostGuard({
    allowedHosts: knowsItsNames ? listed : 'any',
    allowedOrigins: config.corsAllowOrigins,
  })
}
