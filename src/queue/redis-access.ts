import { AppError } from '../base/errors.ts'
import { RedisFailure } from './redis-failure.ts'

/** The door between the driver's promises and Redis: shut before start and after stop, and nothing but the two codes of a driver comes out. */
export class RedisAccess {
  readonly #backend: string
  readonly #inFlight = new Set<Promise<unknown>>()
  #state: 'new' | 'started' | 'stopped' = 'new'

  constructor(backend: string) {
    this.#backend = backend
  }

  get state(): 'new' | 'started' | 'stopped' {
    return this.#state
  }

  open(): void {
    this.#state = 'started'
  }

  close(): void {
    this.#state = 'stopped'
  }

  /** Resolves once everything asked has been answered. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#inFlight)
  }

  /** Runs what asks Redis, as long as the caller waits for it. Rejects with QUEUE_UNAVAILABLE or QUEUE_FULL. */
  async ask<T>(run: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#state !== 'started') throw this.#unavailable(this.#state)
    if (signal?.aborted === true) throw this.#unavailable('aborted')
    const asked = run().finally(() => this.#inFlight.delete(asked))
    this.#inFlight.add(asked)
    try {
      return await (signal === undefined ? asked : orAborted(asked, signal))
    } catch (thrown) {
      throw this.#asQueueError(thrown)
    }
  }

  #asQueueError(thrown: unknown): AppError {
    if (!(thrown instanceof RedisFailure)) {
      return this.#unavailable(thrown instanceof CallerGone ? 'aborted' : 'unexpected', thrown)
    }
    if (thrown.kind !== 'full') return this.#unavailable(thrown.kind, thrown)
    return new AppError('QUEUE_FULL', {
      cause: thrown,
      details: { backend: this.#backend, reason: 'out_of_memory' },
    })
  }

  #unavailable(reason: string, cause?: unknown): AppError {
    return new AppError('QUEUE_UNAVAILABLE', { cause, details: { backend: this.#backend, reason } })
  }
}

class CallerGone extends Error {
  override readonly name = 'CallerGone'
}

/** What comes first: the answer, or the caller giving up. A later answer is nobody's. */
async function orAborted<T>(asked: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(new CallerGone('The caller gave up', { cause: signal.reason }))
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([asked, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
