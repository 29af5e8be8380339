import type { QueueDepth } from './driver.ts'
import type { QueueLimits } from './limits.ts'

/** How far one group is behind. */
export interface GroupStand {
  /** Events that it has not acknowledged. */
  readonly pending: number
  /** What is kept because of it, in events and in bytes. */
  readonly keptEvents: number
  readonly keptBytes: number
  /** Arrival of the oldest event that it has not acknowledged, wall clock. */
  readonly oldestAtMs: number | undefined
}

/** The part of a depth that the groups decide: the one furthest behind counts. */
export function groupDepth(
  groups: Iterable<GroupStand>,
  { eventsMax, bytesMax }: QueueLimits,
): Pick<QueueDepth, 'eventsMax' | 'pending' | 'fill' | 'oldestAtMs'> {
  let pending = 0
  let fill = 0
  let oldestAtMs = Number.POSITIVE_INFINITY
  for (const group of groups) {
    pending = Math.max(pending, group.pending)
    fill = Math.max(fill, group.keptEvents / eventsMax, group.keptBytes / bytesMax)
    oldestAtMs = Math.min(oldestAtMs, group.oldestAtMs ?? oldestAtMs)
  }
  return { eventsMax, pending, fill, oldestAtMs: Number.isFinite(oldestAtMs) ? oldestAtMs : undefined }
}
