import type { BodyBudget } from '../base/body.ts'
import type { Clock } from '../base/clock.ts'
import { sleep } from '../base/clock.ts'
import type { Component } from '../base/component.ts'
import { AppError } from '../base/errors.ts'
import type { EventBus } from '../base/event-bus.ts'
import type { Ids } from '../base/ids.ts'
import type { RequestContexts } from '../base/request-context.ts'
import type { Secret } from '../base/secret.ts'
import type { Logger } from '../observe/logger.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Tracer } from '../observe/tracer.ts'
import type { RateLimiter } from '../resilience/rate-limiter.ts'
import type { Authenticator } from './auth.ts'
import type { Caller } from './caller.ts'
import { ChangeDesk, type MayHear } from './change-desk.ts'
import type { Cors } from './cors.ts'
import { createDoor } from './door.ts'
import { createEndpoints, type Endpoints } from './endpoints.ts'
import { EventLog, type EventLogLimits } from './event-log.ts'
import type { HostGuard } from './guard.ts'
import { InFlight } from './in-flight.ts'
import type { SessionMode } from './legacy-leg.ts'
import type { LegacySession } from './legacy-session.ts'
import { createOperationMeter } from './operation-meter.ts'
import type { Protocol, ProtocolDeps } from './protocol.ts'
import { createRefusalNote } from './refusal-note.ts'
import type { ChangeNotice, Offer, Principal } from './registry.ts'
import { createRestFacade } from './rest-facade.ts'
import { type SessionLimits, SessionTable } from './session-table.ts'
import type { SlackAuth } from './slack-auth.ts'
import type { StdioDeps } from './stdio.ts'
import type { StdioPipe } from './stdio-transport.ts'
import { createSurface, type Surface } from './surface.ts'
import { traceSurface } from './traced-surface.ts'

/** Everything that the MCP half is given; it reaches for nothing else. */
export interface McpDeps {
  readonly offer: Offer
  readonly transport: 'sse' | 'streamable-http'
  /** `/mcp`, `/api/mcp`: begins with a slash, ends without one. */
  readonly mountPath: string
  /** What a prefix-stripping proxy puts in front of our paths, from PUBLIC_URL; empty where there is none. */
  readonly publicPathPrefix: string
  readonly sessionMode: SessionMode
  readonly sessionLimits: SessionLimits
  /** What is kept for resumption; the default suits a process of 128 MiB. */
  readonly eventLogLimits?: EventLogLimits
  /** Whether every tool that writes is refused now, whoever calls. */
  readonly isReadOnly: () => boolean
  /**
   * The caller with what it may do now, asked when its call begins: a reload may have come since it was let in. Throws MCP_UNAUTHORIZED where it may
   * do nothing any more. Without it what the caller may do never changes.
   */
  readonly currentPrincipal?: (principal: Principal) => Principal
  readonly guard: HostGuard
  readonly authenticate: Authenticator
  /** Lets Slack's own MCP client in; without it, only bearer tokens and what `authenticate` takes. */
  readonly slackAuth?: SlackAuth
  readonly cors: Cors
  /** By principal. */
  readonly requestLimiter: Pick<RateLimiter, 'take'>
  /** By address, for requests without valid credentials. */
  readonly failureLimiter: Pick<RateLimiter, 'take'>
  /** By tool and principal. */
  readonly toolLimiter: Pick<RateLimiter, 'take'>
  readonly bodyBudget: BodyBudget
  /** Whether memory is so short that requests are refused. Default: it never is. */
  readonly isShedding?: () => boolean
  /** Where changes are heard of: resources by URI, and lists. */
  readonly changes: Pick<EventBus<ChangeNotice>, 'subscribe'>
  readonly mayHear: MayHear
  /**
   * Signs what travels through clients while a call of revision 2026-07-28 waits for answers; at least 32 characters, the same on all replicas.
   * Without it a fresh one is made, which serves a single process.
   */
  readonly stateKey?: () => Secret
  /** How long `stop` waits for calls in flight. */
  readonly drainDeadlineMs: number
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Logger
  readonly metrics: Metrics
  readonly tracer?: Tracer | undefined
}

