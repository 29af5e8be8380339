import { type Clock, sleep } from '../base/clock.ts'
import type { Ids } from '../base/ids.ts'
import { Waiters } from '../base/waiters.ts'
import type { Logger } from '../observe/logger.ts'
import { backoffMs } from '../resilience/backoff.ts'
import {
  diagnoseRedis,
  type OpenRedis,
  openRedis,
  type RedisConnection,
  readTlsCa,
} from './redis-connection.ts'
import { RedisFailure, redisFailure } from './redis-failure.ts'
import { parseRedisInfo, type RedisInfo, redisInfoSections } from './redis-info.ts'
import { RedisLink } from './redis-link.ts'
import { asText, type RedisArgument, type RedisReply } from './redis-reply.ts'
import type { RedisTarget } from './redis-url.ts'

export interface RedisSupervisorOptions {
  readonly target: RedisTarget
  readonly clock: Clock
  readonly ids: Pick<Ids, 'random'>
  readonly log: Logger
  /** Path of the PEM certificates of the authority that signed the server's. */
  readonly tlsCaFile?: string | undefined
  /** How long a command, or connecting, may take before the connection is given up, milliseconds. Default 1,000. */
  readonly commandTimeoutMs?: number | undefined
  /** Called for every connection that can be used. */
  readonly onReady?: ((info: RedisInfo) => void) | undefined
  /** What opens a connection and says why it could not; tests hand in their own. */
  readonly open?: OpenRedis
  readonly diagnose?: typeof diagnoseRedis
}

/** A connection whose server was looked at. */
interface Ready {
  readonly link: RedisLink
  readonly info: RedisInfo
}

const timeoutDefaultMs = 1_000
/** Without end, and soon: Redis is back within seconds of its return. */
const reconnectBackoff = { firstMs: 50, longestMs: 2_000 } as const
/** A connection that lived this long was a good one, also where nothing was asked on it, milliseconds. */
const provenAfterMs = 2_000

/**
 * Keeps one connection to Redis for as long as it runs: reconnects for ever with jitter, and gives up a connection on which a command takes
 * too long, since every reply behind it would be late as well. While there is none, commands fail at once: nothing waits in a queue to be
 * carried out after its caller was answered.
 */
export class RedisSupervisor {
  readonly #options: RedisSupervisorOptions
  readonly #stopping = new AbortController()
  /** For the end of an attempt, well or not, and of the supervisor. */
  readonly #changes = new Waiters()
  #loop: Promise<void> | undefined
  #current: Ready | undefined
  #problem: RedisFailure | undefined

  constructor(options: RedisSupervisorOptions) {
    this.#options = options
  }

  /** What is wrong while there is no connection; undefined while there is one, and before the first attempt ended. */
  get problem(): RedisFailure | undefined {
    return this.#problem
  }

  /** The server at the other end, as it was when the connection was made; undefined while there is none. */
  get info(): RedisInfo | undefined {
    return this.#current?.info
  }

  /** Resolves when the first attempt has ended, well or not. Never rejects. */
  async start(): Promise<void> {
    this.#loop ??= this.#run()
    await this.#until(() => this.#current !== undefined || this.#problem !== undefined)
  }

  get #timeoutMs(): number {
    return this.#options.commandTimeoutMs ?? timeoutDefaultMs
  }

  /** Rejects with RedisFailure alone; at once while there is no connection. */
  send(command: string, args: readonly RedisArgument[], timeoutMs = this.#timeoutMs): Promise<RedisReply> {
    if (this.#current === undefined) return Promise.reject(this.#problem ?? redisFailure('unreachable'))
    return this.#current.link.send(command, args, timeoutMs)
  }

  /** Resolves when there is a connection, or when `signal` aborts or the supervisor stops: the caller looks. Never rejects. */
  async ready(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const wake = () => this.#changes.release()
    signal.addEventListener('abort', wake, { once: true })
    await this.#until(() => this.#current !== undefined || signal.aborted)
    signal.removeEventListener('abort', wake)
  }

  /** Rejects what is unanswered and frees the connection. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#current?.link.end(redisFailure('unreachable'))
    this.#changes.release()
    await this.#loop
  }

  async #run(): Promise<void> {
    const { clock, ids, log, target } = this.#options
    const { signal } = this.#stopping
    let failureCount = 0
    while (!signal.aborted) {
      const { problem, isProven } = await this.#live()
      if (signal.aborted) return
      if (problem.kind !== this.#problem?.kind) {
        log.warn('redis_unavailable', { redis: target.display, reason: problem.kind, error: problem })
      }
      this.#problem = problem
      this.#changes.release()
      failureCount = isProven ? 1 : failureCount + 1
      await sleep(clock, backoffMs(reconnectBackoff, failureCount, ids), signal)
    }
  }

  /** One connection from its beginning to its end; resolves with why it ended or could not begin. A proven one starts the backoff anew. */
  async #live(): Promise<{ readonly problem: RedisFailure; readonly isProven: boolean }> {
    const { clock, log, target } = this.#options
    let ready: Ready
    try {
      ready = await this.#open()
    } catch (thrown) {
      const problem = thrown instanceof RedisFailure ? thrown : redisFailure('unreachable', thrown)
      return { problem, isProven: false }
    }
    if (this.#stopping.signal.aborted) {
      ready.link.end(redisFailure('unreachable'))
    } else {
      const { version, hasAof } = ready.info
      log.info('redis_connected', { redis: target.display, redis_version: version, append_only_file: hasAof })
      this.#current = ready
      this.#problem = undefined
      this.#options.onReady?.(ready.info)
      this.#changes.release()
    }
    const readyAtMs = clock.monotonic()
    const servedAtFirst = ready.link.servedCount
    const problem = await ready.link.ended
    this.#current = undefined
    const hasServed = ready.link.servedCount > servedAtFirst
    return { problem, isProven: hasServed || clock.monotonic() - readyAtMs >= provenAfterMs }
  }

  async #open(): Promise<Ready> {
    const { target, tlsCaFile, clock, open = openRedis, diagnose = diagnoseRedis } = this.#options
    const tlsCa = tlsCaFile === undefined ? undefined : await readTlsCa(tlsCaFile)
    const timeoutMs = this.#timeoutMs
    const options = { target, tlsCa, connectTimeoutMs: timeoutMs }
    const startedAtMs = clock.monotonic()
    let connection: RedisConnection
    try {
      connection = await open(options)
    } catch (thrown) {
      // Asking again what just took the whole time would only double the wait.
      if (clock.monotonic() - startedAtMs >= timeoutMs) throw redisFailure('timeout', thrown)
      throw await diagnose(options)
    }
    const link = new RedisLink(connection, clock)
    try {
      const info = asText(await link.send('INFO', redisInfoSections, timeoutMs))
      return { link, info: parseRedisInfo(info) }
    } catch (thrown) {
      link.end(redisFailure('unreachable', thrown))
      throw thrown
    }
  }

  async #until(isDone: () => boolean): Promise<void> {
    while (!isDone() && !this.#stopping.signal.aborted) {
      await this.#changes.next()
    }
  }
}
