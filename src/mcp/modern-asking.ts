import {
  CLIENT_CAPABILITIES_META_KEY,
  type InputRequest,
  type InputRequests,
  type InputRequiredResult,
  inputRequired,
  ProtocolError,
  type RequestStateCodec,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { isObject } from '../base/json-object.ts'
import type { Asking } from './caller.ts'
import { isAccepted } from './elicit-schema.ts'
import { InputNeeded } from './input-needed.ts'
import type { ClientAnswer, ClientRequest } from './registry.ts'
import { rpcCodes } from './rpc.ts'

/** What travels through the client between the rounds of one call, signed: the answers so far, and which call they belong to. */
export interface RoundState {
  readonly answers: Readonly<Record<string, unknown>>
  readonly call: string
}

/** One call of the 2026-07-28 revision and its rounds of questions. */
export interface Rounds {
  readonly asking: Asking
  /** The result that asks the client; the client calls again with the answers. */
  suspend(needed: InputNeeded): Promise<InputRequiredResult>
}

export interface RoundsOptions {
  readonly ctx: ServerContext
  readonly params: unknown
  readonly codec: RequestStateCodec<RoundState>
  /** What the client said in `initialize`, where the revision has one. */
  readonly legacyCapabilities: Readonly<Record<string, unknown>> | undefined
}

/**
 * Asking where the server cannot send requests: a question ends the call, and the answered call runs again from its beginning. Answers of earlier
 * rounds come back in signed state that is bound to the principal (by the codec) and to this very call, so that a consent given for one call
 * is none for another.
 */
export function createRounds({ ctx, params, codec, legacyCapabilities }: RoundsOptions): Rounds {
  // Hashed only for a call that asks or has asked: nearly none does.
  const call = () => fingerprint(ctx.mcpReq.method, params)
  const known = new Map<string, unknown>([
    ...Object.entries(stateOf(ctx, call)),
    ...Object.entries(ctx.mcpReq.inputResponses ?? {}),
  ])
  const answered: Record<string, unknown> = Object.create(null)
  const envelope: Readonly<Record<string, unknown>> = ctx.mcpReq.envelope ?? {}
  const announced = envelope[CLIENT_CAPABILITIES_META_KEY]
  const capabilities = isObject(announced) ? announced : (legacyCapabilities ?? {})
  const asking: Asking = {
    can: (kind) => capabilityNames[kind] in capabilities,
    async ask(requests) {
      const answers = new Map<string, ClientAnswer>()
      const open: Record<string, ClientRequest> = {}
      for (const [key, request] of Object.entries(requests)) {
        const answer = parseAnswer(request, known.get(key))
        if (answer === undefined) open[key] = request
        else {
          answers.set(key, answer)
          answered[key] = known.get(key)
        }
      }
      if (Object.keys(open).length > 0) throw new InputNeeded(open)
      return answers
    },
  }
  return {
    asking,
    async suspend({ requests }) {
      const inputRequests: InputRequests = {}
      for (const [key, request] of Object.entries(requests)) inputRequests[key] = asInputRequest(request)
      const requestState = await codec.mint({ answers: answered, call: call() }, ctx)
      return inputRequired({ inputRequests, requestState })
    },
  }
}

const capabilityNames = {
  elicit: 'elicitation',
  sample: 'sampling',
  roots: 'roots',
} as const satisfies Record<ClientRequest['kind'], string>

/** The SDK verified the signature, or refused before this. */
function stateOf(ctx: ServerContext, call: () => string): RoundState['answers'] {
  const state = ctx.mcpReq.requestState<RoundState>()
  if (state === undefined) return {}
  if (isObject(state) && state.call === call() && isObject(state.answers)) return state.answers
  throw new ProtocolError(rpcCodes.invalidParams, 'The requestState belongs to another call', {
    reason: 'invalid_request_state',
  })
}

/** Collision-proof, since a user's consent hangs on it. The order of keys counts: clients repeat the call as they sent it. */
function fingerprint(method: string, params: unknown): string {
  const { name, uri, arguments: args } = isObject(params) ? params : {}
  return new Bun.CryptoHasher('sha256').update(JSON.stringify([method, name, uri, args])).digest('base64url')
}

function asInputRequest(request: ClientRequest): InputRequest {
  switch (request.kind) {
    case 'elicit': {
      // A flat JSON Schema object by contract; the SDK's type spells out each kind of field.
      const requestedSchema = { ...request.schema } as never
      return {
        method: 'elicitation/create',
        params: { mode: 'form', message: request.message, requestedSchema },
      }
    }
    case 'sample': {
      const content = { type: 'text' as const, text: request.prompt }
      return inputRequired.createMessage({
        messages: [{ role: 'user', content }],
        maxTokens: request.tokensMax,
      })
    }
    case 'roots':
      return inputRequired.listRoots()
  }
}

/** Undefined where the answer is missing or none to this question: then it is asked again. */
function parseAnswer(request: ClientRequest, given: unknown): ClientAnswer | undefined {
  if (!isObject(given)) return undefined
  switch (request.kind) {
    case 'elicit':
      return parseElicitAnswer(request.schema, given)
    case 'sample': {
      const { content } = given
      const isText = isObject(content) && content['type'] === 'text' && typeof content['text'] === 'string'
      return isText ? { kind: 'sample', text: String(content['text']) } : undefined
    }
    case 'roots': {
      const { roots } = given
      if (!Array.isArray(roots)) return undefined
      const uris = roots.flatMap((root: unknown) => (isObject(root) ? [root['uri']] : []))
      return { kind: 'roots', uris: uris.filter((uri) => typeof uri === 'string') }
    }
  }
}

function parseElicitAnswer(
  schema: Readonly<Record<string, unknown>>,
  { action, content }: Readonly<Record<string, unknown>>,
): ClientAnswer | undefined {
  if (action === 'decline' || action === 'cancel') return { kind: 'elicit', action }
  if (action !== 'accept' || !isObject(content) || !isAccepted(schema, content)) return undefined
  return { kind: 'elicit', action, content }
}
