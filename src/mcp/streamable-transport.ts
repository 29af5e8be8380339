import type { Transport, TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js'
import type { Clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import type { EventLog } from './event-log.ts'
import { Exchange } from './exchange.ts'
import { createReplay, type Replay } from './replay.ts'
import {
  type CallInfo,
  type LedgerAnswer,
  RequestLedger,
  type RequestLedgerOptions,
} from './request-ledger.ts'
import type { RpcMessage } from './rpc.ts'
import { type Backlog, createSseResponse, renderEvent, SseStream } from './sse-stream.ts'

/** The first revision whose clients take an empty event as the cursor to resume from. */
const firstResumableVersion = '2025-11-25'

export interface StreamableTransportOptions extends RequestLedgerOptions {
  readonly clock: Clock
  readonly eventLog: EventLog
  /** Undefined: no session, one POST and it is over. */
  readonly sessionId: string | undefined
}

/**
 * Streamable HTTP of the revisions up to 2025-11-25 for one session, under the SDK's `Server`. Our own and not the SDK's transport, because
 * that one buffers without bound for a reader that does not read, keeps a stream open for ever after its request was cancelled, answers only
 * the second of two requests with one id, and runs on timers that no test can advance.
 */
export class StreamableTransport implements Transport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: JSONRPCMessage) => void
  onIdle?: () => void
  readonly ledger: RequestLedger
  readonly sessionId?: string
  readonly #options: StreamableTransportOptions
  readonly #exchanges = new Map<number, { readonly exchange: Exchange; readonly stream: number }>()
  readonly #headers: Readonly<Record<string, string>>
  #standalone: SseStream | undefined
  #hasHadStandalone = false
  #lastStream = standaloneStream
  #isClosed = false

  constructor(options: StreamableTransportOptions) {
    this.#options = options
    this.ledger = new RequestLedger(options)
    this.#headers = options.sessionId === undefined ? {} : { 'Mcp-Session-Id': options.sessionId }
    if (options.sessionId !== undefined) this.sessionId = options.sessionId
  }

  /** Whether a reader holds the stream for notifications or waits for an answer. */
  get isBusy(): boolean {
    return this.#standalone !== undefined || this.ledger.size > 0
  }

  get hasStream(): boolean {
    return this.#standalone !== undefined
  }

  start(): Promise<void> {
    return Promise.resolve()
  }

  /**
   * Takes the messages of one POST; resolves with its answer. Throws as `RequestLedger.begin`, before anything is delivered.
   */
  post(
    messages: readonly RpcMessage[],
    call: CallInfo,
    post: { isBatch: boolean; version: string },
  ): Promise<Response> {
    const owns = this.#begin(messages, call)
    if (owns.length === 0) {
      for (const message of messages) this.#deliver(message)
      this.#noteIdle()
      return Promise.resolve(new Response(null, { status: 202, headers: this.#headers }))
    }
    const stream = ++this.#lastStream
    const exchange = new Exchange({
      clock: this.#options.clock,
      requests: owns,
      isBatch: post.isBatch,
      isResumable: this.sessionId !== undefined && post.version >= firstResumableVersion,
      headers: this.#headers,
      log: (data) => this.#options.eventLog.append(this, stream, data),
    })
    for (const own of owns) this.#exchanges.set(own, { exchange, stream })
    let next = 0
    for (const message of messages) {
      const own = message.kind === 'request' ? owns[next++] : undefined
      this.#deliver(message, own)
    }
    return exchange.response
  }

  /** The stream for notifications, or what is left of the one that `lastEventId` was sent on. Throws MCP_STREAM_TAKEN, MCP_REQUEST_INVALID. */
  openStream(lastEventId: string | null): Response {
    if (lastEventId === null) return createSseResponse(this.#openStandalone(), this.#headers)
    const replay = createReplay(this.#options.eventLog, this, lastEventId)
    if (replay === undefined) {
      const details = { header: 'Last-Event-ID', problem: 'no such event is kept' }
      throw new AppError('MCP_REQUEST_INVALID', { details })
    }
    if (replay.stream === standaloneStream)
      return createSseResponse(this.#openStandalone(replay.backlog), this.#headers)
    for (const { exchange, stream } of this.#exchanges.values()) {
      if (stream === replay.stream) return exchange.resume(replay.backlog)
    }
    return this.#answerWith(replay)
  }

  send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    if (!('method' in message)) {
      const answer = this.ledger.answer(message)
      if (answer === undefined) return Promise.resolve()
      this.#pass(answer)
      this.#noteIdle()
    } else if (options?.relatedRequestId === undefined) this.#notify(JSON.stringify(message))
    else this.#exchanges.get(Number(options.relatedRequestId))?.exchange.send(JSON.stringify(message))
    return Promise.resolve()
  }

  /** Lets go of the connection on which the request waits. */
  release(own: number): void {
    this.#exchanges.get(own)?.exchange.release()
  }

  close(): Promise<void> {
    this.end(new AppError('MCP_SESSION_NOT_FOUND'))
    return Promise.resolve()
  }

  /** Answers what waits with `reason` and ends every stream; `lastText` is the last thing that the stream for notifications says. */
  end(reason: AppError, lastText?: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const answer of this.ledger.refuseAll(reason)) this.#pass(answer)
    this.#standalone?.end(lastText)
    this.#options.eventLog.forget(this)
    this.onclose?.()
  }

  /** All or none: what was begun before one of them is refused must not wait for an answer that never comes. */
  #begin(messages: readonly RpcMessage[], call: CallInfo): readonly number[] {
    const owns: number[] = []
    try {
      for (const { kind, message } of messages) {
        if (kind === 'request') owns.push(this.ledger.begin(message, call))
      }
    } catch (error) {
      for (const own of owns) this.ledger.drop(own)
      throw error
    }
    return owns
  }

  #deliver(message: RpcMessage, own?: number): void {
    const cancelled = this.ledger.cancelled(message)
    this.onmessage?.(this.ledger.inbound(message, own))
    if (cancelled === undefined) return
    this.ledger.drop(cancelled)
    this.#exchanges.get(cancelled)?.exchange.drop(cancelled)
    this.#exchanges.delete(cancelled)
    this.#noteIdle()
  }

  #pass({ own, data }: LedgerAnswer): void {
    this.#exchanges.get(own)?.exchange.answer(own, data)
    this.#exchanges.delete(own)
  }

  #noteIdle(): void {
    if (this.ledger.size === 0) this.onIdle?.()
  }

  /** Kept for a reader that comes back only where one has been: without a cursor nobody can ask for it. */
  #notify(data: string): void {
    if (!this.#hasHadStandalone) return
    const eventId = this.#options.eventLog.append(this, standaloneStream, data)
    this.#standalone?.writeText(renderEvent(data, eventId))
  }

  #openStandalone(backlog?: Backlog): SseStream {
    if (this.#standalone !== undefined) throw new AppError('MCP_STREAM_TAKEN')
    const stream = new SseStream({
      clock: this.#options.clock,
      backlog,
      onEnd: () => {
        if (this.#standalone === stream) this.#standalone = undefined
      },
    })
    this.#standalone = stream
    this.#hasHadStandalone = true
    return stream
  }

  /** 204 tells a reader of server-sent events to stop coming back: the stream is finished and it has all of it. */
  #answerWith({ isAtEnd, backlog }: Replay): Response {
    if (isAtEnd) return new Response(null, { status: 204, headers: this.#headers })
    const stream = new SseStream({ clock: this.#options.clock, backlog })
    stream.end()
    return createSseResponse(stream, this.#headers)
  }
}

/** The number of the stream for notifications; those of POSTs follow. */
const standaloneStream = 0
