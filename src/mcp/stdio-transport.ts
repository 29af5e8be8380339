import { type JSONRPCMessage, PROTOCOL_VERSION_META_KEY, type Transport } from '@modelcontextprotocol/server'
import { type Clock, sleep } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import type { Ids } from '../base/ids.ts'
import { isNestedDeeperThan } from '../base/json-nesting.ts'
import { isObject } from '../base/json-object.ts'
import { mcpBodyBytesMax, mcpNestingMax } from './door.ts'
import { LineSplitter } from './line-splitter.ts'
import {
  createProtocolMeter,
  errorTypeOf,
  type OperationEnd,
  type OperationMeter,
} from './operation-meter.ts'
import { echoableId, parseRpcMessage, type RpcId, type RpcRequest, rpcCodes } from './rpc.ts'
import { asRpcError, type Era } from './rpc-error.ts'
import { type SdkAnswer, sanitiseSdkError } from './sdk-error.ts'

/** The two ends of a pipe. What is written is one JSON-RPC message and its line end, whole. */
export interface StdioPipe {
  readonly input: ReadableStream<Uint8Array>
  write(line: string): void
}

/** What is needed of a stream's reader; the types of Bun and of Node do not agree on the rest. */
interface ByteReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
  cancel(): Promise<void>
}

interface Waiting {
  readonly method: string
  readonly end: (end: OperationEnd) => void
}

export interface StdioTransportOptions {
  readonly pipe: StdioPipe
  readonly clock: Clock
  readonly ids: Ids
  /** How long calls in flight may go on after the input ended. */
  readonly drainDeadlineMs: number
  readonly inFlightMax: number
  readonly measure: OperationMeter
}

/**
 * MCP over a pipe: one message per line of at most 4 MiB. A line that is none is answered with an error and the session goes on (T16). At the end
 * of the input, calls in flight are still answered, then the transport closes. Ours because the SDK's ends the session at a long line, and drops
 * what is in flight at the end.
 */
export class StdioTransport implements Transport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: JSONRPCMessage) => void
  /** Resolves once closed. */
  readonly closed: Promise<void>
  readonly #options: StdioTransportOptions
  readonly #waiting = new Map<RpcId, Waiting>()
  readonly #measure: ReturnType<typeof createProtocolMeter>
  readonly #lines = new LineSplitter(mcpBodyBytesMax)
  readonly #reader: ByteReader
  readonly #idle = new AbortController()
  #resolveClosed: () => void = () => undefined
  /** The era that the client opened with, once it has. */
  era: Era = 'modern'
  /** The revision that the client speaks, once it has said. */
  #version: string | undefined
  #isEnding = false
  #isClosed = false

  constructor(options: StdioTransportOptions) {
    this.#options = options
    this.#measure = createProtocolMeter(options.measure)
    this.#reader = options.pipe.input.getReader()
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
  }

  start(): Promise<void> {
    this.#read().catch((error: unknown) => {
      this.onerror?.(error instanceof Error ? error : new Error(String(error)))
      return this.close()
    })
    return Promise.resolve()
  }

  send(message: JSONRPCMessage): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    this.#write('method' in message ? message : this.#settle(message))
    this.#noteIdle()
    return Promise.resolve()
  }

  close(): Promise<void> {
    if (this.#isClosed) return this.closed
    this.#isClosed = true
    this.#reader.cancel().catch(() => undefined)
    this.onclose?.()
    this.#resolveClosed()
    return this.closed
  }

  async #read(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#reader.read()
      if (done || value === undefined) break
      for (const line of this.#lines.push(value)) this.#take(line)
    }
    this.#isEnding = true
    if (!this.#isIdle) await sleep(this.#options.clock, this.#options.drainDeadlineMs, this.#idle.signal)
    await this.close()
  }

  /** An answer as the client is to see it; nobody waits for it any more. */
  #settle(made: SdkAnswer): SdkAnswer {
    const answer = sanitiseSdkError(made, this.#options.ids.uuid())
    if (isObject(answer.result) && typeof answer.result['protocolVersion'] === 'string')
      this.#version ??= answer.result['protocolVersion']
    const { id } = answer
    if (id !== undefined) {
      this.#waiting.get(id)?.end({ version: this.#version ?? '', errorType: errorTypeOf(answer) })
      this.#waiting.delete(id)
    }
    return this.era === 'legacy' ? withLegacyCode(answer) : answer
  }

  /** A stream that listens is answered only when it ends, and ends with the session: it is nothing to wait for. */
  get #isIdle(): boolean {
    return [...this.#waiting.values()].every(({ method }) => method === 'subscriptions/listen')
  }

  #noteIdle(): void {
    if (this.#isEnding && this.#isIdle) this.#idle.abort()
  }

  #take(line: Uint8Array | undefined): void {
    if (line?.byteLength === 0) return
    const value = line === undefined ? undefined : parseLine(line)
    if (value === undefined) {
      this.#refuse(null, { field: 'body', problem: 'not a line of JSON of at most 4 MiB' })
      return
    }
    const message = parseRpcMessage(value)
    if (message === undefined) {
      this.#refuse(echoableId(value), { field: 'message', problem: 'not a JSON-RPC message' })
      return
    }
    if (message.kind === 'request' && !this.#begin(message.message)) return
    if (message.kind === 'notification' && message.message.method === 'notifications/cancelled') {
      this.#waiting.delete(message.message.params?.['requestId'] as RpcId)
      this.#noteIdle()
    }
    this.onmessage?.(value as JSONRPCMessage)
  }

  #begin({ id, method, params }: RpcRequest): boolean {
    if (this.#waiting.has(id)) {
      this.#refuse(id, { field: 'id', problem: 'a request with this id is in flight' })
      return false
    }
    if (this.#waiting.size >= this.#options.inFlightMax) {
      this.#answer(id, new AppError('MCP_CALLS_EXHAUSTED'))
      return false
    }
    const meta = params?.['_meta']
    const claimed = isObject(meta) ? meta[PROTOCOL_VERSION_META_KEY] : undefined
    if (typeof claimed === 'string') this.#version = claimed
    this.#waiting.set(id, { method, end: this.#measure(method) })
    return true
  }

  #refuse(id: RpcId | null, details: Readonly<Record<string, string>>): void {
    this.#answer(id, new AppError('MCP_REQUEST_INVALID', { details }))
  }

  #answer(id: RpcId | null, error: AppError): void {
    this.#write({ jsonrpc: '2.0', id, error: asRpcError(error, this.#options.ids.uuid()) })
  }

  #write(message: object): void {
    this.#options.pipe.write(`${JSON.stringify(message)}\n`)
  }
}

/** sdk 2.x answers every revision with the newest one's code for an unknown resource; the old revisions have their own. */
function withLegacyCode(answer: SdkAnswer): SdkAnswer {
  if (answer.error === undefined || !isObject(answer.error.data) || answer.error.data['uri'] === undefined)
    return answer
  return { ...answer, error: { ...answer.error, code: rpcCodes.legacyResourceNotFound } }
}

/** Undefined where the line is not JSON in UTF-8, or nested too deeply. No JSON text means undefined by itself. */
function parseLine(line: Uint8Array): unknown {
  if (isNestedDeeperThan(line, mcpNestingMax)) return undefined
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line))
  } catch {
    return undefined
  }
}
