import { RedisFailure } from './redis-failure.ts'
import { asText, type RedisArgument, type RedisReply } from './redis-reply.ts'

/** What runs one command. */
export interface RedisSender {
  send(command: string, args: readonly RedisArgument[], timeoutMs?: number): Promise<RedisReply>
}

/** Runs Lua by its digest, so that its text crosses the wire once; Redis that forgot it (restart, SCRIPT FLUSH) gets the text again. */
export class RedisScripts {
  readonly #redis: RedisSender
  readonly #digests = new Map<string, string>()

  constructor(redis: RedisSender) {
    this.#redis = redis
  }

  async run(source: string, keys: readonly string[], args: readonly RedisArgument[]): Promise<RedisReply> {
    const rest = [String(keys.length), ...keys, ...args]
    const digest = this.#digests.get(source) ?? (await this.#load(source))
    try {
      return await this.#redis.send('EVALSHA', [digest, ...rest])
    } catch (thrown) {
      if (!(thrown instanceof RedisFailure && thrown.kind === 'no-script')) throw thrown
      return await this.#redis.send('EVAL', [source, ...rest])
    }
  }

  async #load(source: string): Promise<string> {
    const digest = asText(await this.#redis.send('SCRIPT', ['LOAD', source]))
    this.#digests.set(source, digest)
    return digest
  }
}
