import { type Clock, sleep } from '../base/clock.ts'
import { isObject } from '../base/json-object.ts'
import type { EventView } from '../events/event-view.ts'
import { failureReason } from '../queue/failure-reason.ts'
import { createDeadline } from '../resilience/deadline.ts'
import { type AdminClient, ServerAwayError } from './admin-client.ts'
import type { Output } from './cli-context.ts'
import type { Consume, ConsumeHandler, ConsumeOptions } from './consumed-event.ts'

export interface StreamConsumerDeps {
  readonly client: AdminClient
  readonly clock: Clock
  readonly stderr: Output
  /** Ends the wait for what the server has still to say. */
  readonly hurried: AbortSignal
}

/** Between looks for a server that went away. */
const reconnectAfterMs = 1_000

/** Consumes from a running server, by its stream of lines; waits for it where it goes away. Rejects where it refuses. */
export function createStreamConsumer(deps: StreamConsumerDeps): Consume {
  return async (options, handler, signal) => {
    let hasSaidSo = false
    while (!signal.aborted) {
      const session = new StreamSession(deps, handler)
      try {
        await session.run(options, signal)
        hasSaidSo = false
      } catch (error) {
        if (!(error instanceof ServerAwayError)) throw error
        if (session.wasOpen || !hasSaidSo) deps.stderr.write(`${error.message}; waiting for it\n`)
        hasSaidSo = true
      }
      await sleep(deps.clock, reconnectAfterMs, signal)
    }
  }
}

/** One connection: what it handed out is settled over it or comes again. */
class StreamSession {
  readonly #deps: StreamConsumerDeps
  readonly #handler: ConsumeHandler
  readonly #running = new Set<Promise<void>>()
  /** The connection is over, and with it what it handed out. */
  readonly #over = new AbortController()
  #streamId = ''
  /** Said before anything is settled after a stop: what is settled makes room for the next event. */
  #drained: Promise<void> = Promise.resolve()

  constructor(deps: StreamConsumerDeps, handler: ConsumeHandler) {
    this.#deps = deps
    this.#handler = handler
  }

  /** The server had let it in. */
  get wasOpen(): boolean {
    return this.#streamId !== ''
  }

  /** Resolves when the stream has ended and nothing of it runs any more. */
  async run(options: ConsumeOptions, signal: AbortSignal): Promise<void> {
    const { group, concurrencyMax, isOrdered, leaseSeconds } = options
    const query = {
      group,
      max: String(concurrencyMax),
      ordered: isOrdered ? 'true' : undefined,
      lease: String(leaseSeconds),
    }
    const request = { method: 'POST', path: '/admin/events/consume', query } as const
    const cut = () => this.#over.abort()
    const drain = () => {
      this.#drained = this.#settle({ last: true })
    }
    this.#deps.hurried.addEventListener('abort', cut, { once: true })
    signal.addEventListener('abort', drain, { once: true })
    try {
      const lines = await this.#deps.client.stream(request, this.#over.signal)
      await this.#read(lines, options, signal)
    } finally {
      this.#deps.hurried.removeEventListener('abort', cut)
      signal.removeEventListener('abort', drain)
      this.#over.abort()
      await Promise.all(this.#running)
    }
  }

  async #read(
    lines: ReadableStream<Uint8Array>,
    { leaseSeconds }: ConsumeOptions,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      for await (const line of splitLines(lines)) {
        const message: unknown = JSON.parse(line)
        if (!isObject(message)) continue
        if (typeof message['stream'] === 'string') this.#open(message['stream'], signal)
        else this.#handle(message, leaseSeconds * 1_000)
      }
    } catch (cause) {
      throw new ServerAwayError(this.#deps.client.url, { cause })
    }
  }

  #open(streamId: string, signal: AbortSignal): void {
    this.#streamId = streamId
    if (signal.aborted) this.#drained = this.#settle({ last: true })
  }

  #handle({ number, attempt, event }: Readonly<Record<string, unknown>>, leaseMs: number): void {
    // cast: the server is ours, and of a release that has the route.
    const { body_base64: body = '', ...view } = event as EventView
    const consumed = { event: view, attempt: Number(attempt), bytes: Uint8Array.fromBase64(body) }
    // Its end here is as near to that in the server as a clock of our own can tell.
    const lease = createDeadline({ clock: this.#deps.clock, afterMs: leaseMs })
    const running = this.#handler(consumed, lease.signal)
      .then(
        () => this.#conclude({ done: [number] }),
        (thrown: unknown) => this.#conclude({ failed: [{ number, reason: failureReason(thrown) }] }),
      )
      .finally(() => {
        lease.dispose()
        this.#running.delete(running)
      })
    this.#running.add(running)
  }

  async #conclude(settlement: object): Promise<void> {
    await this.#drained
    await this.#settle(settlement)
  }

  /** What cannot be said any more is not lost: the event comes again. */
  async #settle(settlement: object): Promise<void> {
    if (this.#over.signal.aborted || this.#streamId === '') return
    const body = { stream: this.#streamId, ...settlement }
    await this.#deps.client.ask({ method: 'POST', path: '/admin/events/ack', body }).catch(() => undefined)
  }
}

/** The lines of a body, without the empty ones. */
async function* splitLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true })
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    yield* lines.filter((line) => line !== '')
  }
}
