import type { AnyElysia } from 'elysia'
import { type AppAdmin, createAppAdmin } from './app-admin.ts'
import { createDoor } from './app-door.ts'
import { createForwarder, createHandlers } from './app-events.ts'
import { createSharedKeys, type SharedKeys } from './app-keys.ts'
import { createLifecycle, type LifecyclePart, type StopReport } from './app-lifecycle.ts'
import { createConfiguredGuard, createMcpParts, type McpParts } from './app-mcp.ts'
import { createAppMetrics } from './app-metrics.ts'
import {
  type AppSurroundings,
  type IntegratedAppOptions,
  requireCredentials,
  resolveConfig,
} from './app-options.ts'
import { createAppQueue } from './app-queue.ts'
import { BodyBudget } from './base/body.ts'
import { type Clock, createSystemClock, type Timer } from './base/clock.ts'
import { createEventBus, type EventBus, type SlackNotice } from './base/event-bus.ts'
import { createSystemIds, type Ids } from './base/ids.ts'
import type { Config } from './config/option-table.ts'
import type { EventHandlers } from './events/event-handlers.ts'
import { createEventStream, type EventStream } from './events/event-stream.ts'
import type { Forwarder } from './events/forwarder.ts'
import { createAddressOf } from './http/forwarded.ts'
import { createHealthCheck, type Health, type HealthComponent, type HealthProbe } from './http/health.ts'
import { createOperationsRoutes } from './http/operations-route.ts'
import { createHttpApp, type HttpAppDeps } from './http/server.ts'
import type { HostGuard } from './mcp/guard.ts'
import { createMcpPlugin, type McpPlugin } from './mcp/route.ts'
import type { StdioPipe } from './mcp/stdio-transport.ts'
import type { Surface } from './mcp/surface.ts'
import { watchEventLoop } from './observe/event-loop-watch.ts'
import type { Logger } from './observe/logger.ts'
import type { PrometheusMetrics } from './observe/prometheus.ts'
import { silentLogger } from './observe/silent.ts'
import type { GuardedQueue } from './queue/guarded-queue.ts'
import { initializeSlackClient, type SlackClient } from './slack/client.ts'
import { createSigningKeys } from './slack/signature.ts'
import { componentOfPath } from './webhook/intake.ts'
import { type ReceiveDeps, webhookBodyBytesMax } from './webhook/receive.ts'
import { createWebhookRoutes } from './webhook/route.ts'
import { SecretAdvisor } from './webhook/secret-advisor.ts'

/** Bytes of unfinished bodies that the whole process holds (T6). */
const bodiesInFlightBytesMax = 64 * 1024 * 1024

export interface IntegratedApp {
  /** The Elysia instance: `.use`, `.handle` and `.listen` work; listening starts the components. */
  readonly app: AnyElysia
  /** With `adminPort`: the second listener, for whoever listens. Metrics, docs and admin routes are on it and not on `app`. */
  readonly admin: AnyElysia | undefined
  /** The kept events: `on` and `use` for handlers, `subscribe` for raw deliveries. */
  readonly events: EventStream & EventHandlers
  /** The one Slack client of both halves. */
  readonly slack: SlackClient
  /** Starts queue, Slack and MCP; a second call waits for the first. Rejects where one cannot start, and without credentials unless `fetch` was handed in. */
  start(): Promise<void>
  /** Drains and stops in reverse, within `serverShutdownSeconds`; a second call waits for the first. */
  stop(): Promise<StopReport>
  /** Ends the wait of a running stop. */
  hurry(): void
  health(): Promise<Health>
  /** Everything that MCP offers, without a transport: for the command line. Undefined where MCP is off. */
  readonly mcp: Surface | undefined
  /** Serves one MCP client over a pipe until its input ends or `signal` aborts. Throws TypeError where MCP is off. */
  serveStdio(pipe: StdioPipe, signal: AbortSignal): Promise<void>
}

/**
 * Puts the whole server together, without listening and without asking anybody anything: the webhook first, then the one Slack client, then MCP by
 * transport. Keeps nothing outside of what it returns, so that two apps in one process do not meet. Throws TypeError for an option that cannot be.
 */
export function createIntegratedApp(options: IntegratedAppOptions = {}): IntegratedApp {
  return composeApp(resolveConfig(options), options)
}