export interface McpCounts {
  readonly sseSessions: number
  readonly streamableSessions: number
  /** Streams of `subscriptions/listen`. */
  readonly listenStreams: number
  readonly callsInFlight: number
  /** Calls that a stop aborted because they outlived their share of its deadline. */
  readonly callsAbandoned: number
}

export interface McpServer {
  /** Refuses what is new once stopped, finishes calls in flight within the deadline and until `signal` aborts, aborts the rest, then ends every stream. */
  readonly component: Component
  counts(): McpCounts
  /** Ends the sessions and streams of these principals: the token that opened them is no longer accepted. */
  revoke(principalNames: ReadonlySet<string>): void
  /** All that is offered, for stdio and the command line. */
  readonly surface: Surface
  /** Serves one client over a pipe; resolves at the end of its input, or soon after `signal` aborts. */
  serveStdio(pipe: StdioPipe, signal: AbortSignal): Promise<void>
  /** The HTTP side; `contexts` are those of the edge in front of it. */
  endpoints(contexts: RequestContexts): Endpoints
}

/** The MCP half without a framework. Throws TypeError where the offer contradicts itself. */
export function createMcpServer(deps: McpDeps): McpServer {
  const { clock, ids, log, metrics } = deps
  const inFlight = new InFlight()
  const measure = createOperationMeter(clock, metrics)
  const noteRefusal = createRefusalNote(log, metrics)
  const offered = traceSurface(judgeNow(createSurface({ ...deps, measure }), deps), deps.tracer)
  const surface = countCalls(offered, inFlight)
  const desk = new ChangeDesk({ ...deps, index: surface.index })
  const sessions = new SessionTable<LegacySession>({ clock, metrics, log, limits: deps.sessionLimits })
  const stateKey = createStateKey(deps)
  const shared: Shared = { surface, desk, sessions, measure, noteRefusal, stateKey }
  let protocol: Promise<Protocol> | undefined
  let loaded: Protocol | undefined
  const speak = (): Promise<Protocol> => {
    protocol ??= loadProtocol(deps, shared).then((made) => {
      loaded = made
      return made
    })
    return protocol
  }
  const stopHearing = deps.offer.onChanged?.((changed) => {
    surface.index.refresh()
    for (const kind of changed) desk.announce({ kind })
  })
  let isStopping = false
  let callsAbandoned = 0
  return {
    surface,
    counts: () => ({
      sseSessions: sessions.count('sse'),
      streamableSessions: sessions.count('streamable_http'),
      listenStreams: loaded?.modern.listenCount ?? 0,
      callsInFlight: inFlight.count,
      callsAbandoned,
    }),
    revoke: (principalNames) => revoke(principalNames, sessions, loaded),
    async serveStdio(pipe, signal) {
      // Not with `protocol.ts`: over a pipe the newer SDK speaks both eras, and the older one would only make the start slower.
      const { serveMcpOverStdio } = await import('./stdio.ts')
      return serveMcpOverStdio(pipe, signal, createStdioDeps(deps, shared))
    },
    endpoints: (contexts) =>
      createEndpoints({
        ...deps,
        contexts,
        door: createDoor({
          ...deps,
          slackAuth: deps.slackAuth,
          contexts,
          isStopping: () => isStopping,
          isShedding: deps.isShedding ?? (() => false),
        }),
        speak,
        noteRefusal,
        rest: createRestFacade(surface),
        streamablePath: `${deps.publicPathPrefix}${deps.mountPath}`,
      }),
    component: {
      name: 'mcp_server',
      start: () => Promise.resolve(),
      async stop(hurried) {
        if (isStopping) return
        isStopping = true
        callsAbandoned = await finishCalls(inFlight, hurried, deps)
        stopHearing?.()
        await loaded?.modern.close()
        sessions.removeAll(new AppError('SHUTTING_DOWN', { component: 'mcp' }), () => farewell(ids))
      },
      check: () => (isStopping ? 'down' : 'up'),
    },
  }
}

function revoke(
  principalNames: ReadonlySet<string>,
  sessions: SessionTable<LegacySession>,
  protocol: Protocol | undefined,
): void {
  const reason = new AppError('MCP_UNAUTHORIZED', { details: { reason: 'token_revoked' } })
  sessions.removeOf(principalNames, reason)
  protocol?.modern.revoke(principalNames)
}

