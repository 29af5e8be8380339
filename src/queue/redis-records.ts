import type { QueueDeps } from './queue-deps.ts'
import { checkKeyPrefix, redisTopicKeys } from './redis-keys.ts'
import type { RedisQueueOptions } from './redis-options.ts'
import { asText } from './redis-reply.ts'
import { RedisSupervisor } from './redis-supervisor.ts'
import { parseRedisUrl } from './redis-url.ts'

/** Redis as the queue has it. */
export interface RedisRecordsOptions extends Pick<RedisQueueOptions, 'url' | 'keyPrefix' | 'tlsCaFile'> {
  /** Whose room in Redis they live in: the rights that the queue needs reach them too. */
  readonly topic: string
}

/**
 * Short texts under names that all replicas share, each for a limited time. Everything here rejects with RedisFailure alone, and at once while Redis
 * is away. The connection is its own and is opened by the first that asks: most servers never need it.
 */
export class RedisRecords {
  readonly #prefix: string
  readonly #redis: RedisSupervisor

  /** Throws CONFIG_INVALID for a URL or prefix that cannot be used. */
  constructor(
    { url, keyPrefix = '', tlsCaFile, topic }: RedisRecordsOptions,
    deps: Pick<QueueDeps, 'clock' | 'ids' | 'log'>,
  ) {
    this.#prefix = redisTopicKeys(checkKeyPrefix(keyPrefix), topic).writes
    this.#redis = new RedisSupervisor({
      ...deps,
      log: deps.log.child({ connection: 'records' }),
      target: parseRedisUrl(url.reveal()),
      tlsCaFile,
    })
  }

  /** Stores `text` where nothing is stored under `name`, else hands back what is: in one step for all replicas. */
  async claim(name: string, text: string, ttlMs: number): Promise<string | undefined> {
    const existing = await this.#send('SET', [this.#key(name), text, 'NX', 'GET', 'PX', String(ttlMs)])
    return existing === null ? undefined : asText(existing)
  }

  /** Stores `text` under `name`, whatever was there. */
  async put(name: string, text: string, ttlMs: number): Promise<void> {
    await this.#send('SET', [this.#key(name), text, 'PX', String(ttlMs)])
  }

  async remove(name: string): Promise<void> {
    await this.#send('DEL', [this.#key(name)])
  }

  /** Frees the connection; safe to call twice, and where there was none. */
  stop(): Promise<void> {
    return this.#redis.stop()
  }

  #key(name: string): string {
    return `${this.#prefix}${name}`
  }

  async #send(command: string, args: readonly string[]) {
    await this.#redis.start()
    return await this.#redis.send(command, args)
  }
}
