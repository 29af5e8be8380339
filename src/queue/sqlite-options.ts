import type { DurableLimits } from './limits.ts'
import type { OpenWriterPort } from './sqlite-thread.ts'

export interface SqliteQueueOptions {
  /** Folder of our own inside a directory that exists, such as `<STATE_DIR>/queue`. */
  readonly directory: string
  /** Of this process: what another one that wants the same directory is told. */
  readonly pid: number
  readonly limits: DurableLimits
  /** How long a transaction waits for somebody else's lock on the file, milliseconds. Default 1,000. */
  readonly lockWaitMs?: number
  /** Default: a thread. */
  readonly openWriter?: OpenWriterPort
}
