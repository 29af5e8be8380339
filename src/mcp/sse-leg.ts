import type { Clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import type { Ids } from '../base/ids.ts'
import type { Visit } from './door.ts'
import { LegacySession, type LegacySessionDeps } from './legacy-session.ts'
import type { CallInfo } from './request-ledger.ts'
import { echoableId, parseRpcMessage } from './rpc.ts'
import { RequestRefusal } from './rpc-error.ts'
import type { SessionLimits, SessionTable } from './session-table.ts'
import { SseTransport } from './sse-transport.ts'

export interface SseLegDeps extends LegacySessionDeps {
  readonly clock: Clock
  readonly ids: Ids
  readonly sessions: SessionTable<LegacySession>
  readonly limits: SessionLimits
  /** The path of the messages endpoint as clients see it, a proxy's prefix included. */
  readonly messagesPath: string
}

/** The two endpoints of HTTP+SSE. Throws AppErrors; the caller renders them. */
export interface SseLeg {
  open(call: CallInfo): Promise<Response>
  post(request: Request, visit: Visit): Response
}

export function createSseLeg(deps: SseLegDeps): SseLeg {
  return {
    async open(call) {
      const id = deps.ids.uuid()
      const link = new SseTransport({
        clock: deps.clock,
        sessionId: id,
        endpoint: `${deps.messagesPath}?sessionId=${id}`,
        inFlightMax: deps.limits.inFlightMax,
        measure: deps.measure,
        onEnd: () => deps.sessions.remove(id, new AppError('MCP_SESSION_NOT_FOUND')),
      })
      const session = await LegacySession.open(
        { id, transport: 'sse', principal: call.principal, link },
        deps,
      )
      try {
        deps.sessions.reserve(call.principal)
      } catch (error) {
        session.end(new AppError('MCP_SESSIONS_EXHAUSTED'))
        throw error
      }
      deps.sessions.add(session, call)
      return link.respond()
    },
    post(request, visit) {
      try {
        return take(request, visit, deps)
      } catch (error) {
        throw error instanceof AppError ? new RequestRefusal(error, echoableId(visit.body)) : error
      }
    },
  }
}

function take(request: Request, { body, ...call }: Visit, deps: SseLegDeps): Response {
  const { searchParams } = new URL(request.url)
  // Upstream's SDK spells it session_id; its clients take the address from the endpoint event as it is.
  const id = searchParams.get('sessionId') ?? searchParams.get('session_id') ?? ''
  const session = deps.sessions.use(id, call.principal)
  // A session of streamable HTTP has its own door.
  if (!(session.link instanceof SseTransport)) throw new AppError('MCP_SESSION_NOT_FOUND')
  const message = parseRpcMessage(body)
  if (message === undefined) {
    const details = { field: 'message', problem: 'not a JSON-RPC message' }
    throw new AppError('MCP_REQUEST_INVALID', { details })
  }
  session.link.deliver(message, call)
  return new Response('Accepted', { status: 202, headers: { 'Content-Type': 'text/plain' } })
}
