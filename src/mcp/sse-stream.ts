import { type Clock, repeat, type Timer } from '../base/clock.ts'

/** Below every proxy's idle time-out. */
export const heartbeatMs = 15_000

/** What may wait in one stream for its reader, beyond what the sockets hold. */
export const streamBytesMax = 1024 * 1024

export type StreamEnd = 'finished' | 'reader_left' | 'reader_too_slow'

/** What a stream has to say before anything else, one piece at each call; it is asked only for what the reader has room for. */
export type Backlog = () => BacklogStep
export type BacklogStep =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'caught_up' }
  /** The rest cannot be had any more. */
  | { readonly kind: 'gone' }

export interface SseStreamOptions {
  readonly clock: Clock
  /** What is written before it is caught up must be among what it still has to say: the stream takes it from there. */
  readonly backlog?: Backlog | undefined
  readonly bytesMax?: number
  readonly onEnd?: (end: StreamEnd) => void
}

const encoder = new TextEncoder()

/**
 * One answer of server-sent events. The first bytes go out at once, since Bun holds the headers back until there are some; a comment every 15 s
 * keeps proxies from closing it. A reader that does not read costs at most `bytesMax` and one event, then it is dropped; during a backlog, when
 * it has taken nothing from one beat to the next.
 */
export class SseStream {
  readonly body: ReadableStream<Uint8Array>
  readonly #onEnd: (end: StreamEnd) => void
  readonly #heartbeat: Timer
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #backlog: Backlog | undefined
  #hasTaken = true
  #ending: { readonly lastText: string | undefined } | undefined

  constructor({ clock, backlog, bytesMax = streamBytesMax, onEnd = () => undefined }: SseStreamOptions) {
    this.#onEnd = onEnd
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => this.#refill(),
        cancel: () => this.#close('reader_left'),
      },
      { highWaterMark: bytesMax, size: (chunk) => chunk?.byteLength ?? 0 },
    )
    this.#heartbeat = repeat(clock, heartbeatMs, () => this.#beat())
    this.writeText(': open\n\n')
    this.#backlog = backlog
  }

  get isOpen(): boolean {
    return this.#controller !== undefined
  }

  /** Whether the text was taken; false once the stream is over. */
  writeText(text: string): boolean {
    return this.write(encoder.encode(text))
  }

  write(chunk: Uint8Array): boolean {
    const controller = this.#controller
    if (controller === undefined) return false
    if (this.#backlog !== undefined) return true
    if ((controller.desiredSize ?? 0) <= 0) {
      this.#drop()
      return false
    }
    controller.enqueue(chunk)
    return true
  }

  /** Ends the stream after what is already in it, and after its backlog; safe to call twice. */
  end(lastText?: string): void {
    if (this.#backlog !== undefined) {
      this.#ending = { lastText }
      return
    }
    if (lastText !== undefined) this.writeText(lastText)
    const controller = this.#controller
    if (controller === undefined) return
    this.#close('finished')
    controller.close()
  }

  #refill(): void {
    const controller = this.#controller
    while (controller !== undefined && this.#backlog !== undefined && (controller.desiredSize ?? 0) > 0) {
      this.#hasTaken = true
      const step = this.#backlog()
      if (step.kind === 'text') controller.enqueue(encoder.encode(step.text))
      else this.#endBacklog(step.kind)
    }
  }

  #endBacklog(kind: 'caught_up' | 'gone'): void {
    this.#backlog = undefined
    if (kind === 'gone') this.#drop()
    else if (this.#ending !== undefined) this.end(this.#ending.lastText)
  }

  #beat(): void {
    if (this.#backlog === undefined) this.writeText(': heartbeat\n\n')
    else if (this.#hasTaken) this.#hasTaken = false
    else this.#drop()
  }

  #drop(): void {
    const controller = this.#controller
    this.#close('reader_too_slow')
    // An error and not a close: what waits in the stream is let go at once.
    controller?.error(new Error('The reader is too slow'))
  }

  #close(end: StreamEnd): void {
    if (this.#controller === undefined) return
    this.#controller = undefined
    this.#backlog = undefined
    this.#heartbeat.cancel()
    this.#onEnd(end)
  }
}

/** One event as text. JSON has no line breaks, so one data line holds it. */
export function renderEvent(data: string, eventId?: string): string {
  return eventId === undefined
    ? `event: message\ndata: ${data}\n\n`
    : `event: message\nid: ${eventId}\ndata: ${data}\n\n`
}

const sseHeaders = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-cache, no-transform',
  // nginx would gather events until its buffer is full.
  'X-Accel-Buffering': 'no',
} as const

export function createSseResponse(
  stream: SseStream,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(stream.body, { headers: { ...sseHeaders, ...headers } })
}
