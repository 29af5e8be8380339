import type { Clock, Timer } from '../base/clock.ts'
import { type Backlog, createSseResponse, renderEvent, SseStream } from './sse-stream.ts'

/** An answer that takes longer than this goes out as a stream, so that the caller and the proxies between see life. */
export const answerBeatMs = 1000

/** How long a client waits before it comes back for the rest of a stream. */
const reconnectAfterMs = 1000

export interface ExchangeOptions {
  readonly clock: Clock
  readonly requests: readonly number[]
  readonly isBatch: boolean
  /** Whether the client comes back with Last-Event-ID; older ones choke on the empty event that gives them their first cursor. */
  readonly isResumable: boolean
  readonly headers: Readonly<Record<string, string>>
  /** Keeps what is sent, and says under which id. */
  readonly log: (data: string) => string
}

/**
 * One POST and its answers: plain JSON where they come at once, a stream as soon as there is something to say before or the answer is slow.
 * A reader that leaves does not end the requests (a disconnect is no cancellation in these revisions); it may come back.
 */
export class Exchange {
  readonly response: Promise<Response>
  readonly #options: ExchangeOptions
  readonly #waiting: Set<number>
  readonly #answers: string[] = []
  readonly #beat: Timer
  #resolve: (response: Response) => void = () => undefined
  #isStreaming = false
  #stream: SseStream | undefined

  constructor(options: ExchangeOptions) {
    this.#options = options
    this.#waiting = new Set(options.requests)
    this.response = new Promise((resolve) => {
      this.#resolve = resolve
    })
    this.#beat = options.clock.schedule(answerBeatMs, () => this.#startStream())
  }

  get isOver(): boolean {
    return this.#waiting.size === 0
  }

  /** A notification or a question to the client that belongs to one of the requests. */
  send(data: string): void {
    this.#startStream()
    this.#write(data)
  }

  answer(request: number, data: string): void {
    if (!this.#waiting.delete(request)) return
    if (this.#isStreaming) this.#write(data)
    else this.#answers.push(data)
    if (this.isOver) this.#finish()
  }

  /** A cancelled request gets no answer, and must not keep the stream open. */
  drop(request: number): void {
    if (!this.#waiting.delete(request) || !this.isOver) return
    if (this.#answers.length === 0) this.#startStream()
    this.#finish()
  }

  /** Ends the connection but not the requests, where the client comes back for the rest. */
  release(): void {
    if (!this.#options.isResumable) return
    this.#startStream()
    this.#stream?.end()
  }

  /** A new connection for the rest, after the events that the last one may have missed. */
  resume(missed: Backlog): Response {
    this.#stream?.end()
    const stream = this.#openStream(missed)
    return createSseResponse(stream, this.#options.headers)
  }

  #startStream(): void {
    if (this.#isStreaming) return
    this.#isStreaming = true
    this.#beat.cancel()
    const { isResumable, log, headers } = this.#options
    const stream = this.#openStream()
    if (isResumable) stream.writeText(`id: ${log('')}\nretry: ${reconnectAfterMs}\ndata: \n\n`)
    for (const data of this.#answers.splice(0)) this.#write(data)
    this.#resolve(createSseResponse(stream, headers))
  }

  #openStream(backlog?: Backlog): SseStream {
    const stream = new SseStream({
      clock: this.#options.clock,
      backlog,
      onEnd: () => {
        if (this.#stream === stream) this.#stream = undefined
      },
    })
    this.#stream = stream
    return stream
  }

  #write(data: string): void {
    const eventId = this.#options.isResumable ? this.#options.log(data) : undefined
    this.#stream?.writeText(renderEvent(data, eventId))
  }

  #finish(): void {
    this.#beat.cancel()
    if (this.#isStreaming) {
      this.#stream?.end()
      return
    }
    const body = this.#options.isBatch ? `[${this.#answers.join(',')}]` : this.#answers[0]
    const headers = { 'Content-Type': 'application/json', ...this.#options.headers }
    this.#resolve(new Response(body ?? null, { headers }))
  }
}
