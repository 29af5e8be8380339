import type { Ids } from '../base/ids.ts'

export interface BackoffPolicy {
  /** The longest first delay, milliseconds; each further one is twice as long. */
  readonly firstMs: number
  /** No delay is longer than this, milliseconds. */
  readonly longestMs: number
}

/**
 * How long to wait after `failureCount` failures in a row (1 is the first), milliseconds. Half of it is chance, so that callers that failed
 * together do not come back together; the other half keeps a wait a wait.
 */
export function backoffMs(
  { firstMs, longestMs }: BackoffPolicy,
  failureCount: number,
  ids: Pick<Ids, 'random'>,
): number {
  const fullMs = Math.min(longestMs, firstMs * 2 ** (failureCount - 1))
  return fullMs / 2 + (fullMs / 2) * ids.random()
}
