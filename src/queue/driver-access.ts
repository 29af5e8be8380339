import { AppError } from '../base/errors.ts'

/** The door between a driver's promises and its store: shut before start and after stop, and nothing but the two codes of a driver comes out. */
export class DriverAccess {
  readonly #backend: string
  readonly #refusalOf: (thrown: unknown) => Refusal
  readonly #inFlight = new Set<Promise<unknown>>()
  #state: 'new' | 'started' | 'stopped' = 'new'

  /** `refusalOf` says what a failure of the store means; without it all mean the same. */
  constructor(backend: string, refusalOf: (thrown: unknown) => Refusal = unexpected) {
    this.#backend = backend
    this.#refusalOf = refusalOf
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

  /** Why nothing can be asked now; undefined where it can. */
  refusal(signal?: AbortSignal): AppError | undefined {
    if (this.#state !== 'started') return this.unavailable(this.#state)
    return signal?.aborted === true ? this.unavailable('aborted') : undefined
  }

  /** Runs what asks the store, as long as the caller waits for it. Rejects with QUEUE_UNAVAILABLE or QUEUE_FULL. */
  async ask<T>(run: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const refusal = this.refusal(signal)
    if (refusal !== undefined) throw refusal
    const asked = run().finally(() => this.#inFlight.delete(asked))
    this.#inFlight.add(asked)
    try {
      return await (signal === undefined ? asked : orAborted(asked, signal))
    } catch (thrown) {
      if (thrown instanceof CallerGone) throw this.unavailable('aborted', thrown)
      const { code, reason } = this.#refusalOf(thrown)
      throw new AppError(code, { cause: thrown, details: { backend: this.#backend, reason } })
    }
  }

  unavailable(reason: string, cause?: unknown): AppError {
    return new AppError('QUEUE_UNAVAILABLE', { cause, details: { backend: this.#backend, reason } })
  }
}

/** What a failure of the store comes to. The reason is a word that anybody may read. */
export interface Refusal {
  readonly code: 'QUEUE_UNAVAILABLE' | 'QUEUE_FULL'
  readonly reason: string
}

function unexpected(): Refusal {
  return { code: 'QUEUE_UNAVAILABLE', reason: 'unexpected' }
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
