import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js'
import { AppError } from '../base/errors.ts'
import { isObject } from '../base/json-object.ts'
import {
  createProtocolMeter,
  errorTypeOf,
  type OperationEnd,
  type OperationMeter,
} from './operation-meter.ts'
import type { Principal } from './registry.ts'
import type { RpcId, RpcMessage, RpcRequest } from './rpc.ts'
import { asRpcError } from './rpc-error.ts'
import { type SdkAnswer, sanitiseSdkError } from './sdk-error.ts'

/** On whose behalf a message came, and under which correlation id it is logged. */
export interface CallInfo {
  readonly principal: Principal
  readonly correlationId: string
}

export interface RequestLedgerOptions {
  readonly inFlightMax: number
  readonly measure: OperationMeter
  /** What the client speaks, where a message says so that was not preceded by `initialize` here. */
  readonly version?: string | undefined
}

interface Entry {
  readonly foreign: RpcId
  readonly end: (end: OperationEnd) => void
  readonly call: CallInfo
}

/** An answer as the client gets it, and our id of the request that it answers. */
export interface LedgerAnswer {
  readonly own: number
  readonly data: string
}

/**
 * The requests of one session of the old revisions that wait for an answer. Each gets an id of ours, from 1 up, under which the SDK knows it. That
 * keeps apart what sdk 1.32.2 mixes up: it ignores the cancellation of id 0, and of two requests with one id it answers only the second.
 */
export class RequestLedger {
  readonly #inFlightMax: number
  readonly #measure: ReturnType<typeof createProtocolMeter>
  readonly #ownByForeign = new Map<RpcId, number>()
  readonly #entries = new Map<number, Entry>()
  #last = 0
  #negotiatedVersion: string | undefined

  constructor({ inFlightMax, measure, version }: RequestLedgerOptions) {
    this.#inFlightMax = inFlightMax
    this.#negotiatedVersion = version
    this.#measure = createProtocolMeter(measure)
  }

  get size(): number {
    return this.#entries.size
  }

  /** The revision that the answer to `initialize` named, or that was known before. */
  get negotiatedVersion(): string | undefined {
    return this.#negotiatedVersion
  }

  /** Our id of a request that waits from now on. Throws MCP_REQUEST_INVALID for an id that is in flight and MCP_CALLS_EXHAUSTED over the bound. */
  begin({ id: foreign, method }: RpcRequest, call: CallInfo): number {
    if (this.#ownByForeign.has(foreign)) {
      const details = { field: 'id', problem: 'a request with this id is in flight' }
      throw new AppError('MCP_REQUEST_INVALID', { details })
    }
    if (this.#entries.size >= this.#inFlightMax) throw new AppError('MCP_CALLS_EXHAUSTED')
    const own = ++this.#last
    this.#ownByForeign.set(foreign, own)
    this.#entries.set(own, { foreign, call, end: this.#measure(method) })
    return own
  }

  callOf(own: RpcId): CallInfo | undefined {
    return typeof own === 'number' ? this.#entries.get(own)?.call : undefined
  }

  /** A message as the SDK is to see it: `own` for a request that has begun, and cancellations by our ids. */
  inbound(message: RpcMessage, own?: number): JSONRPCMessage {
    if (message.kind === 'request') return { ...message.message, id: own ?? message.message.id }
    const cancelled = this.cancelled(message)
    if (cancelled === undefined) return message.message as JSONRPCMessage
    return { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: cancelled } }
  }

  /** The request that a `notifications/cancelled` is about, by our id; undefined where none waits. */
  cancelled(message: RpcMessage): number | undefined {
    if (message.kind !== 'notification' || message.message.method !== 'notifications/cancelled')
      return undefined
    const foreign = message.message.params?.['requestId']
    return typeof foreign === 'string' || typeof foreign === 'number'
      ? this.#ownByForeign.get(foreign)
      : undefined
  }

  /** The SDK's answer as the client gets it, once; undefined where nobody waits: the request was cancelled meanwhile, or the session ended. */
  answer(answer: SdkAnswer): LedgerAnswer | undefined {
    const own = Number(answer.id)
    const entry = this.#take(own)
    if (entry === undefined) return undefined
    if (isObject(answer.result)) this.#noteVersion(answer.result['protocolVersion'])
    const { foreign, call, end } = entry
    const sanitised = sanitiseSdkError(answer, call.correlationId)
    end({ version: this.#negotiatedVersion ?? '', errorType: errorTypeOf(sanitised) })
    return { own, data: JSON.stringify({ ...sanitised, id: foreign }) }
  }

  /** An answer with `reason` for everything that waits; afterwards nothing does. */
  refuseAll(reason: AppError): readonly LedgerAnswer[] {
    return [...this.#entries.keys()].flatMap((own) => {
      const entry = this.#take(own)
      if (entry === undefined) return []
      const error = asRpcError(reason, entry.call.correlationId, 'legacy')
      return [{ own, data: JSON.stringify({ jsonrpc: '2.0', id: entry.foreign, error }) }]
    })
  }

  /** Nobody waits for the request any more. */
  drop(own: number): void {
    this.#take(own)
  }

  #take(own: number): Entry | undefined {
    const entry = this.#entries.get(own)
    if (entry === undefined) return undefined
    this.#entries.delete(own)
    this.#ownByForeign.delete(entry.foreign)
    return entry
  }

  #noteVersion(version: unknown): void {
    if (typeof version === 'string') this.#negotiatedVersion ??= version
  }
}
