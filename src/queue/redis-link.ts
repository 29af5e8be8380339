import type { Clock, Timer } from '../base/clock.ts'
import type { RedisConnection } from './redis-connection.ts'
import { isEndOfConnection, RedisFailure, redisFailure } from './redis-failure.ts'
import type { RedisArgument, RedisReply } from './redis-reply.ts'

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
    this.#dueAtMs.push(this.#clock.monotonic() + timeoutMs)
    this.#watchdog ??= this.#clock.schedule(timeoutMs, () => this.#watch())
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

  #watch(): void {
    this.#watchdog = undefined
    const dueAtMs = this.#dueAtMs[this.#answeredCount]
    if (this.#why !== undefined || dueAtMs === undefined) return
    const leftMs = dueAtMs - this.#clock.monotonic()
    if (leftMs <= 0) {
      this.end(redisFailure('timeout'))
      return
    }
    this.#dueAtMs = this.#dueAtMs.slice(this.#answeredCount)
    this.#answeredCount = 0
    this.#watchdog = this.#clock.schedule(leftMs, () => this.#watch())
  }

  #forgetAnswered(): void {
    this.#dueAtMs = []
    this.#answeredCount = 0
  }
}