const stateKeyBytes = 32

type Shared = Pick<ProtocolDeps, 'surface' | 'desk' | 'sessions' | 'measure' | 'noteRefusal' | 'stateKey'>

async function loadProtocol(deps: McpDeps, shared: Shared): Promise<Protocol> {
  const { createProtocol } = await import('./protocol.ts')
  // A stream on one replica cannot hear what is posted to another, so legacy SSE needs sessions.
  const hasSse = deps.transport === 'sse' && deps.sessionMode === 'memory'
  return createProtocol({
    ...deps,
    ...shared,
    eventLog: new EventLog(deps.eventLogLimits),
    mode: deps.sessionMode,
    limits: deps.sessionLimits,
    messagesPath: hasSse ? `${deps.publicPathPrefix}${deps.mountPath}/messages` : undefined,
  })
}

function createStdioDeps(deps: McpDeps, shared: Shared): StdioDeps {
  return { ...deps, ...shared, inFlightMax: deps.sessionLimits.inFlightMax }
}

function createStateKey({ stateKey, ids }: McpDeps): () => string {
  if (stateKey !== undefined) return () => stateKey().reveal()
  let fresh: string | undefined
  return () => {
    fresh ??= ids.token(stateKeyBytes)
    return fresh
  }
}

/**
 * Waits for the calls in flight until the deadline or until `hurried` aborts, aborts the others, and lets the answers get on the way. Resolves with how
 * many it aborted.
 */
async function finishCalls(
  inFlight: InFlight,
  hurried: AbortSignal | undefined,
  { clock, drainDeadlineMs, log }: McpDeps,
): Promise<number> {
  if (inFlight.count === 0) return 0
  await inFlight.idle(clock, drainDeadlineMs, hurried)
  const abandoned = inFlight.count
  if (abandoned > 0) {
    log.warn('mcp_calls_abandoned', { calls: abandoned })
    inFlight.abandon(new AppError('SHUTTING_DOWN', { component: 'mcp' }))
    await inFlight.idle(clock, abandonedAnswersMs)
  }
  await sleep(clock, lastWordsMs)
  return abandoned
}

/** What an aborted call may still take to say that it was. */
const abandonedAnswersMs = 250

/** What the last answers need to reach their streams. */
const lastWordsMs = 20

/** Spread over two seconds, so that not all clients of a stopped server knock at the next one at once. */
function farewell(ids: Ids): string {
  return `retry: ${Math.round(1000 + ids.random() * 2000)}\n: the server is stopping\n\n`
}

/**
 * Every request judged by what its caller may do when it begins. The tool that a call finds then holds the policy of the server of that moment, so that
 * a reload in the middle of a call changes nothing for it.
 */
function judgeNow(surface: Surface, { currentPrincipal = (principal) => principal }: McpDeps): Surface {
  const judged =
    <Result>(run: (params: unknown, caller: Caller) => Promise<Result>) =>
    async (params: unknown, caller: Caller) =>
      run(params, { ...caller, principal: currentPrincipal(caller.principal) })
  return {
    index: surface.index,
    listTools: judged(surface.listTools),
    callTool: judged(surface.callTool),
    listResources: judged(surface.listResources),
    listResourceTemplates: judged(surface.listResourceTemplates),
    readResource: judged(surface.readResource),
    listPrompts: judged(surface.listPrompts),
    getPrompt: judged(surface.getPrompt),
    complete: judged(surface.complete),
  }
}

/** The calls that a stopping server waits for, whatever carries them, until it abandons them. */
function countCalls(surface: Surface, inFlight: InFlight): Surface {
  const counted =
    <Result>(run: (params: unknown, caller: Caller) => Promise<Result>) =>
    (params: unknown, caller: Caller) =>
      inFlight.run(caller.signal, (signal) => run(params, { ...caller, signal }))
  return {
    ...surface,
    callTool: counted(surface.callTool),
    readResource: counted(surface.readResource),
    getPrompt: counted(surface.getPrompt),
    complete: counted(surface.complete),
  }
}