/** The same from a configuration that has been loaded, and so checked for its purpose. */
export function composeApp(checked: Config, surroundings: AppSurroundings): IntegratedApp {
  const parts = createParts(checked, surroundings)
  const { config, clock, log, metrics, queue, slack, keys, mcp } = parts
  const handlers = createHandlers(parts)
  const forwarder = createForwarder(parts)
  const operators = createAppAdmin({ ...parts, forwarder })
  const lifecycle = createLifecycle(
    [
      loopWatchPart(parts),
      ...(config.webhookEnabled
        ? [{ name: 'queue', start: () => queue.start(), stop: () => queue.stop() }]
        : []),
      { name: 'slack', start: () => slack.start(), stop: () => slack.stop() },
      ...(keys === undefined ? [] : [{ name: 'keys', stop: () => keys.stop() }]),
      { name: 'handlers', start: () => handlers.start(), stop: () => handlers.stop() },
      ...(forwarder === undefined ? [] : [forwardPart(forwarder)]),
      { name: 'requests', stop: (signal) => door.drained(signal) },
      { name: 'consumers', stop: () => operators.streams?.stop() },
      ...(mcp === undefined ? [] : [mcpPart(mcp)]),
      { name: 'door', stop: () => door.close() },
    ],
    { clock, log, stopDeadlineMs: config.serverShutdownSeconds * 1000 },
  )
  const health = createHealthCheck({ clock, metrics, probes: createProbes(parts, forwarder) })
  const createRoutes: HttpAppDeps['routes'] = (contexts) => [
    createOperationsRoutes({ health, isReady: () => lifecycle.isReady }),
    ...(config.webhookEnabled ? [createWebhookRoutes(createReceiveDeps(parts), contexts)] : []),
    ...(mcp === undefined ? [] : mcp.plugin.routes(contexts)),
  ]
  let listeners: Listeners | undefined
  // Made when they are asked for: who serves a client on a pipe has no use for routes, and they are a third of what there is to make.
  const listening = (): Listeners => {
    if (listeners === undefined) {
      listeners = createListeners(parts, operators, createRoutes)
      startWithListener(listeners.app, start, log)
      // Elysia's own stop stops the components too; ours has closed the sockets by then.
      listeners.app.onStop(() => void lifecycle.stop())
    }
    return listeners
  }
  metrics.onScrape(() => metrics.set('slackmcp_ready', {}, lifecycle.isReady ? 1 : 0))
  metrics.onScrape(async () => void (await health()))
  if (config.webhookEnabled) metrics.onScrape(() => queue.sample())
  const door = createDoor(() => Object.values<AnyElysia>({ ...listeners }))
  const start = () => {
    requireCredentials(config, surroundings)
    return lifecycle.start()
  }
  return {
    get app() {
      return listening().app
    },
    get admin() {
      return listening().admin
    },
    events: Object.assign(createEventStream(queue, config.slackEventsTopic), {
      on: handlers.on.bind(handlers),
      use: handlers.use.bind(handlers),
    }),
    slack,
    start: async () => start(),
    stop: () => lifecycle.stop(),
    hurry: () => lifecycle.hurry(),
    health,
    mcp: mcp?.plugin.surface,
    serveStdio(pipe, signal) {
      if (mcp === undefined) throw new TypeError('MCP is off')
      return mcp.plugin.serveStdio(pipe, signal)
    },
  }
}

/** Listening by itself starts everything; whoever called `start` before only waits for it here. */
function startWithListener(app: AnyElysia, start: () => Promise<void>, log: Logger): void {
  app.onStart(() => {
    try {
      start().catch((error: unknown) => log.error('server_start_failed', { error }))
    } catch (error) {
      // Elysia calls this when it listens already; whoever called `listen` hears what is missing.
      void app.server?.stop(true)
      throw error
    }
  })
}

interface Listeners {
  readonly app: AnyElysia
  readonly admin?: AnyElysia
}

/** The one listener, or with `adminPort` both: the second has what operators get, and the first has it no more. */
function createListeners(
  { config, clock, ids, log, metrics }: Parts,
  operators: AppAdmin,
  createRoutes: HttpAppDeps['routes'],
): Listeners {
  const common = {
    clock,
    ids,
    log,
    metrics,
    componentOf: componentOfPath,
    addressOf: createAddressOf(config.serverTrustedProxies),
  } as const
  const isSeparate = config.adminPort !== undefined
  let served: readonly AnyElysia[] = []
  const { app } = createHttpApp({
    ...common,
    routes(contexts) {
      served = createRoutes(contexts)
      return isSeparate ? served : [...served, ...operators.routes(served, contexts)]
    },
  })
  const listeners: Listeners = isSeparate
    ? {
        app,
        admin: createHttpApp({ ...common, routes: (contexts) => operators.routes(served, contexts) }).app,
      }
    : { app }
  const paths = Object.values<AnyElysia>({ ...listeners }).flatMap((listener) =>
    listener.routes.map((route) => route.path),
  )
  metrics.register('http_route', new Set(paths))
  return listeners
}

