/** Time as a parameter: everything that waits or dates something is handed a Clock, so that tests advance time instead of sleeping. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. May jump; only for dates and Slack's timestamps. */
  now(): number
  /** Milliseconds that never go backwards; for every duration, TTL and deadline. */
  monotonic(): number
  /** Runs `run` once after `delayMs`. The timer does not keep the process alive. */
  schedule(delayMs: number, run: () => void): Timer
}

export interface Timer {
  /** Safe to call after the timer ran, and twice. */
  cancel(): void
}

/** The clock of the machine. */
export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    schedule(delayMs, run) {
      const handle = setTimeout(run, delayMs)
      handle.unref()
      return { cancel: () => clearTimeout(handle) }
    },
  }
}

/** A wall-clock time as ISO 8601 in UTC with milliseconds. */
export function asIsoTime(wallMs: number): string {
  return new Date(wallMs).toISOString()
}

/** Longest delay that a timer takes, milliseconds: 24.8 days. */
const timerDelayMsMax = 2_147_483_647

/** Keeps the process alive: the timers of a clock do not, and a stopped listener does not either. For whoever ends the process itself. */
export function keepProcessAlive(): void {
  setInterval(() => undefined, timerDelayMsMax)
}

/** Resolves after `delayMs`, or at once when `signal` aborts: the caller looks at the signal afterwards. Never rejects. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve()
  return new Promise((resolve) => {
    const finish = () => {
      timer.cancel()
      signal?.removeEventListener('abort', finish)
      resolve()
    }
    const timer = clock.schedule(delayMs, finish)
    signal?.addEventListener('abort', finish, { once: true })
  })
}

/** Calls `run` every `periodMs` until cancelled; the next period starts when `run` returned, so a slow `run` never piles up. */
export function repeat(clock: Clock, periodMs: number, run: () => void): Timer {
  let isCancelled = false
  let timer: Timer
  const arm = () => {
    timer = clock.schedule(periodMs, () => {
      if (isCancelled) return
      run()
      if (!isCancelled) arm()
    })
  }
  arm()
  return {
    cancel() {
      isCancelled = true
      timer.cancel()
    },
  }
}
