import { dedupeWindowDefaultMs, retryPolicyDefault } from './limits.ts'
import type { SqliteLimits } from './sqlite-protocol.ts'
import type { OpenWriterPort } from './sqlite-thread.ts'

export interface SqliteQueueOptions {
  /** Folder of our own inside a directory that exists, such as `<STATE_DIR>/queue`. */
  readonly directory: string
  /** Of this process: what another one that wants the same directory is told. */
  readonly pid: number
  readonly limits: SqliteLimits
  /** How long a transaction waits for somebody else's lock on the file, milliseconds. Default 1,000. */
  readonly lockWaitMs?: number
  /** Default: a thread. */
  readonly openWriter?: OpenWriterPort
}

const hourMs = 3_600_000
const gibibyte = 1024 ** 3

/**
 * A day of Slack's maximum, 30,000 events an hour, is 720,000 events of 1 to 3 KB: that and a third more fits, so that a consumer may be away
 * for a day. What every group has acknowledged stays a day for looking at.
 */
export const sqliteLimitsDefault: SqliteLimits = {
  eventsMax: 1_000_000,
  bytesMax: 4 * gibibyte,
  whenFull: 'refuse',
  dedupeWindowMs: dedupeWindowDefaultMs,
  deadLettersMax: 10_000,
  retry: retryPolicyDefault,
  retentionMs: 24 * hourMs,
}
