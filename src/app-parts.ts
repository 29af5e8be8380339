import { ConfigRecord } from './app-config-record.ts'
import { createSharedKeys, type SharedKeys } from './app-keys.ts'
import { createMcpParts, type McpParts } from './app-mcp.ts'
import { createAppMetrics } from './app-metrics.ts'
import type { AppSurroundings } from './app-options.ts'
import { createAppQueue } from './app-queue.ts'
import { createLiveRules, createRules, type LiveRules } from './app-rules.ts'
import { type AppTracing, createAppTracing } from './app-tracing.ts'
import { BodyBudget } from './base/body.ts'
import { type Clock, createSystemClock } from './base/clock.ts'
import { createEventBus, type EventBus, type SlackNotice } from './base/event-bus.ts'
import { createSystemIds, type Ids } from './base/ids.ts'
import type { Config } from './config/option-table.ts'
import { createMcpPlugin, type McpPlugin } from './mcp/route.ts'
import type { PrometheusMetrics } from './observe/prometheus.ts'
import { silentLogger } from './observe/silent.ts'
import type { GuardedQueue } from './queue/guarded-queue.ts'
import { MemoryGuard } from './resilience/memory-guard.ts'
import { initializeSlackClient, type SlackClient } from './slack/client.ts'
import { ClockSkew } from './webhook/clock-skew.ts'
import { type ReceiveDeps, webhookBodyBytesMax } from './webhook/receive.ts'
import { SecretAdvisor } from './webhook/secret-advisor.ts'

/** Bytes of unfinished bodies that the whole process holds (T6). */
const bodiesInFlightBytesMax = 64 * 1024 * 1024

/** Everything that is built once, in the order in which one needs the other. */
export interface Parts extends AppTracing {
  readonly config: Config
  readonly clock: Clock
  readonly ids: Ids
  readonly metrics: PrometheusMetrics
  readonly queue: GuardedQueue
  readonly notices: EventBus<SlackNotice>
  readonly bodyBudget: BodyBudget
  readonly rules: LiveRules
  readonly secretAdvisor: SecretAdvisor
  readonly configRecord: ConfigRecord
  readonly memoryGuard: MemoryGuard
  readonly slack: SlackClient
  /** Idempotency keys that replicas share; undefined where each keeps its own. */
  readonly keys: SharedKeys | undefined
  readonly mcp: (McpParts & { readonly plugin: McpPlugin }) | undefined
}

export function createParts(config: Config, options: AppSurroundings): Parts {
  const clock = options.clock ?? createSystemClock()
  const ids = options.ids ?? createSystemIds()
  const plainLog = options.logger ?? silentLogger
  const metrics = createAppMetrics(clock, plainLog)
  const tracing = createAppTracing(config, options.tracer, { clock, ids, log: plainLog, metrics })
  const { log, tracer } = tracing
  const queue = createAppQueue(config, options.queue, {
    clock,
    ids,
    log,
    metrics,
    tracer,
    pid: options.pid ?? 0,
  })
  const notices = createEventBus<SlackNotice>((error) => log.error('event_listener_failed', { error }))
  const slack = initializeSlackClient(config.slackBotToken, config.slackRetry, {
    clock,
    ids,
    log,
    metrics,
    tracer,
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    apiUrl: config.slackApiUrl,
    userToken: config.slackUserToken,
    isDistributedApp: config.slackDistributedAppLimits,
  })
  const bodyBudget = new BodyBudget(bodiesInFlightBytesMax)
  const rules = createLiveRules(createRules(config, { clock, metrics }))
  const keys = config.mcpEnabled ? createSharedKeys(config, { clock, ids, log }) : undefined
  const memoryGuard = new MemoryGuard(options.memory, { clock, log, metrics })
  const common = {
    ...tracing,
    config,
    rules,
    clock,
    ids,
    metrics,
    slack,
    keys,
    notices,
    bodyBudget,
    memoryGuard,
  }
  const mcpParts = config.mcpEnabled ? createMcpParts(common) : undefined
  const mcp = mcpParts === undefined ? undefined : { ...mcpParts, plugin: createMcpPlugin(mcpParts.mcpDeps) }
  return {
    ...common,
    queue,
    mcp,
    secretAdvisor: new SecretAdvisor(log),
    configRecord: new ConfigRecord({ clock, metrics }),
  }
}

/** What the webhook needs. */
export function createReceiveDeps({ config, rules, clock, queue, bodyBudget, ...parts }: Parts): ReceiveDeps {
  const { log, metrics, notices, secretAdvisor } = parts
  return {
    clock,
    signingKeys: () => rules.now().signingKeys,
    queue,
    topic: config.slackEventsTopic,
    bodyLimits: { bytesMax: webhookBodyBytesMax, budget: bodyBudget },
    log,
    metrics,
    secretAdvisor,
    clockSkew: new ClockSkew({ clock, log, metrics }),
    announce: (notice) => notices.publish(notice),
  }
}
