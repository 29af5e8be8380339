import type { Clock, Timer } from '../base/clock.ts'
import type { RedisConnection } from './redis-connection.ts'
import { isEndOfConnection, RedisFailure, redisFailure } from './redis-failure.ts'
import type { RedisArgument, RedisReply } from './redis-reply.ts'

/** A timer that comes so late, milliseconds, says that this process stood still: then Redis gets as long again. */
const standstillMs = 100

/**
 * A connection on which every command has a deadline. Redis answers in order, so a late reply makes all that follow late: the connection is
 * given up, and every caller on it is told so at once.
 */
export class RedisLink {
  /** Why the connection ended. Never rejects. */
  readonly ended: Promise<RedisFailure>
  readonly #connection: RedisConnection
  readonly #clock: Clock
  readonly #resolveEnded: (why: RedisFailure) => void
  /** When each unanswered command is overdue; those before `#answeredCount` are answered. */
  #dueAtMs: number[] = []
  #answeredCount = 0
  #servedCount = 0
  #watchdog: Timer | undefined
  #watchdogAtMs = 0
  #hasSparedOnce = false
  #why: RedisFailure | undefined

  constructor(connection: RedisConnection, clock: Clock) {
    this.#connection = connection
    this.#clock = clock
    const { promise, resolve } = Promise.withResolvers<RedisFailure>()
    this.ended = promise
    this.#resolveEnded = resolve
    void connection.closed.then(() => this.end(redisFailure('unreachable')))
  }

  /** Commands that were carried out. */
  get servedCount(): number {
    return this.#servedCount
  }

  /** Rejects with RedisFailure alone: with why the connection ended, where that is the reason. */
  async send(command: string, args: readonly RedisArgument[], timeoutMs: number): Promise<RedisReply> {
    if (this.#why !== undefined) throw this.#why
    const dueAtMs = this.#clock.monotonic() + timeoutMs
    this.#dueAtMs.push(dueAtMs)
    this.#watchUntil(dueAtMs)
    try {
      const reply = await this.#connection.send(command, args)
      this.#servedCount++
      return reply
    } catch (thrown) {
      const failure = thrown instanceof RedisFailure ? thrown : redisFailure('unreachable', thrown)
      if (isEndOfConnection(failure)) this.end(failure)
      throw this.#why ?? failure
    } finally {
      this.#answeredCount++
      this.#hasSparedOnce = false
      if (this.#answeredCount === this.#dueAtMs.length) this.#forgetAnswered()
    }
  }

  /** Safe to call twice; the first reason holds. */
  end(why: RedisFailure): void {
    if (this.#why !== undefined) return
    this.#why = why
    this.#watchdog?.cancel()
    this.#connection.close()
    this.#resolveEnded(why)
  }

  /** One timer for all: it is left as it is where it comes soon enough, also once its command was answered. */
  #watchUntil(dueAtMs: number): void {
    if (this.#watchdog !== undefined && this.#watchdogAtMs <= dueAtMs) return
    this.#watchdog?.cancel()
    this.#watchdogAtMs = dueAtMs
    this.#watchdog = this.#clock.schedule(dueAtMs - this.#clock.monotonic(), () => this.#watch())
  }

  #watch(): void {
    this.#watchdog = undefined
    if (this.#why !== undefined) return
    this.#dueAtMs = this.#dueAtMs.slice(this.#answeredCount)
    this.#answeredCount = 0
    if (this.#dueAtMs.length === 0) return
    // Not always that of the oldest: a command may have a longer time of its own.
    const dueAtMs = this.#dueAtMs.reduce((earliest, at) => Math.min(earliest, at))
    const nowMs = this.#clock.monotonic()
    if (dueAtMs > nowMs) this.#watchUntil(dueAtMs)
    else if (nowMs - this.#watchdogAtMs >= standstillMs && !this.#hasSparedOnce) this.#spare(nowMs)
    else this.end(redisFailure('timeout'))
  }

  /** While this process stood still no command left and no reply was read: that it is overdue says nothing of Redis. Once without a reply. */
  #spare(nowMs: number): void {
    this.#hasSparedOnce = true
    const untilMs = nowMs + standstillMs
    this.#dueAtMs = this.#dueAtMs.map((dueAtMs) => Math.max(dueAtMs, untilMs))
    this.#watchUntil(untilMs)
  }

  #forgetAnswered(): void {
    this.#dueAtMs = []
    this.#answeredCount = 0
  }
}
