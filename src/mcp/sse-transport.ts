import type { TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js'
import type { Clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import type { LegacyTransport } from './legacy-session.ts'
import { type CallInfo, RequestLedger, type RequestLedgerOptions } from './request-ledger.ts'
import type { RpcMessage } from './rpc.ts'
import { createSseResponse, renderEvent, SseStream } from './sse-stream.ts'

export interface SseTransportOptions extends RequestLedgerOptions {
  readonly clock: Clock
  readonly sessionId: string
  /** Path and query under which the client reaches us to post messages, as seen from outside. */
  readonly endpoint: string
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
  readonly #stream: SseStream
  #isClosed = false

  constructor(options: SseTransportOptions) {
    const { clock, sessionId, endpoint, onEnd } = options
    this.sessionId = sessionId
    this.ledger = new RequestLedger(options)
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

  /** Takes one posted message. Throws as `RequestLedger.begin`. */
  deliver(message: RpcMessage, call: CallInfo): void {
    const own = message.kind === 'request' ? this.ledger.begin(message.message, call) : undefined
    const cancelled = this.ledger.cancelled(message)
    this.onmessage?.(this.ledger.inbound(message, own))
    if (cancelled !== undefined) this.ledger.drop(cancelled)
  }

  send(message: JSONRPCMessage, _options?: TransportSendOptions): Promise<void> {
    const data = 'method' in message ? JSON.stringify(message) : this.ledger.answer(message)?.data
    if (data !== undefined) this.#stream.writeText(renderEvent(data))
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
    for (const { data } of this.ledger.refuseAll(reason)) this.#stream.writeText(renderEvent(data))
    this.#stream.end(lastText)
    this.onclose?.()
  }
}
