import { type Clock, createSystemClock, type Timer } from '../../src/base/clock.ts'

interface Pending {
  readonly dueAtMs: number
  readonly run: () => void
  timer: Timer
}

/**
 * The clock of the machine, which can be put forward: for tests of what talks to real processes, whose answers take real time, and yet waits
 * for minutes.
 */
export class ShiftingClock implements Clock {
  readonly #system = createSystemClock()
  readonly #pending = new Set<Pending>()
  #shiftMs = 0
  #stoodAt: { readonly nowMs: number; readonly monotonicMs: number } | undefined

  now(): number {
    return (this.#stoodAt?.nowMs ?? this.#system.now()) + this.#shiftMs
  }

  monotonic(): number {
    return (this.#stoodAt?.monotonicMs ?? this.#system.monotonic()) + this.#shiftMs
  }

  schedule(delayMs: number, run: () => void): Timer {
    const pending: Pending = {
      dueAtMs: this.monotonic() + delayMs,
      run: () => {
        this.#pending.delete(pending)
        run()
      },
      timer: this.#system.schedule(delayMs, () => pending.run()),
    }
    this.#pending.add(pending)
    return {
      cancel: () => {
        pending.timer.cancel()
        this.#pending.delete(pending)
      },
    }
  }

  /** Timers that wait: zero after a module has stopped. */
  get timerCount(): number {
    return this.#pending.size
  }

  /** Until `goOn` nothing grows older than by `shift`, whatever time a starved machine takes; timers go on in real time. */
  standStill(): void {
    this.#stoodAt = { nowMs: this.#system.now(), monotonicMs: this.#system.monotonic() }
  }

  goOn(): void {
    this.#stoodAt = undefined
  }

  /** Puts both clocks forward; timers that became due run soon. */
  shift(byMs: number): void {
    this.#shiftMs += byMs
    for (const pending of this.#pending) {
      pending.timer.cancel()
      const leftMs = Math.max(0, pending.dueAtMs - this.monotonic())
      pending.timer = this.#system.schedule(leftMs, () => pending.run())
    }
  }
}
