import {
  type CallToolResult,
  type CompleteResult,
  type GetPromptResult,
  type HandlerResultTypeMap,
  type ListPromptsResult,
  type ListResourcesResult,
  type ListResourceTemplatesResult,
  type ListToolsResult,
  McpServer,
  ProtocolError,
  type ReadResourceResult,
  type RequestMethod,
  type RequestStateCodec,
  type RequestTypeMap,
  SERVER_INFO_META_KEY,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { asAppError } from '../base/errors.ts'
import type { Caller } from './caller.ts'
import { asCapabilities, asImplementation } from './capabilities.ts'
import { InputNeeded } from './input-needed.ts'
import type { Subscriptions } from './legacy-server.ts'
import { createRounds, type RoundState } from './modern-asking.ts'
import type { WireObject } from './offer-index.ts'
import type { NoteRefusal } from './refusal-note.ts'
import type { CallInfo } from './request-ledger.ts'
import { asRpcError, type Era } from './rpc-error.ts'
import type { Surface } from './surface.ts'

export interface OfferServerDeps {
  readonly surface: Surface
  readonly noteRefusal: NoteRefusal
  readonly codec: RequestStateCodec<RoundState>
  readonly era: Era
  /** Who sends the request. */
  callOf(ctx: ServerContext): CallInfo
  /** For revisions with `resources/subscribe`; the newer one listens beside the server. */
  readonly subscriptions: Subscriptions | undefined
  /** The only method that will be asked for, of a server that answers one request; undefined for one that answers all. */
  readonly method: string | undefined
}

type Handler<Method extends RequestMethod> = (
  request: RequestTypeMap[Method],
  ctx: ServerContext,
) => Promise<HandlerResultTypeMap[Method]>

/**
 * The binding for revision 2026-07-28, and over stdio for all: sdk 2.x's server with every method answered from the surface. Registering each
 * tool with it would cost that work at every request and bring a second check of arguments with it.
 */
export class OfferServer extends McpServer {
  readonly #deps: OfferServerDeps
  readonly #introduction: Readonly<Record<string, unknown>>

  constructor(deps: OfferServerDeps) {
    const { offer } = deps.surface.index
    super(asImplementation(offer), {
      instructions: offer.identity.instructions,
      requestState: { verify: (state, ctx) => deps.codec.verify(state, ctx) },
      cacheHints: cacheHints,
    })
    this.#deps = deps
    const { name, title, version } = offer.identity
    this.#introduction = { [SERVER_INFO_META_KEY]: { name, title, version } }
    // Now and not in the constructor's options, where the SDK would set up handlers for tools that are never registered with it.
    this.server.registerCapabilities(asCapabilities(offer))
    this.#setListHandlers()
    this.#setCallHandlers()
    if (deps.subscriptions !== undefined) this.#setSubscriptionHandlers(deps.subscriptions)
  }

  /** The SDK asks for it to check the headers that mirror arguments (`x-mcp-header`). */
  override toolInputSchemaJson(name: string): Record<string, unknown> | undefined {
    const schema = this.#deps.surface.index.inputSchema(name)
    return schema === undefined ? undefined : { ...schema }
  }

  /** Where the method may be asked for: a handler of the SDK costs more to set up than a call has to spare. */
  #on<Method extends RequestMethod>(method: Method, handler: Handler<Method>): void {
    const { method: only } = this.#deps
    if (only === undefined || only === method) this.server.setRequestHandler(method, handler)
  }

  // The lists are ours and fit the SDK's result types by construction; its conformance suite checks every message.
  #setListHandlers(): void {
    const { surface } = this.#deps
    const { tools, prompts, resources } = this.server.getCapabilities()
    if (tools !== undefined)
      this.#on('tools/list', (request, ctx) =>
        this.#list<ListToolsResult>(ctx, (caller) => surface.listTools(request.params, caller)),
      )
    if (prompts !== undefined)
      this.#on('prompts/list', (request, ctx) =>
        this.#list<ListPromptsResult>(ctx, (caller) => surface.listPrompts(request.params, caller)),
      )
    if (resources === undefined) return
    this.#on('resources/list', (request, ctx) =>
      this.#list<ListResourcesResult>(ctx, (caller) => surface.listResources(request.params, caller)),
    )
    this.#on('resources/templates/list', (request, ctx) =>
      this.#list<ListResourceTemplatesResult>(ctx, (caller) =>
        surface.listResourceTemplates(request.params, caller),
      ),
    )
  }

  #setCallHandlers(): void {
    const { surface } = this.#deps
    const { tools, prompts, resources } = this.server.getCapabilities()
    if (tools !== undefined)
      this.#on('tools/call', (request, ctx) =>
        this.#ask(ctx, request.params, async (caller) => {
          const { result } = await surface.callTool(request.params, caller)
          return { ...result } as CallToolResult
        }),
      )
    if (prompts !== undefined)
      this.#on('prompts/get', (request, ctx) =>
        this.#ask(
          ctx,
          request.params,
          async (caller) => (await surface.getPrompt(request.params, caller)) as GetPromptResult,
        ),
      )
    if (resources !== undefined)
      this.#on('resources/read', (request, ctx) =>
        this.#ask(
          ctx,
          request.params,
          async (caller) => (await surface.readResource(request.params, caller)) as ReadResourceResult,
        ),
      )
    this.#on('completion/complete', (request, ctx) =>
      this.#run(ctx, async (call) => {
        const caller = this.#asCaller(ctx, call, undefined)
        return (await surface.complete(request.params, caller)) as CompleteResult
      }),
    )
  }

  #setSubscriptionHandlers(subscriptions: Subscriptions): void {
    this.#on('resources/subscribe', (request, ctx) =>
      this.#run(ctx, async ({ principal }) => {
        await subscriptions.add(request.params.uri, principal)
        return {}
      }),
    )
    this.#on('resources/unsubscribe', (request, ctx) =>
      this.#run(ctx, async () => {
        subscriptions.remove(request.params.uri)
        return {}
      }),
    )
  }

  #list<Result extends object>(
    ctx: ServerContext,
    run: (caller: Caller) => Promise<WireObject>,
  ): Promise<Result> {
    return this.#run(ctx, async (call) => (await run(this.#asCaller(ctx, call, undefined))) as Result)
  }

  /** Runs a method whose result may be a question to the client. */
  #ask<Result extends object>(ctx: ServerContext, params: unknown, run: (caller: Caller) => Promise<Result>) {
    return this.#run(ctx, async (call) => {
      const legacyCapabilities = this.server.getClientCapabilities()
      const { codec } = this.#deps
      const rounds = createRounds({ ctx, params, codec, legacyCapabilities })
      try {
        return await run(this.#asCaller(ctx, call, rounds.asking))
      } catch (thrown) {
        if (thrown instanceof InputNeeded) return rounds.suspend(thrown)
        throw thrown
      }
    })
  }

  async #run<Result extends object>(
    ctx: ServerContext,
    run: (call: CallInfo) => Promise<Result>,
  ): Promise<Result> {
    const call = this.#deps.callOf(ctx)
    try {
      const result = await run(call)
      // The newer revision has no handshake, so the SDK introduces the server in every result: there without the icon, which discovery tells.
      return ctx.mcpReq.envelope === undefined ? result : { ...result, _meta: this.#introduction }
    } catch (thrown) {
      throw this.#asProtocolError(thrown, call)
    }
  }

  /** What the SDK sends as it stands; the cause stays here. */
  #asProtocolError(thrown: unknown, { correlationId }: CallInfo): ProtocolError {
    if (thrown instanceof ProtocolError) return thrown
    const error = asAppError(thrown)
    this.#deps.noteRefusal(error, correlationId)
    const { code, message, data } = asRpcError(error, correlationId, this.#deps.era)
    return new ProtocolError(code, message, data)
  }

  #asCaller(ctx: ServerContext, call: CallInfo, ask: Caller['ask']): Caller {
    const token = ctx.mcpReq._meta?.progressToken
    return {
      ...call,
      signal: ctx.mcpReq.signal,
      protocolVersion: this.server.getNegotiatedProtocolVersion() ?? 'unknown',
      progress:
        token === undefined
          ? undefined
          : (progress) => {
              const params = { progressToken: token, ...progress }
              // A client that went away hears nothing.
              ctx.mcpReq.notify({ method: 'notifications/progress', params }).catch(() => undefined)
            },
      ask,
      tell: (level, text) => {
        ctx.mcpReq.log(level, text).catch(() => undefined)
      },
      releaseConnection: () => ctx.http?.closeSSE?.(),
    }
  }
}

/** Lists depend on the token, so no shared cache may keep them; within one client they are good for a minute. */
const listHint = { ttlMs: 60_000, cacheScope: 'private' } as const

const cacheHints = {
  'tools/list': listHint,
  'prompts/list': listHint,
  'resources/list': listHint,
  'resources/templates/list': listHint,
  'server/discover': listHint,
  // What is in Slack may change at any time.
  'resources/read': { ttlMs: 0, cacheScope: 'private' },
} as const
