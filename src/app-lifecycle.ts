import { type Clock, sleep } from './base/clock.ts'
import type { Logger } from './observe/logger.ts'

/** A part that `start` starts in order and `stop` stops in reverse; one without `start` is stopped whether or not the others were started. */
export interface LifecyclePart {
  readonly name: string
  start?(): Promise<void> | void
  /**
   * Finishes what is in flight before `signal` aborts at the latest, then frees everything. A promise is waited for; `false`, now or then, says
   * that something was abandoned.
   */
  stop?(signal: AbortSignal): unknown
}

export interface LifecycleDeps {
  readonly clock: Clock
  readonly log: Logger
  /** How long a stop may take in all, milliseconds. */
  readonly stopDeadlineMs: number
}

/** How a stop went. */
export interface StopReport {
  /** Everything in flight was finished. */
  readonly isClean: boolean
  /** The parts that were still busy at the deadline, or had to abandon something. */
  readonly unfinished: readonly string[]
}

export interface Lifecycle {
  /** Resolves once every part has started; a second call waits for the first. Rejects with what a part threw, after stopping what had started. */
  start(): Promise<void>
  /** Stops in reverse order, each part at the latest when the deadline is over; a second call waits for the first. Never rejects. */
  stop(): Promise<StopReport>
  /** Ends the wait of a running stop: parts are told to give up at once. */
  hurry(): void
  /** Between a finished start and the beginning of a stop. */
  readonly isReady: boolean
}

export function createLifecycle(parts: readonly LifecyclePart[], deps: LifecycleDeps): Lifecycle {
  const hurried = new AbortController()
  const started = new Set<LifecyclePart>()
  let starting: Promise<void> | undefined
  let stopping: Promise<StopReport> | undefined
  let isReady = false

  const startAll = async () => {
    for (const part of parts) {
      started.add(part)
      await part.start?.()
    }
    isReady = stopping === undefined
  }
  const stopAll = async () => {
    isReady = false
    // A stop during the start waits for it: what is half started cannot be stopped.
    await starting?.catch(() => undefined)
    // What nothing starts may be at work all the same: a connection that its first use opens.
    const toStop = parts.filter((part) => started.has(part) || part.start === undefined)
    return stopParts(toStop.reverse(), hurried, deps)
  }
  const stop = () => {
    stopping ??= stopAll()
    return stopping
  }
  return {
    start() {
      starting ??= startAll()
      return starting.catch(async (error: unknown) => {
        await stop()
        throw error
      })
    },
    stop,
    hurry: () => hurried.abort(),
    get isReady() {
      return isReady
    },
  }
}

async function stopParts(
  parts: readonly LifecyclePart[],
  hurried: AbortController,
  { clock, log, stopDeadlineMs }: LifecycleDeps,
): Promise<StopReport> {
  const timer = clock.schedule(stopDeadlineMs, () => hurried.abort())
  const unfinished: string[] = []
  for (const part of parts) {
    if (!(await stopPart(part, hurried.signal, clock, log))) unfinished.push(part.name)
  }
  timer.cancel()
  return { isClean: unfinished.length === 0, unfinished }
}

/** What a part may still take after the deadline to free its files and sockets. */
const graceMs = 500

async function stopPart(
  part: LifecyclePart,
  signal: AbortSignal,
  clock: Clock,
  log: Logger,
): Promise<boolean> {
  const isOver = new AbortController()
  const stopped = Promise.resolve()
    .then(() => part.stop?.(signal))
    .then(
      (isFinished) => isFinished !== false,
      (error: unknown) => {
        log.error('server_part_stop_failed', { part: part.name, error })
        return false
      },
    )
  const timedOut = untilAborted(signal, isOver.signal)
    .then(() => sleep(clock, graceMs, isOver.signal))
    .then(() => false)
  const isClean = await Promise.race([stopped, timedOut])
  isOver.abort()
  return isClean
}

function untilAborted(signal: AbortSignal, isOver: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve(), { once: true, signal: isOver })
  })
}