/** Everything that is built once, in the order in which one needs the other. */
interface Parts {
  readonly config: Config
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Logger
  readonly metrics: PrometheusMetrics
  readonly queue: GuardedQueue
  readonly notices: EventBus<SlackNotice>
  readonly bodyBudget: BodyBudget
  readonly guard: HostGuard
  readonly slack: SlackClient
  /** Idempotency keys that replicas share; undefined where each keeps its own. */
  readonly keys: SharedKeys | undefined
  readonly mcp: (McpParts & { readonly plugin: McpPlugin }) | undefined
}

function createParts(config: Config, options: AppSurroundings): Parts {
  const clock = options.clock ?? createSystemClock()
  const ids = options.ids ?? createSystemIds()
  const log = options.logger ?? silentLogger
  const metrics = createAppMetrics(clock, log)
  const queue = createAppQueue(config, options.queue, { clock, ids, log, metrics, pid: options.pid ?? 0 })
  const notices = createEventBus<SlackNotice>((error) => log.error('event_listener_failed', { error }))
  const slack = initializeSlackClient(config.slackBotToken, config.slackRetry, {
    clock,
    ids,
    log,
    metrics,
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    apiUrl: config.slackApiUrl,
    userToken: config.slackUserToken,
    isDistributedApp: config.slackDistributedAppLimits,
  })
  const bodyBudget = new BodyBudget(bodiesInFlightBytesMax)
  const guard = createConfiguredGuard(config)
  const keys = config.mcpEnabled ? createSharedKeys(config, { clock, ids, log }) : undefined
  const common = { config, clock, ids, log, metrics, slack, keys, notices, bodyBudget, guard }
  const mcpParts = config.mcpEnabled ? createMcpParts(common) : undefined
  const mcp = mcpParts === undefined ? undefined : { ...mcpParts, plugin: createMcpPlugin(mcpParts.mcpDeps) }
  return { ...common, queue, mcp }
}

function createReceiveDeps({ config, clock, queue, bodyBudget, log, metrics, notices }: Parts): ReceiveDeps {
  const keys = createSigningKeys(config.slackSigningSecret.map((secret) => secret.reveal()))
  return {
    clock,
    signingKeys: () => keys,
    queue,
    topic: config.slackEventsTopic,
    bodyLimits: { bytesMax: webhookBodyBytesMax, budget: bodyBudget },
    log,
    metrics,
    secretAdvisor: new SecretAdvisor(log),
    announce: (notice) => notices.publish(notice),
  }
}

function loopWatchPart({ clock, metrics }: Parts): LifecyclePart {
  let timer: Timer | undefined
  return {
    name: 'loop-watch',
    start() {
      timer = watchEventLoop(clock, metrics)
    },
    stop: () => timer?.cancel(),
  }
}

function forwardPart(forwarder: Forwarder): LifecyclePart {
  return { name: 'forward', start: () => forwarder.start(), stop: (signal) => forwarder.stop(signal) }
}

function mcpPart({ plugin, slackOffer }: NonNullable<Parts['mcp']>): LifecyclePart {
  return {
    name: 'mcp',
    start: () => plugin.component.start(),
    async stop() {
      slackOffer.stop()
      await plugin.component.stop()
      return plugin.counts().callsAbandoned === 0
    },
  }
}

function createProbes(
  { config, slack, queue, mcp }: Parts,
  forwarder: Forwarder | undefined,
): Readonly<Record<HealthComponent, HealthProbe>> {
  const off: HealthProbe = () => 'disabled'
  return {
    mcp_server: mcp === undefined ? off : () => mcp.plugin.component.check(),
    webhook_server: config.webhookEnabled ? () => forwarder?.check() ?? 'up' : off,
    slack_client: config.mcpEnabled ? () => slack.check() : off,
    queue_backend: config.webhookEnabled ? () => queue.check() : off,
  }
}
