import { type Clock, repeat, type Timer } from '../base/clock.ts'
import type { Logger } from '../observe/logger.ts'
import type { Metrics } from '../observe/metrics.ts'

/** Memory of this process. */
export interface ProcessMemory {
  /** What it may hold, bytes. */
  readonly limitBytes: number
  /** What it holds now, bytes. Asked once a second. */
  readonly heldBytes: () => number
}

export interface MemoryGuardDeps {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

const periodMs = 1_000

/** A guard sheds from this share of the limit on, and below the other no more: it would go to and fro at a single one. */
const shedFrom = 0.8
const shedUntil = 0.7

/** Says when memory is short, so that what can wait is refused before the kernel kills the process and everything with it (F29). */
export class MemoryGuard {
  #isShedding = false
  #timer: Timer | undefined
  readonly #memory: ProcessMemory | undefined
  readonly #deps: MemoryGuardDeps

  /** Without `memory` nothing runs, and nothing is ever shed. */
  constructor(memory: ProcessMemory | undefined, deps: MemoryGuardDeps) {
    this.#memory = memory
    this.#deps = deps
  }

  /** From 80 % of the limit on, until it is down to 70 %. */
  get isShedding(): boolean {
    return this.#isShedding
  }

  start(): void {
    const memory = this.#memory
    if (memory === undefined) return
    this.#deps.metrics.set('slackmcp_memory_shedding', {}, 0)
    this.#timer = repeat(this.#deps.clock, periodMs, () => this.#look(memory))
  }

  stop(): void {
    this.#timer?.cancel()
  }

  #look({ limitBytes, heldBytes }: ProcessMemory): void {
    const held = heldBytes()
    const isShort = this.#isShedding ? held > shedUntil * limitBytes : held >= shedFrom * limitBytes
    if (isShort === this.#isShedding) return
    this.#isShedding = isShort
    const { log, metrics } = this.#deps
    metrics.set('slackmcp_memory_shedding', {}, isShort ? 1 : 0)
    const fields = { held_bytes: held, limit_bytes: limitBytes }
    if (isShort) log.warn('memory_shedding_started', fields)
    else log.info('memory_shedding_ended', fields)
  }
}
