import type { Clock } from '../base/clock.ts'
import { DedupeWindow } from './dedupe-window.ts'
import type { QueuedEvent } from './driver.ts'
import type { QueueLimits } from './limits.ts'
import { MemoryGroup } from './memory-group.ts'
import { type LogEntry, MemoryLog } from './memory-log.ts'

export interface MemoryTopicOptions {
  readonly clock: Clock
  readonly limits: QueueLimits
  readonly dedupeIdsMax: number
  readonly onDropped: (reason: 'no_subscriber' | 'drop_oldest' | 'dedupe_evicted') => void
  readonly onDead: (group: string, event: QueuedEvent, attempts: number, reason: string) => void
}

/**
 * Events kept after every group has acknowledged them: as many as a listing shows. Each one more is an object that every collection of garbage
 * walks, for the life of the process.
 */
const settledMax = 1_000

/** One topic in memory: its log, its groups, the ids it has seen. */
export class MemoryTopic {
  readonly log = new MemoryLog()
  readonly groups = new Map<string, MemoryGroup>()
  readonly #options: MemoryTopicOptions
  readonly #dedupe: DedupeWindow

  constructor(options: MemoryTopicOptions) {
    this.#options = options
    this.#dedupe = new DedupeWindow({
      idsMax: options.dedupeIdsMax,
      windowMs: options.limits.dedupeWindowMs,
      onEvictedEarly: () => options.onDropped('dedupe_evicted'),
    })
  }

  append(event: QueuedEvent): 'stored' | 'duplicate' | 'full' {
    const nowMs = this.#options.clock.monotonic()
    if (this.#dedupe.has(event.id, nowMs)) return 'duplicate'
    if (!this.#makeRoom(event.bytes.byteLength)) return 'full'
    this.#dedupe.add(event.id, nowMs)
    const entry = this.log.append(event, this.groups.size)
    for (const group of this.groups.values()) group.offer(entry)
    return 'stored'
  }

  /** The group of this name; a new one begins with the oldest event kept. */
  group(name: string): MemoryGroup {
    const known = this.groups.get(name)
    if (known !== undefined) return known
    const group = new MemoryGroup(this.log, this.#options.clock, {
      onDone: (entry) => {
        entry.waitingCount--
        if (entry.waitingCount === 0) this.#settle(entry)
      },
      onDead: (event, attempts, reason) => this.#options.onDead(name, event, attempts, reason),
    })
    this.groups.set(name, group)
    this.#recount()
    return group
  }

  removeGroup(name: string, hasMembers: boolean): boolean {
    const group = this.groups.get(name)
    if (group === undefined) return false
    group.forgetAll()
    if (!hasMembers) this.groups.delete(name)
    this.#recount()
    return true
  }

  /** How many events from the oldest on arrived before `receivedBeforeMs`; removes them, unless it is a dry run. */
  purge(receivedBeforeMs: number, isDryRun: boolean): number {
    let count = 0
    for (let entry = this.log.oldest; entry !== undefined; ) {
      if (entry.event.meta.receivedAtMs >= receivedBeforeMs) break
      const { newer } = entry
      count++
      if (!isDryRun) this.#drop(entry)
      entry = newer
    }
    // What was acknowledged out of order left from the middle of the queue of those.
    if (!isDryRun) this.#recount()
    return count
  }

  #settle(entry: LogEntry): void {
    this.log.settle(entry)
    while (this.log.settledCount > settledMax && this.log.firstSettled !== undefined) {
      this.log.remove(this.log.firstSettled)
    }
  }

  #recount(): void {
    this.log.recount((entry) => {
      let waitingCount = 0
      for (const group of this.groups.values()) if (group.isWaitingFor(entry)) waitingCount++
      return waitingCount
    })
  }

  #makeRoom(byteCount: number): boolean {
    const { eventsMax, bytesMax } = this.#options.limits
    if (byteCount > bytesMax) return false
    while (this.log.count >= eventsMax || this.log.bytes + byteCount > bytesMax) {
      if (!this.#removeOne()) return false
    }
    return true
  }

  /** What every group has acknowledged goes first and is no loss; then, where the policy or the lack of groups allows it, the oldest. */
  #removeOne(): boolean {
    const hasGroups = this.groups.size > 0
    const settled = hasGroups ? this.log.firstSettled : undefined
    if (settled !== undefined) {
      this.log.remove(settled)
      return true
    }
    if (hasGroups && this.#options.limits.whenFull === 'refuse') return false
    const oldest = this.log.oldest
    if (oldest === undefined) return false
    this.#drop(oldest)
    this.#options.onDropped(hasGroups ? 'drop_oldest' : 'no_subscriber')
    return true
  }

  #drop(oldest: LogEntry): void {
    for (const group of this.groups.values()) group.forget(oldest)
    this.log.remove(oldest)
  }
}
