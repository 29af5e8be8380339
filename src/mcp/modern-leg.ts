import { AsyncLocalStorage } from 'node:async_hooks'
import {
  createMcpHandler,
  createRequestStateCodec,
  isLegacyRequest,
  type McpHttpHandler,
  type RequestStateCodec,
  type ServerContext,
  type ServerEventBus,
} from '@modelcontextprotocol/server'
import type { Clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import { isObject } from '../base/json-object.ts'
import type { Logger } from '../observe/logger.ts'
import { type ChangeDesk, type Listener, subscriptionsPerSessionMax, WatchedUris } from './change-desk.ts'
import type { Visit } from './door.ts'
import type { RoundState } from './modern-asking.ts'
import { OfferServer } from './modern-server.ts'
import { createProtocolMeter, type OperationMeter } from './operation-meter.ts'
import { plainEra } from './plain-era.ts'
import type { NoteRefusal } from './refusal-note.ts'
import type { ChangeNotice } from './registry.ts'
import type { CallInfo } from './request-ledger.ts'
import { echoableId } from './rpc.ts'
import { RequestRefusal, withUnifiedError } from './rpc-error.ts'
import type { SessionLimits } from './session-table.ts'
import { asSteadyAnswer } from './steady-answer.ts'
import type { Surface } from './surface.ts'

export interface ModernLegDeps {
  readonly surface: Surface
  readonly desk: ChangeDesk
  readonly clock: Clock
  readonly log: Logger
  readonly noteRefusal: NoteRefusal
  readonly measure: OperationMeter
  /** Signs what travels through clients between the rounds of a call; at least 32 bytes, the same on all replicas. Asked at every request. */
  readonly stateKey: () => string
  /** A stream that listens counts like a session. */
  readonly limits: Pick<SessionLimits, 'perPrincipalMax' | 'totalMax'>
}

/** The SDK keeps to itself which revisions of this kind it speaks. */
const revision = '2026-07-28'

/** Streamable HTTP of that revision: every POST stands alone, no session, no GET. */
export interface ModernLeg {
  /** Whether this revision answers the request, also with the refusal of a malformed envelope. */
  isFor(request: Request, body: unknown): Promise<boolean>
  /** Whether the headers name this revision: all there is to tell by where a request has no body. */
  isNamedBy(headers: Headers): boolean
  post(request: Request, visit: Visit): Promise<Response>
  /** Ends the streams of these principals that listen. */
  revoke(principalNames: ReadonlySet<string>): void
  /** Ends the streams that listen, with their final results. */
  close(): Promise<void>
  readonly listenCount: number
}

/** Throws RangeError where the key is too short. */
export function createModernLeg(deps: ModernLegDeps): ModernLeg {
  // By the request, which the SDK hands to handlers as it is: no token has to be made up to carry who calls.
  const visits = new WeakMap<Request, Visit>()
  const visitOf = (request: Request | undefined): Visit => {
    const visit = request === undefined ? undefined : visits.get(request)
    if (visit === undefined) throw new AppError('INTERNAL', { cause: 'a request without a visit' })
    return visit
  }
  const callOf = (ctx: ServerContext): CallInfo => visitOf(ctx.http?.req)
  // The SDK says what it refuses, but not for whom.
  const served = new AsyncLocalStorage<CallInfo>()
  const codecNow = createCodecs(deps.stateKey, callOf)
  const createHandler = (bus?: ServerEventBus) =>
    createMcpHandler(
      ({ requestInfo }) =>
        new OfferServer({
          ...deps,
          codec: codecNow(),
          era: 'modern',
          callOf,
          subscriptions: undefined,
          method: methodOf(visitOf(requestInfo).body),
        }),
      {
        legacy: 'reject',
        // The streams around the SDK's have a heartbeat of their own.
        keepAliveMs: 0,
        onerror: (error) =>
          deps.log.debug('mcp_request_refused', {
            correlation_id: served.getStore()?.correlationId,
            error,
          }),
        ...(bus !== undefined && { bus }),
      },
    )
  const measure = createProtocolMeter(deps.measure)
  const handler = createHandler()
  const listens = new Listens(deps, createHandler)
  return {
    async isFor(request, body) {
      const era = plainEra(request.headers, body)
      return era === undefined ? !(await isLegacyRequest(request, body)) : era === 'modern'
    },
    isNamedBy: (headers) => headers.get('mcp-protocol-version') === revision,
    async post(request, visit) {
      visits.set(request, visit)
      const method = methodOf(visit.body)
      const chosen = method === 'subscriptions/listen' ? listens.open(visit) : handler
      const end = measure(method)
      const version = request.headers.get('mcp-protocol-version') ?? ''
      let errorType: string | undefined
      const note = (error: AppError) => {
        errorType = error.code
        deps.noteRefusal(error, visit.correlationId)
      }
      const answer = async () => {
        const response = await served.run(visit, () => chosen.fetch(request, { parsedBody: visit.body }))
        const told = await withUnifiedError(response, visit.correlationId, note)
        end({ version, errorType })
        return told
      }
      return asSteadyAnswer(answer(), deps.clock)
    },
    revoke: (principalNames) => listens.revoke(principalNames),
    async close() {
      await listens.close()
      await handler.close()
    },
    get listenCount() {
      return listens.size
    },
  }
}

/** The codec of the key that counts now; a reload may bring another one. Throws RangeError where the first key is too short. */
function createCodecs(
  stateKey: () => string,
  callOf: (ctx: ServerContext) => CallInfo,
): () => RequestStateCodec<RoundState> {
  const create = (key: string) => ({
    key,
    codec: createRequestStateCodec<RoundState>({ key, bind: (ctx) => callOf(ctx).principal.name }),
  })
  let signed = create(stateKey())
  return () => {
    const key = stateKey()
    if (signed.key !== key) signed = create(key)
    return signed.codec
  }
}

/** Empty where there is none. */
function methodOf(body: unknown): string {
  const method = isObject(body) ? body['method'] : undefined
  return typeof method === 'string' ? method : ''
}

/** The resources that the client asks to hear of; the SDK checks the shape of the request and answers for it. */
function watchedUris(body: unknown): WatchedUris {
  const params = isObject(body) ? body['params'] : undefined
  const filter = isObject(params) ? params['notifications'] : undefined
  const uris: unknown = isObject(filter) ? filter['resourceSubscriptions'] : undefined
  const known = Array.isArray(uris) ? uris.filter((uri) => typeof uri === 'string') : []
  return new WatchedUris(known.slice(0, subscriptionsPerSessionMax))
}

/**
 * The streams of `subscriptions/listen`. Each has a handler of its own, because the SDK's bus does not say who listens, and every notice is
 * checked against the rights of its listener.
 */
class Listens {
  readonly #deps: ModernLegDeps
  readonly #createHandler: (bus: ServerEventBus) => McpHttpHandler
  readonly #open = new Map<Listener, McpHttpHandler>()
  readonly #opening = new Set<Visit>()

  constructor(deps: ModernLegDeps, createHandler: (bus: ServerEventBus) => McpHttpHandler) {
    this.#deps = deps
    this.#createHandler = createHandler
  }

  get size(): number {
    return this.#open.size
  }

  /** A handler for one stream. Throws MCP_SESSIONS_EXHAUSTED over a cap. */
  open(visit: Visit): Pick<McpHttpHandler, 'fetch'> {
    this.#requireRoom(visit)
    const handler = this.#createHandlerOf(visit)
    // The SDK subscribes some turns later: until then the request itself holds the place, or many at once would pass the cap together.
    this.#opening.add(visit)
    return {
      fetch: async (...request) => {
        try {
          return await handler.fetch(...request)
        } finally {
          this.#opening.delete(visit)
        }
      },
    }
  }

  #requireRoom({ principal, body }: Visit): void {
    const { perPrincipalMax, totalMax } = this.#deps.limits
    const all = [...this.#open.keys(), ...this.#opening]
    const own = all.filter((other) => other.principal.name === principal.name)
    if (own.length < perPrincipalMax && all.length < totalMax) return
    const error = new AppError('MCP_SESSIONS_EXHAUSTED', { details: { cap: 'listen' } })
    throw new RequestRefusal(error, echoableId(body))
  }

  #createHandlerOf({ principal, body }: Visit): McpHttpHandler {
    const handler = this.#createHandler({
      publish: () => undefined,
      subscribe: (hear) => {
        const listener: Listener = {
          principal,
          uris: watchedUris(body),
          hear: (notice) => hear(asServerEvent(notice)),
        }
        this.#open.set(listener, handler)
        this.#deps.desk.add(listener)
        return () => {
          this.#open.delete(listener)
          this.#deps.desk.remove(listener)
        }
      },
    })
    return handler
  }

  /** The streams end by themselves; nobody waits for the readers. */
  revoke(principalNames: ReadonlySet<string>): void {
    for (const [{ principal }, handler] of [...this.#open]) {
      if (principalNames.has(principal.name)) handler.close().catch(() => undefined)
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((handler) => handler.close()))
  }
}

function asServerEvent(notice: ChangeNotice) {
  switch (notice.kind) {
    case 'resource_updated':
      return { kind: 'resource_updated', uri: notice.uri } as const
    case 'tools_changed':
      return { kind: 'tools_list_changed' } as const
    case 'prompts_changed':
      return { kind: 'prompts_list_changed' } as const
    case 'resources_changed':
      return { kind: 'resources_list_changed' } as const
  }
}
