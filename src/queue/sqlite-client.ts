import type { Clock } from '../base/clock.ts'
import type {
  FileRepair,
  OpenRequest,
  WriterAnswer,
  WriterCalls,
  WriterEnvelope,
  WriterFailure,
  WriterKind,
  WriterReply,
} from './sqlite-protocol.ts'
import type { OpenWriterPort, WriterPort } from './sqlite-thread.ts'

/** What the writer said instead of an answer. The code is SQLite's, the system's, or `WRITER_ENDED`. */
export class WriterError extends Error {
  override readonly name = 'WriterError'
  readonly code: string
  readonly details: WriterFailure['details']

  constructor({ code, message, details }: WriterFailure) {
    super(message)
    this.code = code
    this.details = details
  }
}

interface Call {
  readonly resolve: (reply: unknown) => void
  readonly reject: (error: WriterError) => void
}

export interface WriterClientOptions {
  readonly openPort: OpenWriterPort
  readonly open: OpenRequest
  readonly clock: Pick<Clock, 'now'>
  readonly onRepair: (repair: FileRepair) => void
}

/** Asks the writer and matches its answers. A writer that ended by itself is started again by the next question. */
export class WriterClient {
  readonly #options: WriterClientOptions
  readonly #calls = new Map<number, Call>()
  #port: WriterPort | undefined
  #callId = 0
  #isTerminated = false

  constructor(options: WriterClientOptions) {
    this.#options = options
  }

  /** Starts the writer and opens the file. Rejects with a WriterError. */
  async open(): Promise<WriterReply<'open'>> {
    if (this.#isTerminated) throw ended('terminated')
    const port = this.#options.openPort({
      onAnswer: (answer) => this.#onAnswer(answer),
      // The end of a writer that was given up is reported late, when its successor is at work.
      onEnd: (reason) => {
        if (this.#port === port) this.#onEnd(reason)
      },
    })
    this.#port = port
    try {
      return await this.#send(port, 'open', this.#options.open)
    } catch (error) {
      if (this.#port === port) this.#drop('not opened')
      throw error
    }
  }

  /** Rejects with a WriterError. Waits as long as the writer takes: deadlines are the caller's. */
  call<Kind extends WriterKind>(
    kind: Kind,
    request: WriterCalls[Kind]['request'],
  ): Promise<WriterReply<Kind>> {
    if (this.#isTerminated) return Promise.reject(ended('terminated'))
    // Where opening fails, this question is rejected with it.
    if (this.#port === undefined) this.open().catch(() => undefined)
    return this.#port === undefined
      ? Promise.reject(ended('not started'))
      : this.#send(this.#port, kind, request)
  }

  /** Ends the writer at once and for good; questions under way are rejected. */
  terminate(): void {
    this.#isTerminated = true
    this.#drop('terminated')
  }

  #drop(reason: string): void {
    const port = this.#port
    this.#onEnd(reason)
    port?.terminate()
  }

  #send<Kind extends WriterKind>(
    port: WriterPort,
    kind: Kind,
    request: WriterCalls[Kind]['request'],
  ): Promise<WriterReply<Kind>> {
    const callId = ++this.#callId
    return new Promise((resolve, reject) => {
      // Each kind is answered with its own type: the table of calls by id is where TypeScript cannot follow.
      this.#calls.set(callId, { resolve: resolve as (reply: unknown) => void, reject })
      port.send({ callId, nowMs: this.#options.clock.now(), kind, request } as WriterEnvelope)
    })
  }

  #onAnswer(answer: WriterAnswer): void {
    const call = this.#calls.get(answer.callId)
    this.#calls.delete(answer.callId)
    if ('failure' in answer) {
      call?.reject(new WriterError(answer.failure))
      return
    }
    if (answer.repair !== undefined) this.#options.onRepair(answer.repair)
    call?.resolve(answer.reply)
  }

  #onEnd(reason: string): void {
    this.#port = undefined
    const calls = [...this.#calls.values()]
    this.#calls.clear()
    for (const call of calls) call.reject(ended(reason))
  }
}

function ended(reason: string): WriterError {
  return new WriterError({ code: 'WRITER_ENDED', message: `The writer thread ended: ${reason}`, details: {} })
}
