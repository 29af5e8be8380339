import { SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/sdk/types.js'
import type { Clock } from '../base/clock.ts'
import { AppError, asAppError } from '../base/errors.ts'
import type { Ids } from '../base/ids.ts'
import type { Visit } from './door.ts'
import type { EventLog } from './event-log.ts'
import { defaultLegacyVersion, LegacySession, type LegacySessionDeps } from './legacy-session.ts'
import type { CallInfo } from './request-ledger.ts'
import { echoableId, parseRpcMessage, type RpcMessage } from './rpc.ts'
import { RequestRefusal } from './rpc-error.ts'
import type { SessionLimits, SessionTable } from './session-table.ts'
import { StreamableTransport } from './streamable-transport.ts'

/** `memory`: sessions live in this process. `stateless`: every POST stands alone, and any replica may take it. */
export type SessionMode = 'memory' | 'stateless'

export interface LegacyLegDeps extends LegacySessionDeps {
  readonly clock: Clock
  readonly ids: Ids
  readonly mode: SessionMode
  readonly sessions: SessionTable<LegacySession>
  readonly limits: SessionLimits
  readonly eventLog: EventLog
}

/** 2025-06-18 took batches out: https://modelcontextprotocol.io/specification/2025-06-18/changelog */
const lastBatchVersion = '2025-03-26'

/** The SDKs' bound on the messages of one batch. */
const batchMessagesMax = 100

/** Streamable HTTP of the revisions up to 2025-11-25. Throws AppErrors; the caller renders them. */
export interface LegacyLeg {
  post(request: Request, visit: Visit): Promise<Response>
  get(request: Request, call: CallInfo): Response
  delete(request: Request, call: CallInfo): Response
}

export function createLegacyLeg(deps: LegacyLegDeps): LegacyLeg {
  return {
    post: (request, visit) => post(request, visit, deps),
    get(request, call) {
      requireAccept(request, ['text/event-stream'])
      const session = requireSession(request, call, deps)
      return session.link.openStream(request.headers.get('last-event-id'))
    },
    delete(request, call) {
      const session = requireSession(request, call, deps)
      deps.sessions.remove(session.id, new AppError('MCP_SESSION_NOT_FOUND'))
      return new Response(null, { status: 204 })
    },
  }
}

async function post(request: Request, visit: Visit, deps: LegacyLegDeps): Promise<Response> {
  const { body, ...call } = visit
  const isBatch = Array.isArray(body)
  try {
    requireAccept(request, ['application/json', 'text/event-stream'])
    requireKnownVersion(request)
    const messages = parseMessages(body)
    const opening = messages.find(({ message }) => 'method' in message && message.method === 'initialize')
    if (opening === undefined) {
      const session = await findSession(request, call, deps)
      const version = request.headers.get('mcp-protocol-version') ?? versionOf(session)
      if (isBatch && version > lastBatchVersion)
        throw noMessage(`batches ended with revision ${lastBatchVersion}`)
      return await session.link.post(messages, call, { isBatch, version })
    }
    if (messages.length > 1) throw noMessage('initialize must stand alone')
    const isTaken = deps.mode === 'memory' && request.headers.has('mcp-session-id')
    if (isTaken) throw noMessage('the session is initialised already')
    return await initialise(opening, call, deps)
  } catch (error) {
    throw error instanceof AppError ? new RequestRefusal(error, isBatch ? null : echoableId(body)) : error
  }
}

async function initialise(opening: RpcMessage, call: CallInfo, deps: LegacyLegDeps): Promise<Response> {
  const session = await openSession(call, deps, deps.mode === 'memory' ? { sessionId: deps.ids.uuid() } : {})
  const response = await session.link.post([opening], call, { isBatch: false, version: firstRevision })
  if (deps.mode === 'stateless') return response
  if (session.link.ledger.negotiatedVersion === undefined) {
    session.end(new AppError('MCP_SESSION_NOT_FOUND'))
    return withoutSessionId(response)
  }
  try {
    // Room is made and taken in one step, or sessions that open at the same time would pass the cap together.
    deps.sessions.reserve(call.principal)
  } catch (error) {
    session.end(asAppError(error))
    throw error
  }
  deps.sessions.add(session, call)
  return response
}

/** The answer to `initialize` comes at once, and never needs to be resumed. */
const firstRevision = '2024-11-05'

function withoutSessionId(response: Response): Response {
  response.headers.delete('Mcp-Session-Id')
  return response
}

async function findSession(
  request: Request,
  call: CallInfo,
  deps: LegacyLegDeps,
): Promise<LegacySession<StreamableTransport>> {
  // Nobody remembers what was agreed on in `initialize`: the header of each POST says it.
  const version = request.headers.get('mcp-protocol-version') ?? defaultLegacyVersion
  if (deps.mode === 'stateless') return openSession(call, deps, { version })
  return requireSession(request, call, deps)
}

function openSession(
  call: CallInfo,
  deps: LegacyLegDeps,
  { sessionId, version }: { readonly sessionId?: string; readonly version?: string },
): Promise<LegacySession<StreamableTransport>> {
  const link = new StreamableTransport({
    clock: deps.clock,
    eventLog: deps.eventLog,
    sessionId,
    version,
    inFlightMax: deps.limits.inFlightMax,
    measure: deps.measure,
  })
  const id = sessionId ?? ''
  return LegacySession.open({ id, transport: 'streamable_http', principal: call.principal, link }, deps)
}

function requireSession(
  request: Request,
  call: CallInfo,
  deps: LegacyLegDeps,
): LegacySession<StreamableTransport> {
  requireKnownVersion(request)
  if (deps.mode === 'stateless')
    throw new AppError('METHOD_NOT_ALLOWED', { component: 'mcp', details: { allow: 'POST' } })
  const id = request.headers.get('mcp-session-id')
  if (id === null) throw invalid('Mcp-Session-Id', 'the header is required after initialize')
  const session = deps.sessions.use(id, call.principal)
  // A session of the SSE transport has its own door.
  if (!(session.link instanceof StreamableTransport)) throw new AppError('MCP_SESSION_NOT_FOUND')
  const claimed = request.headers.get('mcp-protocol-version')
  if (claimed !== null && claimed !== session.link.ledger.negotiatedVersion)
    throw invalid('MCP-Protocol-Version', `the session speaks ${session.link.ledger.negotiatedVersion}`)
  return session as LegacySession<StreamableTransport>
}

function versionOf(session: LegacySession): string {
  return session.link.ledger.negotiatedVersion ?? defaultLegacyVersion
}

function requireKnownVersion(request: Request): void {
  const version = request.headers.get('mcp-protocol-version')
  if (version === null || SUPPORTED_PROTOCOL_VERSIONS.includes(version)) return
  throw invalid('MCP-Protocol-Version', `supported are ${SUPPORTED_PROTOCOL_VERSIONS.join(', ')}`)
}

function invalid(header: string, problem: string): AppError {
  return new AppError('MCP_REQUEST_INVALID', { details: { header, problem } })
}

/** What the specification tells clients to send with a POST, and what all SDKs send. */
const usualAccept = 'application/json, text/event-stream'

function requireAccept(request: Request, types: readonly string[]): void {
  const accept = request.headers.get('accept') ?? ''
  if (accept === usualAccept) return
  const ranges = accept.split(',').map((range) => range.split(';', 1)[0]?.trim().toLowerCase())
  const isAccepted = (type: string) =>
    ranges.some((range) => range === type || range === '*/*' || range === `${type.split('/')[0]}/*`)
  if (!types.every(isAccepted)) throw new AppError('MCP_NOT_ACCEPTABLE')
}

/** Throws MCP_REQUEST_INVALID where one of them is no message, or the batch is empty or too long. */
function parseMessages(body: unknown): readonly RpcMessage[] {
  const values: readonly unknown[] = Array.isArray(body) ? body : [body]
  if (values.length === 0 || values.length > batchMessagesMax)
    throw noMessage(`a batch holds 1 to ${batchMessagesMax} messages`)
  return values.map((value) => {
    const message = parseRpcMessage(value)
    if (message === undefined) throw noMessage('not a JSON-RPC message')
    return message
  })
}

function noMessage(problem: string): AppError {
  return new AppError('MCP_REQUEST_INVALID', { details: { field: 'message', problem } })
}
