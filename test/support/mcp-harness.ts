import { type Static, type TObject, Type } from '@sinclair/typebox'
import { BodyBudget } from '../../src/base/body.ts'
import { createSystemClock } from '../../src/base/clock.ts'
import { createEventBus, type EventBus } from '../../src/base/event-bus.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { Secret } from '../../src/base/secret.ts'
import { createHttpApp } from '../../src/http/server.ts'
import { createAuthenticator, type TokenRow, unrestrictedPolicy } from '../../src/mcp/auth.ts'
import { createCors } from '../../src/mcp/cors.ts'
import { createHostGuard } from '../../src/mcp/guard.ts'
import type { McpDeps } from '../../src/mcp/mcp-server.ts'
import type { CallContext, ChangeNotice, Effect, Offer, RegisteredTool } from '../../src/mcp/registry.ts'
import { createMcpPlugin, type McpPlugin } from '../../src/mcp/route.ts'
import { defaultSessionLimits } from '../../src/mcp/session-table.ts'
import type { RateLimiter } from '../../src/resilience/rate-limiter.ts'
import { RecordingLogger } from './recording-logger.ts'
import { RecordingMetrics } from './recording-metrics.ts'
import { registerTool } from './register-tool.ts'

export const aliceToken = 'alice-token-0123456789-0123456789-0123'
export const bobToken = 'bob-token-0123456789-0123456789-012345'
export const adminToken = 'admin-token-0123456789-0123456789-0123'

const unlimited: Pick<RateLimiter, 'take'> = { take: () => ({ ok: true }) }

export interface ToolSketch<Input extends TObject> {
  readonly name: string
  readonly effect?: Effect
  readonly toolset?: string
  readonly input: Input
  run(args: Static<Input>, context: CallContext): Promise<string>
}

/** A tool whose output is `{ text }`, for tests that look at the way and not at the tool. */
export function sketchTool<Input extends TObject>(sketch: ToolSketch<Input>): RegisteredTool {
  return registerTool(
    {
      name: sketch.name,
      title: sketch.name,
      description: `The tool ${sketch.name}`,
      toolset: sketch.toolset ?? 'test',
      effect: sketch.effect ?? 'read',
      scopes: [],
      input: sketch.input,
      output: Type.Object({ text: Type.String() }),
      async run(args, context: CallContext) {
        const text = await sketch.run(args, context)
        return { text, data: { text } }
      },
    },
    (context) => context,
  )
}

export function sketchOffer(offer: Partial<Offer> = {}): Offer {
  return {
    identity: { name: 'test-server', title: 'Test', version: '1.2.3', instructions: 'Be careful.' },
    tools: [],
    resources: [],
    resourceTemplates: [],
    prompts: [],
    ...offer,
  }
}

export interface McpHarness extends AsyncDisposable {
  readonly plugin: McpPlugin
  readonly log: RecordingLogger
  readonly metrics: RecordingMetrics
  readonly changes: EventBus<ChangeNotice>
  /** The origin of the listener, `http://localhost:PORT`. */
  readonly origin: string
  /** Without a socket. */
  handle(request: Request): Promise<Response>
}

export interface McpHarnessOptions extends Partial<McpDeps> {
  readonly tokens?: readonly TokenRow[]
  readonly isOpenOnLoopback?: boolean
  /** When the runtime closes a connection on which nothing happens. Default: its own. */
  readonly idleTimeoutSeconds?: number
  readonly changes?: EventBus<ChangeNotice>
}

/** The MCP half behind the real edge, listening on a free port of the loopback address. */
export function startMcp(options: McpHarnessOptions = {}): McpHarness {
  const clock = options.clock ?? createSystemClock()
  const ids = options.ids ?? createSystemIds()
  const log = new RecordingLogger()
  const metrics = new RecordingMetrics()
  const changes = options.changes ?? createEventBus<ChangeNotice>(() => undefined)
  const tokens = options.tokens ?? [
    { name: 'alice', token: new Secret(aliceToken), policy: unrestrictedPolicy },
    { name: 'bob', token: new Secret(bobToken), policy: unrestrictedPolicy },
  ]
  const plugin = createMcpPlugin({
    offer: sketchOffer(),
    transport: 'sse',
    mountPath: '/mcp',
    publicPathPrefix: '',
    sessionMode: 'memory',
    sessionLimits: defaultSessionLimits,
    isReadOnly: () => false,
    guard: createHostGuard({ allowedHosts: [], allowedOrigins: [] }),
    authenticate: createAuthenticator({
      tokens,
      adminTokens: [new Secret(adminToken)],
      isOpenOnLoopback: options.isOpenOnLoopback ?? false,
      metrics,
    }),
    cors: createCors({ origins: [], methods: [], headers: [], allowCredentials: false }),
    requestLimiter: unlimited,
    failureLimiter: { take: () => ({ ok: true }) },
    toolLimiter: unlimited,
    bodyBudget: new BodyBudget(64 * 1024 * 1024),
    changes,
    mayHear: () => Promise.resolve(true),
    drainDeadlineMs: 1000,
    clock,
    ids,
    log,
    metrics,
    ...options,
  })
  const { app } = createHttpApp({
    clock,
    ids,
    log,
    metrics,
    componentOf: () => 'mcp',
    routes: (contexts) => plugin.routes(contexts),
  })
  const { idleTimeoutSeconds } = options
  app.listen({
    port: 0,
    hostname: '127.0.0.1',
    ...(idleTimeoutSeconds !== undefined && { idleTimeout: idleTimeoutSeconds }),
  })
  return {
    plugin,
    log,
    metrics,
    changes,
    origin: `http://localhost:${app.server?.port}`,
    handle: async (request) => app.handle(request),
    async [Symbol.asyncDispose]() {
      await plugin.component.stop()
      await app.server?.stop(true)
    },
  }
}
