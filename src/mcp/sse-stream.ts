import { type Clock, repeat, type Timer } from '../base/clock.ts'

/** Below every proxy's idle time-out. */
export const heartbeatMs = 15_000

/** What may wait in one stream for its reader, beyond what the sockets hold. */
export const streamBytesMax = 1024 * 1024

export type StreamEnd = 'finished' | 'reader_left' | 'reader_too_slow'

export interface SseStreamOptions {
  readonly clock: Clock
  readonly bytesMax?: number
  readonly onEnd?: (end: StreamEnd) => void
}

const encoder = new TextEncoder()

/**
 * One answer of server-sent events. The first bytes go out at once, since Bun holds the headers back until there are some; a comment every 15 s
 * keeps proxies from closing it. A reader that does not read costs at most `bytesMax` and one event, then it is dropped.
 */
export class SseStream {
  readonly body: ReadableStream<Uint8Array>
  readonly #onEnd: (end: StreamEnd) => void
  readonly #heartbeat: Timer
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined

  constructor({ clock, bytesMax = streamBytesMax, onEnd = () => undefined }: SseStreamOptions) {
    this.#onEnd = onEnd
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        cancel: () => this.#close('reader_left'),
      },
      { highWaterMark: bytesMax, size: (chunk) => chunk?.byteLength ?? 0 },
    )
    this.#heartbeat = repeat(clock, heartbeatMs, () => this.writeText(': heartbeat\n\n'))
    this.writeText(': open\n\n')
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
    if ((controller.desiredSize ?? 0) <= 0) {
      this.#close('reader_too_slow')
      // An error and not a close: what waits in the stream is let go at once.
      controller.error(new Error('The reader is too slow'))
      return false
    }
    controller.enqueue(chunk)
    return true
  }

  /** Ends the stream after what is already in it; safe to call twice. */
  end(lastText?: string): void {
    if (lastText !== undefined) this.writeText(lastText)
    const controller = this.#controller
    if (controller === undefined) return
    this.#close('finished')
    controller.close()
  }

  #close(end: StreamEnd): void {
    if (this.#controller === undefined) return
    this.#controller = undefined
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
