import type { AnyElysia } from 'elysia'
import { type AppAdmin, createAppAdmin } from './app-admin.ts'
import { createDoor, type Door } from './app-door.ts'
import { createForwarder, createHandlers } from './app-events.ts'
import { createLifecycle, type Lifecycle, type LifecyclePart, type StopReport } from './app-lifecycle.ts'
import {
  type AppSurroundings,
  type IntegratedAppOptions,
  requireCredentials,
  resolveConfig,
} from './app-options.ts'
import { createParts, createReceiveDeps, type Parts } from './app-parts.ts'
import { reconfigure } from './app-reload.ts'
import type { Timer } from './base/clock.ts'
import type { Config } from './config/option-table.ts'
import type { EventHandlers } from './events/event-handlers.ts'
import { createEventStream, type EventStream } from './events/event-stream.ts'
import type { Forwarder } from './events/forwarder.ts'
import { createActiveCount } from './http/edge.ts'
import { createHealthCheck, type Health, type HealthComponent, type HealthProbe } from './http/health.ts'
import { createOperationsRoutes } from './http/operations-route.ts'
import { createHttpApp, type HttpAppDeps } from './http/server.ts'
import type { StdioPipe } from './mcp/stdio-transport.ts'
import type { Surface } from './mcp/surface.ts'
import { watchEventLoop } from './observe/event-loop-watch.ts'
import type { Logger } from './observe/logger.ts'
import type { SlackClient } from './slack/client.ts'
import { componentOfPath } from './webhook/intake.ts'
import { createWebhookRoutes } from './webhook/route.ts'

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

/** A server whose configuration can be replaced while it runs. */
export interface ReconfigurableApp extends IntegratedApp {
  /**
   * Puts what `config` says of the options that a reload can change into effect, all at once; the other options must be as they were. Nothing in flight
   * is lost: it ends by what it began with, but for callers whose token is gone. Throws, and changes nothing, for a configuration that cannot be.
   */
  reconfigure(config: Config): void
  /** Notes, for health and metrics, that a new configuration was refused and the old one stays. */
  keepConfiguration(): void
  /** Counts an error that nobody caught, and logs the first: what follows from it, or comes again with every turn of a timer, would only bury it. */
  noteFault(error: unknown): void
}

