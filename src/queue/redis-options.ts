import type { Secret } from '../base/secret.ts'
import { type DurableLimits, durableLimitsDefault } from './limits.ts'

export interface RedisLimits extends DurableLimits {
  /** After how long without a sign an unacknowledged event counts as left behind by a consumer that died, milliseconds (F12). */
  readonly claimAfterMs: number
}

export const redisLimitsDefault: RedisLimits = { ...durableLimitsDefault, claimAfterMs: 60_000 }

export interface RedisQueueOptions {
  /** `redis[s]://[user[:password]@]host[:port][/database]`. */
  readonly url: Secret
  /** What every key begins with: letters, digits and `. _ : -`. Default none, so that a stream bears the topic's own name. */
  readonly keyPrefix?: string | undefined
  /** Topics that `depth`, `groups` and `deadLetters` look at, beside those used in this process. */
  readonly topics: readonly string[]
  readonly limits?: Partial<RedisLimits>
  /** Path of the PEM certificates of the authority that signed the server's; the system's list where absent. */
  readonly tlsCaFile?: string | undefined
  /** How long a command, or connecting, may take before the connection is given up, milliseconds. Default 1,000 (F6). */
  readonly commandTimeoutMs?: number
}
