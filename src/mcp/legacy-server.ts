import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js'
import type { JSONRPCRequest, ServerNotification, ServerRequest } from '@modelcontextprotocol/sdk/types.js'
import { AppError, asAppError } from '../base/errors.ts'
import type { Caller } from './caller.ts'
import { asCapabilities, asImplementation } from './capabilities.ts'
import { createLegacyAsking } from './legacy-asking.ts'
import type { WireObject } from './offer-index.ts'
import { parseParams, setLevelParams, subscribeParams } from './params.ts'
import type { NoteRefusal } from './refusal-note.ts'
import { type ClientLogLevel, clientLogLevels, type Principal } from './registry.ts'
import type { CallInfo } from './request-ledger.ts'
import type { RpcId } from './rpc.ts'
import { asRpcError } from './rpc-error.ts'
import type { Surface } from './surface.ts'

export interface LegacyServerDeps {
  readonly surface: Surface
  readonly noteRefusal: NoteRefusal
  readonly subscriptions: Subscriptions
  /** Who sent the request that the SDK knows under this id. */
  callOf(own: RpcId): CallInfo | undefined
  releaseConnection(own: RpcId): void
  /** The revision agreed on in `initialize`. */
  version(): string
}

/** The URIs that one session wants to hear about. */
export interface Subscriptions {
  /** Throws RESOURCE_NOT_FOUND where the principal may not see the resource, or the session holds too many. */
  add(uri: string, principal: Principal): Promise<void>
  remove(uri: string): void
}

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>

/** An error in the form in which the SDK sends it: it reads these three fields. */
class RpcFault extends Error {
  readonly code: number
  readonly data: unknown

  constructor(error: AppError, correlationId: string) {
    const { code, message, data } = asRpcError(error, correlationId, 'legacy')
    super(message, { cause: error })
    this.code = code
    this.data = data
  }
}

/**
 * The binding for the revisions up to 2025-11-25: a fresh `Server` of sdk 1.x for one session, never shared (CVE-2026-25536). Every method but
 * the handshake comes through the SDK's fallback, so nothing is compiled or registered per session.
 */
export function createLegacyServer(deps: LegacyServerDeps): Server {
  const { offer } = deps.surface.index
  const server = new Server(asImplementation(offer), {
    capabilities: asCapabilities(offer),
    instructions: offer.identity.instructions,
    // Answers of users are checked where they are asked for; the SDK's default compiles an Ajv per session (35 KB).
    jsonSchemaValidator: {
      getValidator: () => (input) => ({ valid: true, data: input as never, errorMessage: undefined }),
    },
  })
  const level = new LevelHolder()
  // The SDK's own handler keeps a level that only its own log method looks at.
  server.removeRequestHandler('logging/setLevel')
  server.fallbackRequestHandler = async (request, extra) => {
    const call = deps.callOf(extra.requestId)
    if (call === undefined) throw new RpcFault(new AppError('CALL_CANCELLED'), '')
    try {
      return { ...(await handle(request, asCaller({ call, extra, server, level, deps }), { deps, level })) }
    } catch (thrown) {
      throw asFault(thrown, call, deps.noteRefusal)
    }
  }
  return server
}

function asFault(thrown: unknown, { correlationId }: CallInfo, noteRefusal: NoteRefusal): RpcFault {
  const error = asAppError(thrown)
  noteRefusal(error, correlationId)
  return new RpcFault(error, correlationId)
}

class LevelHolder {
  #least = 0

  set(text: string): void {
    const names: readonly string[] = clientLogLevels
    const index = names.indexOf(text)
    if (index === -1) {
      const details = { field: 'params.level', accepted: clientLogLevels.join(', ') }
      throw new AppError('MCP_REQUEST_INVALID', { details })
    }
    this.#least = index
  }

  admits(level: ClientLogLevel): boolean {
    return clientLogLevels.indexOf(level) >= this.#least
  }
}

interface Session {
  readonly deps: LegacyServerDeps
  readonly level: LevelHolder
}

async function handle(
  { method, params }: JSONRPCRequest,
  caller: Caller,
  { deps, level }: Session,
): Promise<WireObject> {
  const { surface, subscriptions } = deps
  switch (method) {
    case 'tools/list':
      return surface.listTools(params, caller)
    case 'tools/call':
      return (await surface.callTool(params, caller)).result
    case 'resources/list':
      return surface.listResources(params, caller)
    case 'resources/templates/list':
      return surface.listResourceTemplates(params, caller)
    case 'resources/read':
      return surface.readResource(params, caller)
    case 'resources/subscribe':
      await subscriptions.add(parseParams(subscribeParams, params).uri, caller.principal)
      return {}
    case 'resources/unsubscribe':
      subscriptions.remove(parseParams(subscribeParams, params).uri)
      return {}
    case 'prompts/list':
      return surface.listPrompts(params, caller)
    case 'prompts/get':
      return surface.getPrompt(params, caller)
    case 'completion/complete':
      return surface.complete(params, caller)
    case 'logging/setLevel':
      level.set(parseParams(setLevelParams, params).level)
      return {}
    default:
      throw new AppError('MCP_METHOD_NOT_FOUND', { details: { method: method.slice(0, 100) } })
  }
}

interface CallerParts extends Session {
  readonly call: CallInfo
  readonly extra: Extra
  readonly server: Server
}

function asCaller({ call, extra, server, level, deps }: CallerParts): Caller {
  const token = extra._meta?.progressToken
  // A client that went away hears nothing; the call goes on without it.
  const notify = (notification: ServerNotification) => {
    extra.sendNotification(notification).catch(() => undefined)
  }
  return {
    ...call,
    signal: extra.signal,
    protocolVersion: deps.version(),
    progress:
      token === undefined
        ? undefined
        : (progress) =>
            notify({ method: 'notifications/progress', params: { progressToken: token, ...progress } }),
    ask: createLegacyAsking(server, extra),
    tell(lineLevel, text) {
      if (level.admits(lineLevel))
        notify({ method: 'notifications/message', params: { level: lineLevel, data: text } })
    },
    releaseConnection: () => deps.releaseConnection(extra.requestId),
  }
}
