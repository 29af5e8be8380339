import { type Clock, repeat, type Timer } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import type { Ids } from '../base/ids.ts'
import type { Delivery, QueueSubscriber } from '../queue/driver.ts'
import { HandlerFailure } from '../queue/failure-reason.ts'
import { viewEvent } from './event-view.ts'

export interface ConsumerStreamsDeps {
  readonly queue: QueueSubscriber
  readonly topic: string
  readonly clock: Clock
  readonly ids: Ids
}

export interface ConsumerOptions {
  readonly group: string
  /** Events in the consumer's hands at once. */
  readonly concurrencyMax: number
  readonly isOrdered: boolean
  /** How long it may keep one, milliseconds. */
  readonly leaseMs: number
}

/** What became of events that a stream handed out, by their numbers in it. */
export interface Settlement {
  readonly streamId: string
  readonly done: readonly number[]
  readonly failed: readonly { readonly number: number; readonly reason: string }[]
  /** The consumer wants no more: its stream ends once what it holds is settled. */
  readonly isLast: boolean
}

/** A consumer that went away is noticed by what is written to it. */
const heartbeatMs = 15_000
/** Consumers are few, and each holds a connection. */
const streamsMax = 100
const streamIdBytes = 16

/**
 * Consumers over HTTP, for backends that live in this process. A stream is a member of its group for as long as its connection lasts: it hands
 * out events as lines of JSON, which the consumer settles by number. What it leaves unsettled comes again.
 */
export class ConsumerStreams {
  readonly #deps: ConsumerStreamsDeps
  readonly #streams = new Map<string, ConsumerStream>()
  #isStopped = false

  constructor(deps: ConsumerStreamsDeps) {
    this.#deps = deps
  }

  /** The lines of a new stream; the first names it. Throws OVERLOADED, or SHUTTING_DOWN. */
  open(options: ConsumerOptions): ReadableStream<Uint8Array> {
    if (this.#isStopped) throw new AppError('SHUTTING_DOWN')
    if (this.#streams.size >= streamsMax) throw new AppError('OVERLOADED')
    const id = this.#deps.ids.token(streamIdBytes)
    const stream = new ConsumerStream(id, options, this.#deps)
    this.#streams.set(id, stream)
    void stream.ended.then(() => this.#streams.delete(id))
    return stream.body
  }

  /** How many of these were still in the consumer's hands: others came too late, and are given out again. */
  settle({ streamId, done, failed, isLast }: Settlement): number {
    const stream = this.#streams.get(streamId)
    if (stream === undefined) return 0
    const settled = [
      ...done.map((number) => stream.settle(number, undefined)),
      ...failed.map(({ number, reason }) => stream.settle(number, reason)),
    ]
    if (isLast) stream.drain()
    return settled.filter((wasHeld) => wasHeld).length
  }

  /** Ends every stream; resolves once what they held is back in the queue. */
  async stop(): Promise<void> {
    this.#isStopped = true
    const streams = [...this.#streams.values()]
    this.expel()
    await Promise.all(streams.map(({ ended }) => ended))
  }

  /** Ends every stream: the token that opened them is no longer accepted. Others can be opened. */
  expel(): void {
    for (const stream of [...this.#streams.values()]) stream.end()
  }
}

class ConsumerStream {
  readonly body: ReadableStream<Uint8Array>
  /** Resolves once the group has back what was not settled. */
  readonly ended: Promise<void>
  readonly #over = new AbortController()
  readonly #held = new Map<
    number,
    { readonly resolve: () => void; readonly reject: (failure: Error) => void }
  >()
  readonly #heartbeat: Timer
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #number = 0
  #isDraining = false

  constructor(id: string, options: ConsumerOptions, { queue, topic, clock }: ConsumerStreamsDeps) {
    this.body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller
      },
      cancel: () => {
        this.#controller = undefined
        this.end()
      },
    })
    this.#heartbeat = repeat(clock, heartbeatMs, () => this.#write('\n'))
    this.#write(`${JSON.stringify({ stream: id })}\n`)
    const { group, concurrencyMax, isOrdered, leaseMs } = options
    this.ended = queue.subscribe({
      topic,
      group,
      concurrencyMax,
      ordered: isOrdered,
      leaseMs,
      signal: this.#over.signal,
      handler: (delivery, signal) => this.#handOut(delivery, signal),
    })
    // The queue itself may end it.
    void this.ended.then(() => this.end())
  }

  settle(number: number, reason: string | undefined): boolean {
    const held = this.#held.get(number)
    if (held === undefined) return false
    if (reason === undefined) held.resolve()
    else held.reject(new HandlerFailure(reason))
    return true
  }

  /** No more events; those in the consumer's hands stay there. */
  drain(): void {
    this.#isDraining = true
    this.#over.abort()
  }

  end(): void {
    this.#heartbeat.cancel()
    this.#over.abort()
    for (const { reject } of this.#held.values()) reject(new HandlerFailure('CONSUMER_LEFT'))
    this.#controller?.close()
    this.#controller = undefined
  }

  async #handOut({ event, attempt }: Delivery, signal: AbortSignal): Promise<void> {
    const number = ++this.#number
    const settled = new Promise<void>((resolve, reject) => {
      this.#held.set(number, { resolve, reject })
      // The end of the lease too: what is settled later came too late.
      const giveUp = () => {
        if (!this.#isDraining) reject(new HandlerFailure('CONSUMER_LEFT'))
      }
      signal.addEventListener('abort', giveUp, { once: true })
    })
    this.#write(`${JSON.stringify({ number, attempt, event: viewEvent(event, { hasBody: true }) })}\n`)
    try {
      await settled
    } finally {
      this.#held.delete(number)
    }
  }

  #write(text: string): void {
    this.#controller?.enqueue(encoder.encode(text))
  }
}

const encoder = new TextEncoder()
