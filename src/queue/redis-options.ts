import type { Secret } from '../base/secret.ts'
import { dedupeWindowDefaultMs, type QueueLimits, retryPolicyDefault } from './limits.ts'

export interface RedisLimits extends QueueLimits {
  /** How long an event stays that every group has acknowledged, milliseconds: what a new group begins with, and `recent` shows. */
  readonly retentionMs: number
  /** After how long without a sign an unacknowledged event counts as left behind by a consumer that died, milliseconds (F12). */
  readonly claimAfterMs: number
}

/** A day of Slack's maximum of 30,000 events an hour, and as much again as events of 2 KiB take. */
export const redisLimitsDefault: RedisLimits = {
  eventsMax: 1_000_000,
  bytesMax: 2 * 1024 * 1024 * 1024,
  whenFull: 'refuse',
  dedupeWindowMs: dedupeWindowDefaultMs,
  deadLettersMax: 10_000,
  retry: retryPolicyDefault,
  retentionMs: 24 * 3_600_000,
  claimAfterMs: 60_000,
}

export interface RedisQueueOptions {
  /** `redis[s]://[user[:password]@]host[:port][/database]`. */
  readonly url: Secret
  /** What every key begins with: letters, digits and `. _ : -`. Default none, so that a stream bears the topic's own name. */
  readonly keyPrefix?: string
  /** Topics that `depth`, `groups` and `deadLetters` look at, beside those used in this process. */
  readonly topics: readonly string[]
  readonly limits?: Partial<RedisLimits>
  /** PEM certificates of the authority that signed the server's; the system's list where absent. */
  readonly tlsCa?: string | undefined
  /** How long a command may take before its connection is given up, milliseconds. Default 1,000 (F6). */
  readonly commandTimeoutMs?: number
}