/** The same from a configuration that has been loaded, and so checked for its purpose. */
export function composeApp(checked: Config, surroundings: AppSurroundings): ReconfigurableApp {
  const parts = createParts(checked, surroundings)
  const { config, clock, log, metrics, queue, slack, keys, mcp, memoryGuard } = parts
  const active = createActiveCount(metrics)
  const handlers = createHandlers(parts)
  const forwarder = createForwarder(parts)
  const operators = createAppAdmin({ ...parts, forwarder })
  const lifecycle = createLifecycle(
    [
      ...parts.tracingParts,
      loopWatchPart(parts),
      { name: 'memory-guard', start: () => memoryGuard.start(), stop: () => memoryGuard.stop() },
      ...(config.webhookEnabled ? [queuePart(parts)] : []),
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
  const health = createHealthCheck({
    clock,
    metrics,
    probes: createProbes(parts, forwarder),
    configuration: () => parts.configRecord.view(),
  })
  const createRoutes: HttpAppDeps['routes'] = (contexts) => [
    createOperationsRoutes({ health, isReady: () => lifecycle.isReady }),
    ...(config.webhookEnabled ? [createWebhookRoutes(createReceiveDeps(parts), contexts)] : []),
    ...(mcp === undefined ? [] : mcp.plugin.routes(contexts)),
  ]
  let listeners: Listeners | undefined
  // Made when they are asked for: who serves a client on a pipe has no use for routes, and they are a third of what there is to make.
  const listening = (): Listeners => {
    if (listeners === undefined) {
      listeners = createListeners(parts, { active, operators, createRoutes })
      startWithListener(listeners.app, start, log)
      // Elysia's own stop stops the components too; ours has closed the sockets by then.
      listeners.app.onStop(() => void lifecycle.stop())
    }
    return listeners
  }
  measureOnScrape(parts, { health, lifecycle })
  const door = createAppDoor(parts, active, () => listeners)
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
    reconfigure: (next) => reconfigure(next, { ...parts, streams: operators.streams }),
    keepConfiguration: () => parts.configRecord.refused(),
    noteFault: createFaultNote(parts),
    health,
    mcp: mcp?.plugin.surface,
    serveStdio(pipe, signal) {
      if (mcp === undefined) throw new TypeError('MCP is off')
      return mcp.plugin.serveStdio(pipe, signal)
    },
  }
}

/** What is only known by asking for it is asked when somebody reads the metrics. */
function measureOnScrape(
  { config, metrics, queue }: Parts,
  { health, lifecycle }: { readonly health: () => Promise<Health>; readonly lifecycle: Lifecycle },
): void {
  metrics.onScrape(() => metrics.set('slackmcp_ready', {}, lifecycle.isReady ? 1 : 0))
  metrics.onScrape(async () => void (await health()))
  if (config.webhookEnabled) metrics.onScrape(() => queue.sample())
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

function createAppDoor(
  { clock, bodyBudget }: Parts,
  active: ReturnType<typeof createActiveCount>,
  listeners: () => Listeners | undefined,
): Door {
  return createDoor({
    clock,
    listeners: () => Object.values<AnyElysia>({ ...listeners() }),
    underWay: () => ({ requests: active.current(), bodies: bodyBudget.unfinishedCount }),
  })
}

interface ListenerDeps {
  readonly active: ReturnType<typeof createActiveCount>
  readonly operators: AppAdmin
  readonly createRoutes: HttpAppDeps['routes']
}

/** The one listener, or with `adminPort` both: the second has what operators get, and the first has it no more. */
function createListeners(
  { config, rules, clock, ids, log, metrics, tracer }: Parts,
  { active, operators, createRoutes }: ListenerDeps,
): Listeners {
  const common = {
    clock,
    ids,
    log,
    metrics,
    tracer,
    componentOf: componentOfPath,
    countActive: active.count,
    addressOf: (request: Request, peer: string | undefined) => rules.now().addressOf(request, peer),
  } as const
  const isSeparate = config.adminPort !== undefined
  let served: readonly AnyElysia[] = []
  const { app } = createHttpApp({
    ...common,
    // Not of the listener for operators, which no proxy stands before.
    transportOf: (request, peerOf) => rules.now().transportOf(request, peerOf),
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

/** The id is its own: what runs when nobody has caught an error is told of no request that it may have come from. */
function createFaultNote({ ids, log, metrics }: Parts): (error: unknown) => void {
  let hasFault = false
  return (error) => {
    metrics.increment('slackmcp_faults_total', {})
    if (!hasFault) log.error('server_fault', { correlation_id: ids.uuid(), error })
    hasFault = true
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

function queuePart({ queue }: Parts): LifecyclePart {
  return { name: 'queue', start: () => queue.start(), stop: () => queue.stop() }
}

function forwardPart(forwarder: Forwarder): LifecyclePart {
  return { name: 'forward', start: () => forwarder.start(), stop: (signal) => forwarder.stop(signal) }
}

function mcpPart({ plugin, slackOffer }: NonNullable<Parts['mcp']>): LifecyclePart {
  return {
    name: 'mcp',
    start: () => plugin.component.start(),
    async stop(signal) {
      slackOffer.stop()
      await plugin.component.stop(signal)
      return plugin.counts().callsAbandoned === 0
    },
  }
}

function createProbes(
  { config, slack, queue, mcp, memoryGuard }: Parts,
  forwarder: Forwarder | undefined,
): Readonly<Record<HealthComponent, HealthProbe>> {
  const off: HealthProbe = () => 'disabled'
  return {
    mcp_server:
      mcp === undefined ? off : () => (memoryGuard.isShedding ? 'degraded' : mcp.plugin.component.check()),
    webhook_server: config.webhookEnabled ? () => forwarder?.check() ?? 'up' : off,
    slack_client: config.mcpEnabled ? () => slack.check() : off,
    queue_backend: config.webhookEnabled ? () => queue.check() : off,
  }
}
