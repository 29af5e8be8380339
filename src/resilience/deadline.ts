import type { Clock } from '../base/clock.ts'

export interface DeadlineOptions {
  readonly clock: Clock
  /** From now, milliseconds. */
  readonly afterMs: number
  /** Ends the wait earlier, with its own reason. */
  readonly signal?: AbortSignal | undefined
}

/** Why a signal of this file aborted, where it was time and not the caller. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded'

  constructor(afterMs: number) {
    super(`Took longer than ${afterMs} ms`)
  }
}

/** A signal that aborts in time, and how to let go of it. */
export interface Deadline {
  /** Aborts with DeadlineExceeded when the time is over, with the caller's reason when the caller's signal aborts. */
  readonly signal: AbortSignal
  /** Milliseconds left; 0 once over. */
  remainingMs(): number
  /** Frees the timer and the caller's signal; afterwards `signal` never aborts. Safe to call twice. */
  dispose(): void
}

/** The caller calls `dispose` in `finally`; `withDeadline` does it by itself. */
export function createDeadline({ clock, afterMs, signal: outer }: DeadlineOptions): Deadline {
  const controller = new AbortController()
  const dueAtMs = clock.monotonic() + afterMs
  const timer = clock.schedule(afterMs, () => end(new DeadlineExceeded(afterMs)))
  const onOuterAbort = () => end(outer?.reason)
  const dispose = () => {
    timer.cancel()
    outer?.removeEventListener('abort', onOuterAbort)
  }
  function end(reason: unknown): void {
    dispose()
    controller.abort(reason)
  }
  if (outer?.aborted === true) onOuterAbort()
  else outer?.addEventListener('abort', onOuterAbort, { once: true })
  return {
    signal: controller.signal,
    remainingMs: () => Math.max(0, dueAtMs - clock.monotonic()),
    dispose,
  }
}

/**
 * Runs `run` with a signal that aborts in time. Settles when the signal aborts even where `run` takes no notice of it: rejects with
 * DeadlineExceeded, or with the reason of the caller's signal. What `run` still does is then nobody's.
 */
export async function withDeadline<T>(
  options: DeadlineOptions,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = createDeadline(options)
  const { signal } = deadline
  let onAbort: () => void = () => undefined
  try {
    signal.throwIfAborted()
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
    })
    return await Promise.race([run(signal), aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
    deadline.dispose()
  }
}
