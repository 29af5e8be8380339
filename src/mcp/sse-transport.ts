import type { TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js'
import type { Clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import type { LegacyTransport } from './legacy-session.ts'
import { type CallInfo, RequestLedger } from './request-ledger.ts'
import { isObject, type RpcMessage } from './rpc.ts'
import { asRpcError } from './rpc-error.ts'
import { sanitiseSdkError } from './sdk-error.ts'
import { createSseResponse, renderEvent, SseStream } from './sse-stream.ts'

export interface SseTransportOptions {
  readonly clock: Clock
  readonly sessionId: string
  /** Path and query under which the client reaches us to post messages, as seen from outside. */
  readonly endpoint: string
  readonly inFlightMax: number
  /** The reader left, or was too slow: the session is over. */
  readonly onEnd: () => void
}

/** HTTP+SSE of revision 2024-11-05: one stream down, POSTs up. The session lives as long as its stream. */
export class SseTransport implements LegacyTransport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: JSONRPCMessage) => void
  readonly ledger: RequestLedger
  readonly sessionId: string
  negotiatedVersion: string | undefined
  readonly #stream: SseStream
  #isClosed = false

  constructor({ clock, sessionId, endpoint, inFlightMax, onEnd }: SseTransportOptions) {
    this.sessionId = sessionId
    this.ledger = new RequestLedger(inFlightMax)
    this.#stream = new SseStream({ clock, onEnd })
    this.#stream.writeText(`event: endpoint\ndata: ${endpoint}\n\n`)
  }

  get isBusy(): boolean {
    return this.#stream.isOpen
  }

  get hasStream(): boolean {
    return this.#stream.isOpen
  }

  /** The stream of the session; to be answered once. */
  respond(): Response {
    return createSseResponse(this.#stream)
  }

  start(): Promise<void> {
    return Promise.resolve()
  }

  /** Takes one posted message. Throws MCP_REQUEST_INVALID for an id that is in flight and MCP_CALLS_EXHAUSTED over the bound. */
  deliver(message: RpcMessage, call: CallInfo): void {
    if (message.kind === 'request') {
      const own = this.ledger.begin(message.message.id, call)
      if (own === 'full') throw new AppError('MCP_CALLS_EXHAUSTED')
      if (own === 'duplicate') {
        const details = { field: 'id', problem: 'a request with this id is in flight' }
        throw new AppError('MCP_REQUEST_INVALID', { details })
      }
      this.onmessage?.({ ...message.message, id: own } as JSONRPCMessage)
      return
    }
    const cancelled = this.ledger.cancelled(message)
    if (cancelled === undefined) {
      this.onmessage?.(message.message as JSONRPCMessage)
      return
    }
    const params = { requestId: cancelled }
    this.onmessage?.({ jsonrpc: '2.0', method: 'notifications/cancelled', params })
    this.ledger.settle(cancelled)
  }

  send(message: JSONRPCMessage, _options?: TransportSendOptions): Promise<void> {
    if ('method' in message) {
      this.#stream.writeText(renderEvent(JSON.stringify(message)))
      return Promise.resolve()
    }
    const own = Number(message.id)
    const call = this.ledger.callOf(own)
    const id = this.ledger.settle(own)
    if (id === undefined || call === undefined) return Promise.resolve()
    if ('result' in message && isObject(message.result)) this.#noteVersion(message.result['protocolVersion'])
    const answer = { ...sanitiseSdkError(message, call.correlationId), id }
    this.#stream.writeText(renderEvent(JSON.stringify(answer)))
    return Promise.resolve()
  }

  /** There is one connection for everything; nothing can be let go of. */
  release(): void {}

  close(): Promise<void> {
    this.end(new AppError('MCP_SESSION_NOT_FOUND'))
    return Promise.resolve()
  }

  end(reason: AppError, lastText?: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const { own, correlationId } of this.ledger.waiting()) {
      const error = asRpcError(reason, correlationId, 'legacy')
      const answer = { jsonrpc: '2.0', id: this.ledger.settle(own), error }
      this.#stream.writeText(renderEvent(JSON.stringify(answer)))
    }
    this.#stream.end(lastText)
    this.onclose?.()
  }

  #noteVersion(version: unknown): void {
    if (this.negotiatedVersion === undefined && typeof version === 'string') this.negotiatedVersion = version
  }
}
