import { AppError, asAppError, renderUnifiedError } from '../base/errors.ts'
import type { RequestContexts } from '../base/request-context.ts'
import type { Cors } from './cors.ts'
import type { Door } from './door.ts'
import type { Protocol } from './protocol.ts'
import type { NoteRefusal } from './refusal-note.ts'
import type { RestFacade } from './rest-facade.ts'
import { errorHeaders, RequestRefusal, renderRpcError } from './rpc-error.ts'
import type { SseLeg } from './sse-leg.ts'

export interface EndpointDeps {
  readonly contexts: RequestContexts
  readonly door: Door
  readonly cors: Cors
  /** What speaks the protocol; brought in by the first request that is let in. */
  readonly speak: () => Promise<Protocol>
  readonly rest: RestFacade
  readonly noteRefusal: NoteRefusal
  /** Where clients find streamable HTTP, for those that look for it in the wrong place. */
  readonly streamablePath: string
}

/** `keepOpen` lifts the idle time-out of the connection; called once the body is in, so that a sender that stalls is still cut off (T6). */
export type Endpoint = (request: Request, keepOpen: () => void) => Promise<Response>

/** One function from request to response for each kind of route; they never reject. */
export interface Endpoints {
  readonly streamable: Endpoint
  readonly sseStream: Endpoint
  readonly sseMessages: Endpoint
  rest(operation: keyof RestFacade): Endpoint
}

export function createEndpoints(deps: EndpointDeps): Endpoints {
  return {
    streamable: guarded(deps, 'json_rpc', (...args) => serveStreamable(deps, ...args)),
    sseStream: guarded(deps, 'json_rpc', (...args) => serveSseStream(deps, ...args)),
    sseMessages: guarded(deps, 'json_rpc', (request) => serveSseMessages(request, deps)),
    rest: (operation) =>
      guarded(deps, 'unified', (request, keepOpen) => serveRest({ operation, request, keepOpen }, deps)),
  }
}

async function serveStreamable(
  { door, speak }: EndpointDeps,
  request: Request,
  keepOpen: () => void,
): Promise<Response> {
  switch (request.method) {
    case 'POST': {
      const visit = await door.enterWithBody(request)
      keepOpen()
      const { modern, legacy } = await speak()
      if (await modern.isFor(request, visit.body)) return modern.post(request, visit)
      return legacy.post(request, visit)
    }
    case 'GET': {
      const call = door.enter(request)
      const legacy = legacyFor(request, await speak())
      keepOpen()
      return legacy.get(request, call)
    }
    case 'DELETE': {
      const call = door.enter(request)
      return legacyFor(request, await speak()).delete(request, call)
    }
    default:
      door.enter(request)
      throw notAllowed('GET, POST, DELETE')
  }
}

/**
 * Who has streams to GET and sessions to DELETE. Throws METHOD_NOT_ALLOWED for clients of revision 2026-07-28, which knows neither and demands 405:
 * a client that probes for them must not take the answer for one about its revision.
 * https://modelcontextprotocol.io/specification/2026-07-28/basic/transports
 */
function legacyFor({ headers }: Request, { modern, legacy }: Protocol): Protocol['legacy'] {
  if (modern.isNamedBy(headers)) throw notAllowed('POST')
  return legacy
}

async function serveSseStream(deps: EndpointDeps, request: Request, keepOpen: () => void): Promise<Response> {
  const call = deps.door.enter(request)
  if (request.method !== 'GET') throw notAllowed('GET')
  const sse = await requireSse(deps)
  keepOpen()
  return sse.open(call)
}

async function serveSseMessages(request: Request, deps: EndpointDeps): Promise<Response> {
  if (request.method !== 'POST') {
    deps.door.enter(request)
    throw notAllowed('POST')
  }
  const visit = await deps.door.enterWithBody(request)
  return (await requireSse(deps)).post(request, visit)
}

async function requireSse({ speak, streamablePath }: EndpointDeps): Promise<SseLeg> {
  const { sse } = await speak()
  if (sse === undefined) throw new AppError('MCP_SSE_UNAVAILABLE', { details: { path: streamablePath } })
  return sse
}

interface RestCall {
  readonly operation: keyof RestFacade
  readonly request: Request
  readonly keepOpen: () => void
}

async function serveRest(
  { operation, request, keepOpen }: RestCall,
  { door, rest }: EndpointDeps,
): Promise<Response> {
  const method = operation.startsWith('list') ? 'GET' : 'POST'
  if (request.method !== method) {
    door.enter(request)
    throw notAllowed(method)
  }
  const visit =
    method === 'GET' ? { ...door.enter(request), body: undefined } : await door.enterWithBody(request)
  keepOpen()
  const { error, result } = await rest[operation](visit, request.signal)
  // A call that failed has been counted and logged as a call.
  return error === undefined ? Response.json(result) : renderUnified(error, visit.correlationId)
}

function notAllowed(allow: string): AppError {
  return new AppError('METHOD_NOT_ALLOWED', { component: 'mcp', details: { allow } })
}

/** Preflights, CORS headers and the rendering of errors, around every route of this half. */
function guarded(deps: EndpointDeps, form: ErrorForm, serve: Endpoint): Endpoint {
  return async (request, keepOpen) => {
    const preflight = deps.cors.preflight(request)
    if (preflight !== undefined) return preflight
    let response: Response
    try {
      response = await serve(request, keepOpen)
    } catch (thrown) {
      response = refuse(thrown, request, deps)[form]()
    }
    deps.cors.decorate(request, response.headers)
    return response
  }
}

type ErrorForm = 'json_rpc' | 'unified'

/** What was thrown, noted; either form of it can then be answered. */
function refuse(
  thrown: unknown,
  request: Request,
  { contexts, noteRefusal }: EndpointDeps,
): Readonly<Record<ErrorForm, () => Response>> {
  const { error, id } = thrown instanceof RequestRefusal ? thrown : { error: asAppError(thrown), id: null }
  const { correlationId } = contexts.of(request)
  noteRefusal(error, correlationId)
  return {
    json_rpc: () => renderRpcError(error, { correlationId, id }),
    unified: () => renderUnified(error, correlationId),
  }
}

function renderUnified(error: AppError, correlationId: string): Response {
  return Response.json(renderUnifiedError(error, correlationId), {
    status: error.status,
    headers: errorHeaders(error),
  })
}
