import { repeat, type Timer } from '../base/clock.ts'
import type { GroupInfo, QueueBackend, QueueDepth } from './driver.ts'
import type { QueueDeps } from './queue-deps.ts'

/** From here on an operator still has time to act. */
const fillWarning = 0.8
/** The warning is over only here, so that a queue at the border does not warn again and again. */
const fillRelief = 0.7
const samplePeriodMs = 5_000
const dayMs = 86_400_000

export const groupIdleDefaultMs = 7 * dayMs

export interface QueueWatchOptions extends QueueDeps {
  readonly backend: Pick<QueueBackend, 'depth' | 'groups'>
  /** A group that has events waiting and has not taken or acknowledged any for this long counts as forgotten, milliseconds. */
  readonly groupIdleMs: number
  /** Makes a group's name known to the metrics: names are the operator's, and a label takes no value that was not announced. */
  readonly announceGroup?: (group: string) => void
}

export interface IdleGroup {
  readonly topic: string
  readonly group: string
  readonly pending: number
}

/** Looks at how full the queue is and who has stopped consuming: says so in log and metrics before it refuses events. */
export class QueueWatch {
  readonly #options: QueueWatchOptions
  /** Since when a group that was never active is known. */
  readonly #knownSinceMs = new Map<string, number>()
  /** Groups that have a metric; one that is gone shows 0 from then on. */
  #announced = new Set<string>()
  #idle: readonly IdleGroup[] = []
  #fill = 0
  #isWarned = false
  #isSampling = false
  #timer: Timer | undefined

  constructor(options: QueueWatchOptions) {
    this.#options = options
  }

  /** As last seen: how near the bound is; 1 is there. */
  get fill(): number {
    return this.#fill
  }

  /** As last seen. */
  get idleGroups(): readonly IdleGroup[] {
    return this.#idle
  }

  get isFilling(): boolean {
    return this.#isWarned
  }

  start(): void {
    this.#timer = repeat(this.#options.clock, samplePeriodMs, () => void this.#sampleOnce())
  }

  stop(): void {
    this.#timer?.cancel()
  }

  /** Looks now. Rejects with QUEUE_UNAVAILABLE where the store does not answer. */
  async sample(): Promise<void> {
    const { backend, clock } = this.#options
    const [depth, groups] = await Promise.all([backend.depth(), backend.groups()])
    this.#show(depth)
    this.#warnOfFill(depth)
    this.#showGroups(groups, clock.now())
  }

  /** By the timer: not while the store still owes the last answer, and a store that is away is what others report. */
  async #sampleOnce(): Promise<void> {
    if (this.#isSampling) return
    this.#isSampling = true
    try {
      await this.sample()
    } catch {
      // Seen by every publish and by health.
    } finally {
      this.#isSampling = false
    }
  }

  #show(depth: QueueDepth): void {
    const { metrics, clock } = this.#options
    const ageMs = depth.oldestAtMs === undefined ? 0 : Math.max(0, clock.now() - depth.oldestAtMs)
    metrics.set('slackmcp_queue_depth', {}, depth.events)
    metrics.set('slackmcp_queue_events_max', {}, depth.eventsMax)
    metrics.set('slackmcp_queue_pending_events', {}, depth.pending)
    metrics.set('slackmcp_queue_fill_ratio', {}, depth.fill)
    metrics.set('slackmcp_queue_oldest_event_age_seconds', {}, ageMs / 1_000)
    metrics.set('slackmcp_dead_letters', {}, depth.deadLetters)
  }

  #warnOfFill({ fill, pending, eventsMax }: QueueDepth): void {
    const { log } = this.#options
    this.#fill = fill
    if (!this.#isWarned && fill >= fillWarning) {
      this.#isWarned = true
      log.warn('queue_filling', { fill, pending, events_max: eventsMax })
    } else if (this.#isWarned && fill < fillRelief) {
      this.#isWarned = false
      log.info('queue_relieved', { fill, pending, events_max: eventsMax })
    }
  }

  #showGroups(groups: readonly GroupInfo[], nowMs: number): void {
    const { metrics, log } = this.#options
    const wereIdle = new Set(this.#idle.map(nameOf))
    this.#idle = groups.filter((group) => this.#isIdle(group, nowMs))
    this.#showPending(groups)
    for (const idle of this.#idle) {
      if (wereIdle.has(nameOf(idle))) continue
      const { topic, group, pending } = idle
      log.warn('queue_group_idle', { topic, group, pending, fix: 'events groups remove' })
    }
    metrics.set('slackmcp_queue_idle_groups', {}, this.#idle.length)
    this.#forget(new Set(groups.map(nameOf)))
  }

  #isIdle(group: GroupInfo, nowMs: number): boolean {
    const name = nameOf(group)
    if (!this.#knownSinceMs.has(name)) this.#knownSinceMs.set(name, nowMs)
    const activeAtMs = group.activeAtMs ?? this.#knownSinceMs.get(name) ?? nowMs
    return group.pending > 0 && nowMs - activeAtMs >= this.#options.groupIdleMs
  }

  #forget(known: ReadonlySet<string>): void {
    for (const name of this.#knownSinceMs.keys()) {
      if (!known.has(name)) this.#knownSinceMs.delete(name)
    }
  }

  /** By group alone: topics are few, and a group bears the same name in each for the same reason. */
  #showPending(groups: readonly GroupInfo[]): void {
    const pending = new Map([...this.#announced].map((group) => [group, 0]))
    for (const info of groups) pending.set(info.group, (pending.get(info.group) ?? 0) + info.pending)
    for (const [group, count] of pending) {
      if (!this.#announced.has(group)) this.#options.announceGroup?.(group)
      this.#options.metrics.set('slackmcp_queue_group_pending_events', { group }, count)
    }
    this.#announced = new Set(pending.keys())
  }
}

function nameOf({ topic, group }: { readonly topic: string; readonly group: string }): string {
  return JSON.stringify([topic, group])
}
