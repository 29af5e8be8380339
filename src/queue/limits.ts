import type { RetryPolicy } from './driver.ts'

/** Dead letters that are read at once where all are looked through: each may be 1 MiB. */
export const deadLetterPageMax = 50

/** What becomes of a publish at the bound while some group has not acknowledged what is kept. */
export type FullPolicy = 'refuse' | 'drop-oldest'

/** The bounds of a driver. Each holds per topic, except dead letters, which are counted together. */
export interface QueueLimits {
  readonly eventsMax: number
  /** Payload bytes. */
  readonly bytesMax: number
  readonly whenFull: FullPolicy
  /** How long an id is remembered, whatever became of its event, milliseconds. */
  readonly dedupeWindowMs: number
  /** Dead letters kept; the oldest gives way to a new one and is counted. */
  readonly deadLettersMax: number
  /** For subscriptions that bring no policy of their own. */
  readonly retry: RetryPolicy
}

/** The bounds of a driver whose events outlive the process. */
export interface DurableLimits extends QueueLimits {
  /**
   * How long an event stays that every group has acknowledged, milliseconds: what a new group begins with, and what operators look at. Without a
   * group: how long any event stays.
   */
  readonly retentionMs: number
}

const secondMs = 1_000
const hourMs = 3_600 * secondMs

/** Slack's delayed events are retried for 24 h after the first three tries; two more hours for clocks and queues on the way (D4a). */
export const dedupeWindowDefaultMs = 26 * hourMs

/** Ten tries over about 20 minutes: longer than a restart or a deployment of what the handler talks to. */
export const retryPolicyDefault: RetryPolicy = {
  attemptsMax: 10,
  firstMs: secondMs,
  longestMs: 300 * secondMs,
}

/**
 * A day of Slack's maximum, 30,000 events an hour, is 720,000 events of 1 to 3 KB, at most 2.2 GB: that and a third more fits, so that a consumer
 * may be away for a day. What every group has acknowledged stays a day, for whoever asks about yesterday.
 */
export const durableLimitsDefault: DurableLimits = {
  eventsMax: 1_000_000,
  bytesMax: 4 * 1024 ** 3,
  whenFull: 'refuse',
  dedupeWindowMs: dedupeWindowDefaultMs,
  deadLettersMax: 10_000,
  retry: retryPolicyDefault,
  retentionMs: 24 * hourMs,
}
