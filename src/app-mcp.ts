import { createChangeBus, type MayReadChannel, mayHearOf } from './app-changes.ts'
import type { SharedKeys } from './app-keys.ts'
import type { LiveRules } from './app-rules.ts'
import type { BodyBudget } from './base/body.ts'
import type { Clock } from './base/clock.ts'
import type { EventBus, SlackNotice } from './base/event-bus.ts'
import type { Ids } from './base/ids.ts'
import { buildInfo } from './build-info.ts'
import type { Config } from './config/option-table.ts'
import type { McpDeps } from './mcp/mcp-server.ts'
import type { SessionLimits } from './mcp/session-table.ts'
import { createSlackAuth, type SlackAuth } from './mcp/slack-auth.ts'
import type { Logger } from './observe/logger.ts'
import type { PrometheusMetrics } from './observe/prometheus.ts'
import type { Tracer } from './observe/tracer.ts'
import type { MemoryGuard } from './resilience/memory-guard.ts'
import type { SlackClient } from './slack/client.ts'
import { conversationIdPattern } from './slack/reference.ts'
import { createSlackOffer, type SlackOffer } from './tools/offer.ts'
import type { ToolSettings } from './tools/tool-settings.ts'
import { toolTable } from './tools/tool-table.ts'

export interface McpPartsDeps {
  /** As it was at the start: for what no reload changes. */
  readonly config: Config
  readonly rules: LiveRules
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Logger
  readonly metrics: PrometheusMetrics
  readonly tracer: Tracer | undefined
  readonly slack: SlackClient
  readonly keys: SharedKeys | undefined
  readonly notices: EventBus<SlackNotice>
  readonly bodyBudget: BodyBudget
  readonly memoryGuard: Pick<MemoryGuard, 'isShedding'>
}

export interface McpParts {
  readonly slackOffer: SlackOffer
  readonly mcpDeps: McpDeps
}

/** What the MCP half needs, from the configuration: the tools of Slack, who may come in and how much each may ask for. */
export function createMcpParts(deps: McpPartsDeps): McpParts {
  const { config, rules, clock, ids, log, metrics, slack, keys, notices, bodyBudget, memoryGuard } = deps
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
  // A reload may offer any of them.
  metrics.register(
    'gen_ai_tool_name',
    toolTable.map(({ name }) => name),
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
    isReadOnly: () => rules.now().config.mcpReadOnly,
    currentPrincipal: (principal) => rules.currentPrincipal(principal),
    guard: (request) => rules.now().guard(request),
    authenticate: (request) => rules.now().authenticate(request),
    ...(config.mcpAuth.includes('slack') ? { slackAuth: slackAuthOf(deps) } : {}),
    cors: {
      preflight: (request) => rules.now().cors.preflight(request),
      decorate: (request, headers) => rules.now().cors.decorate(request, headers),
    },
    requestLimiter: { take: (key) => rules.now().requestLimiter.take(key) },
    failureLimiter: { take: (key) => rules.now().failureLimiter.take(key) },
    toolLimiter: { take: (key) => rules.now().toolLimiter.take(key) },
    bodyBudget,
    isShedding: () => memoryGuard.isShedding,
    changes: createChangeBus(notices, (id) => slackOffer.services.directory.channels.peek(id)?.name, log),
    mayHear: createMayHear(slackOffer, rules, clock),
    drainDeadlineMs: config.serverShutdownSeconds * drainShare * 1000,
    ...stateKeyOf(rules),
    clock,
    ids,
    log,
    metrics,
    tracer: deps.tracer,
  }
  return { slackOffer, mcpDeps }
}

/** Who may hear of a change at an address: whoever may call the tool that reads it, in that channel. */
function createMayHear(slackOffer: SlackOffer, rules: LiveRules, clock: Clock): McpDeps['mayHear'] {
  return async (listener, uri) => {
    const principal = rules.currentPrincipal(listener)
    const { policy, directory } = slackOffer.services
    const mayReadChannel: MayReadChannel = async (channel, signal) => {
      const channelId = conversationIdPattern.test(channel)
        ? channel
        : (await directory.channels.find(channel, async () => [], { signal })).id
      return (await policy.violated(principal, 'read', channelId, signal)) === undefined
    }
    return slackOffer.mayRead(principal, uri) && mayHearOf(uri, mayReadChannel, clock)
  }
}

/** Slack's own client, for users of the workspace that our token belongs to. While that is not known, nobody is let in. */
function slackAuthOf({ rules, slack, clock, metrics }: McpPartsDeps): SlackAuth {
  return createSlackAuth({
    signingKeys: () => rules.now().signingKeys,
    isAllowed: ({ teamId }) => teamId === slack.identity()?.teamId,
    clock,
    metrics,
  })
}

/** Calls may take so much of the time that a stop has; the rest is for streams, queue and log. */
const drainShare = 0.8

/** What a reload replaces it by stays what there was where the last secret is gone; nobody is let in then. */
function stateKeyOf(rules: LiveRules): Pick<McpDeps, 'stateKey'> {
  const { stateKey: first } = rules.now()
  return first === undefined ? {} : { stateKey: () => rules.now().stateKey ?? first }
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

/** What the tools are bound by. */
export function toolSettingsOf(config: Config): ToolSettings {
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
