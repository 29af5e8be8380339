import type { Clock } from '../base/clock.ts'

export type BreakerState = 'closed' | 'open' | 'half_open'

export interface CircuitBreakerOptions {
  readonly clock: Clock
  /** Consecutive failures that open the breaker. Default 5 (S72). */
  readonly failuresMax?: number
  /** How long it stays open before one probe may pass, milliseconds. Default 30,000 (S73). */
  readonly openForMs?: number
  /** Called after every change of state, and not for anything else. */
  readonly onChange?: (state: BreakerState) => void
}

/** Leave to make one attempt. Exactly one of the three is called when it ended; what comes later is ignored. */
export interface Admission {
  succeeded(): void
  failed(): void
  /** Says nothing about the other side: the caller gave up, or was told to come later. */
  abandoned(): void
}

const failuresMaxDefault = 5
const openForMsDefault = 30_000

/**
 * Holds calls back from something that keeps failing: `failuresMax` failures in a row open it, `openForMs` later exactly one attempt may
 * pass as a probe while all others are refused at once; its success closes the breaker, its failure opens it anew.
 */
export class CircuitBreaker {
  readonly #clock: Clock
  readonly #failuresMax: number
  readonly #openForMs: number
  readonly #onChange: (state: BreakerState) => void
  #state: BreakerState = 'closed'
  #failureCount = 0
  #openedAtMs = 0
  #isProbing = false
  /** Grows with every change of state: an attempt admitted before one has no say after it. */
  #epoch = 0

  constructor(options: CircuitBreakerOptions) {
    this.#clock = options.clock
    this.#failuresMax = options.failuresMax ?? failuresMaxDefault
    this.#openForMs = options.openForMs ?? openForMsDefault
    this.#onChange = options.onChange ?? (() => undefined)
  }

  /** An open breaker whose time is over still reads `open`: it becomes `half_open` with the attempt that probes. */
  get state(): BreakerState {
    return this.#state
  }

  /** Leave to make an attempt, or undefined: then do not, and come back in `retryAfterMs()`. */
  admit(): Admission | undefined {
    if (this.#state === 'open') {
      if (this.retryAfterMs() > 0) return undefined
      this.#become('half_open')
    }
    if (this.#state === 'half_open') {
      if (this.#isProbing) return undefined
      this.#isProbing = true
    }
    return this.#admission(this.#epoch)
  }

  /**
   * Milliseconds until an attempt may pass; 0 where one may now. While a probe is under way nobody knows: the whole open time is named,
   * since that is what follows if it fails.
   */
  retryAfterMs(): number {
    if (this.#state === 'closed') return 0
    if (this.#state === 'half_open') return this.#isProbing ? this.#openForMs : 0
    return Math.max(0, this.#openedAtMs + this.#openForMs - this.#clock.monotonic())
  }

  #admission(epoch: number): Admission {
    let isSettled = false
    const settle = (act: () => void) => () => {
      if (isSettled || epoch !== this.#epoch) return
      isSettled = true
      act()
    }
    return {
      succeeded: settle(() => this.#succeeded()),
      failed: settle(() => this.#failed()),
      abandoned: settle(() => {
        this.#isProbing = false
      }),
    }
  }

  #succeeded(): void {
    this.#failureCount = 0
    if (this.#state === 'half_open') this.#become('closed')
  }

  #failed(): void {
    this.#failureCount++
    if (this.#state === 'closed' && this.#failureCount < this.#failuresMax) return
    this.#openedAtMs = this.#clock.monotonic()
    this.#become('open')
  }

  #become(state: BreakerState): void {
    this.#state = state
    this.#isProbing = false
    this.#epoch++
    this.#onChange(state)
  }
}
