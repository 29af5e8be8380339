import type { QueueDepth } from './driver.ts'

export interface SpoolDepths {
  /** Undefined while Redis cannot be asked. */
  readonly redis: { readonly depth: QueueDepth; readonly hasGroups: boolean } | undefined
  readonly spool: QueueDepth
  /** Events in the spool that Redis has not got. The other rows of the spool are on their way out and counted by Redis. */
  readonly unsentCount: number
  /** As last seen, for when Redis cannot be asked. */
  readonly deadLetterCount: number
}

/** The depth of Redis and the spool as one queue: each event counts once, and the fuller of the two decides. */
export function spoolDepth({ redis, spool, unsentCount, deadLetterCount }: SpoolDepths): QueueDepth {
  const waiting = {
    fill: unsentCount === 0 ? 0 : spool.fill,
    oldestAtMs: unsentCount === 0 ? undefined : spool.oldestAtMs,
  }
  if (redis === undefined) {
    return { ...spool, ...waiting, events: unsentCount, pending: unsentCount, deadLetters: deadLetterCount }
  }
  const { depth, hasGroups } = redis
  return {
    ...depth,
    events: depth.events + unsentCount,
    pending: hasGroups ? depth.pending + unsentCount : 0,
    fill: Math.max(waiting.fill, hasGroups ? Math.min(1, depth.fill + unsentCount / depth.eventsMax) : 0),
    oldestAtMs: earliest(depth.oldestAtMs, waiting.oldestAtMs),
  }
}

function earliest(left: number | undefined, right: number | undefined): number | undefined {
  if (left === undefined || right === undefined) return left ?? right
  return Math.min(left, right)
}
