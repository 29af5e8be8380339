import { AppError } from '../base/errors.ts'
import { DeadLetterBox } from './dead-letter-box.ts'
import type {
  DeadLetter,
  DeadLetterPage,
  GroupInfo,
  LetterName,
  Purge,
  QueueBackend,
  QueueDepth,
  QueuedEvent,
  Subscription,
} from './driver.ts'
import { DriverAccess } from './driver-access.ts'
import { groupDepth } from './group-depth.ts'
import { GroupDispatchers } from './group-dispatchers.ts'
import { dedupeWindowDefaultMs, type QueueLimits, retryPolicyDefault } from './limits.ts'
import type { MemoryGroup, MemoryHeld } from './memory-group.ts'
import { MemoryTopic } from './memory-topic.ts'
import type { QueueDeps } from './queue-deps.ts'
import { Tally } from './tally.ts'

export interface MemoryLimits extends QueueLimits {
  /** Ids remembered per topic; the oldest gives way to a new one and is counted. */
  readonly dedupeIdsMax: number
}

/** About 20 minutes of Slack's maximum of 30,000 events an hour, in at most 64 MiB: what a small container can lose. */
export const memoryLimitsDefault: MemoryLimits = {
  eventsMax: 10_000,
  bytesMax: 64 * 1024 * 1024,
  whenFull: 'refuse',
  dedupeWindowMs: dedupeWindowDefaultMs,
  dedupeIdsMax: 100_000,
  deadLettersMax: 1_000,
  retry: retryPolicyDefault,
}

// Shared, since publishing stands on the path of every webhook: a settled promise can be awaited any number of times.
const stored = Promise.resolve('stored' as const)
const duplicate = Promise.resolve('duplicate' as const)

/** Keeps events in this process: nothing survives it. While a topic has no group it keeps the newest and drops the oldest (D4). */
export class MemoryQueue implements QueueBackend {
  readonly name = 'memory'
  readonly capabilities = { durable: false, shared: false }
  readonly #access = new DriverAccess('memory')
  readonly #limits: MemoryLimits
  readonly #deps: QueueDeps
  readonly #topics = new Map<string, MemoryTopic>()
  readonly #dispatchers: GroupDispatchers<MemoryHeld, MemoryGroup>
  readonly #letters: DeadLetterBox
  readonly #dropped: Readonly<Record<DropReason, Tally>>

  constructor(limits: MemoryLimits, deps: QueueDeps) {
    this.#limits = limits
    this.#deps = deps
    this.#dispatchers = new GroupDispatchers({
      createSource: (topic, group) => this.#topic(topic).group(group),
      retry: limits.retry,
      deps,
    })
    this.#dropped = createTallies(deps)
    this.#letters = new DeadLetterBox(limits.deadLettersMax, () => this.#dropped.dead_letter_evicted.add(1))
  }

  start(): Promise<void> {
    if (this.#access.state === 'new') this.#access.open()
    return Promise.resolve()
  }

  publish(event: QueuedEvent, signal?: AbortSignal): Promise<'stored' | 'duplicate'> {
    const refusal = this.#access.refusal(signal)
    if (refusal !== undefined) return Promise.reject(refusal)
    const outcome = this.#topic(event.topic).append(event)
    if (outcome === 'stored') return stored
    if (outcome === 'duplicate') return duplicate
    return Promise.reject(new AppError('QUEUE_FULL', { details: { backend: this.name } }))
  }

  depth(): Promise<QueueDepth> {
    const topics = [...this.#topics.values()]
    const stands = topics.flatMap(({ groups }) => [...groups.values()].map(({ stand }) => stand))
    return Promise.resolve({
      events: topics.reduce((sum, { log }) => sum + log.count, 0),
      bytes: topics.reduce((sum, { log }) => sum + log.bytes, 0),
      ...groupDepth(stands, this.#limits),
      deadLetters: this.#letters.count,
    })
  }

  ping(signal?: AbortSignal): Promise<void> {
    return this.#access.ask(() => Promise.resolve(), signal)
  }

  async stop(): Promise<void> {
    this.#access.close()
    await this.#dispatchers.stop()
    for (const tally of Object.values(this.#dropped)) tally.flush()
    this.#topics.clear()
    this.#letters.clear()
  }

  subscribe(subscription: Subscription): Promise<void> {
    return this.#dispatchers.subscribe(subscription)
  }

  groups(): Promise<readonly GroupInfo[]> {
    const groups: GroupInfo[] = []
    for (const [topic, { groups: groupsOfTopic }] of this.#topics) {
      for (const [group, { pendingCount, activeAtMs }] of groupsOfTopic) {
        groups.push({ topic, group, pending: pendingCount, activeAtMs })
      }
    }
    return Promise.resolve(groups)
  }

  removeGroup(topic: string, group: string): Promise<boolean> {
    const hasMembers = this.#dispatchers.hasMembers(topic, group)
    if (!hasMembers) this.#dispatchers.remove(topic, group)
    return Promise.resolve(this.#topics.get(topic)?.removeGroup(group, hasMembers) ?? false)
  }

  deadLetters(topic: string, limit: number): Promise<readonly DeadLetter[]> {
    return Promise.resolve(this.#letters.newest(topic, limit))
  }

  deadLetterPage(topic: string, from: string | undefined): Promise<DeadLetterPage> {
    return Promise.resolve(this.#letters.page(topic, from))
  }

  replayDeadLetter(name: LetterName): Promise<boolean> {
    const letter = this.#letters.get(name)
    const group = this.#topics.get(name.topic)?.groups.get(name.group)
    if (letter === undefined || group === undefined) return Promise.resolve(false)
    this.#letters.remove(name)
    group.offerAgain(letter.event)
    return Promise.resolve(true)
  }

  removeDeadLetter(name: LetterName): Promise<boolean> {
    return Promise.resolve(this.#letters.remove(name))
  }

  recent(topic: string, limit: number): Promise<readonly QueuedEvent[]> {
    return Promise.resolve(this.#topics.get(topic)?.log.recent(limit) ?? [])
  }

  find(topic: string, eventId: string): Promise<QueuedEvent | undefined> {
    return Promise.resolve(this.#topics.get(topic)?.log.find(eventId))
  }

  purge({ topic, receivedBeforeMs, isDryRun }: Purge): Promise<number> {
    return Promise.resolve(this.#topics.get(topic)?.purge(receivedBeforeMs, isDryRun) ?? 0)
  }

  #topic(name: string): MemoryTopic {
    const known = this.#topics.get(name)
    if (known !== undefined) return known
    const { clock } = this.#deps
    const topic = new MemoryTopic({
      clock,
      limits: this.#limits,
      dedupeIdsMax: this.#limits.dedupeIdsMax,
      onDropped: (reason) => this.#dropped[reason].add(1),
      onDead: (group, event, attempts, reason) =>
        this.#letters.add({ event, group, attempts, reason, deadAtMs: clock.now() }),
    })
    this.#topics.set(name, topic)
    return topic
  }
}

type DropReason = 'no_subscriber' | 'drop_oldest' | 'dedupe_evicted' | 'dead_letter_evicted'

function createTallies({ clock, metrics }: QueueDeps): Readonly<Record<DropReason, Tally>> {
  const tally = (reason: DropReason) =>
    new Tally(clock, (count) => metrics.increment('slackmcp_queue_dropped_total', { reason }, count))
  return {
    no_subscriber: tally('no_subscriber'),
    drop_oldest: tally('drop_oldest'),
    dedupe_evicted: tally('dedupe_evicted'),
    dead_letter_evicted: tally('dead_letter_evicted'),
  }
}
