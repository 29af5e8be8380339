import { repeat, type Timer } from '../base/clock.ts'
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
import { type DurableLimits, durableLimitsDefault } from './limits.ts'
import type { QueueDeps } from './queue-deps.ts'
import { RedisQueue } from './redis.ts'
import { type RedisQueueOptions, redisLimitsDefault } from './redis-options.ts'
import { type SpoolDepths, spoolDepth } from './spool-depth.ts'
import { SpoolDrain, shippedBytesMax, shippedMax } from './spool-drain.ts'
import { SpoolRoom } from './spool-room.ts'
import { SqliteQueue } from './sqlite.ts'
import type { SqliteHeld } from './sqlite-group.ts'
import type { SqliteQueueOptions } from './sqlite-options.ts'

export interface SpoolOptions {
  /** Its limits are those of both together while Redis can be reached. */
  readonly redis: RedisQueueOptions
  /** What bridges an outage of Redis. */
  readonly spool: Omit<SqliteQueueOptions, 'limits'> & { readonly limits?: Partial<DurableLimits> }
}

/** What Redis has is of no further use here; kept for a while for whoever looks after a fault, milliseconds. */
const spoolRetentionMs = 60_000

/** The group of the spool that Redis is. */
const relayGroup = 'redis'
/** How long a question waits for what was accepted before it to be in Redis, so that it is in the answer, milliseconds. */
const catchUpMaxMs = 1_000
const measureEveryMs = 1_000

/**
 * Redis with an fsynced log of our own in front of it: an event is acknowledged when this disk has it, whatever Redis does at that moment,
 * and goes on from there. Redis may be away for a day. Consuming and administration are Redis' own. The constructor throws as that of
 * RedisQueue.
 */
export class SpoolQueue implements QueueBackend {
  readonly name = 'redis'
  readonly capabilities = { durable: true, shared: true }
  readonly #access = new DriverAccess('redis')
  readonly #deps: QueueDeps
  readonly #topics: readonly string[]
  readonly #redis: RedisQueue
  readonly #spool: SqliteQueue
  readonly #room: SpoolRoom
  readonly #drains = new Map<string, SpoolDrain<SqliteHeld>>()
  readonly #opening = new Map<string, Promise<SpoolDrain<SqliteHeld>>>()
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  #measuring: Timer | undefined
  /** Publishes under way: neither refused nor in the spool yet. */
  #acceptingCount = 0
  #deadLetterCount = 0

  constructor({ redis, spool }: SpoolOptions, deps: QueueDeps) {
    this.#deps = deps
    this.#topics = redis.topics
    this.#redis = new RedisQueue(redis, deps)
    const bounds = { ...redisLimitsDefault, ...redis.limits }
    const limits = { ...spoolLimitsOf(bounds), ...spool.limits }
    this.#spool = new SqliteQueue({ ...spool, limits }, deps)
    this.#room = new SpoolRoom(bounds)
  }

  /** What keeps events from going on to Redis; undefined while they do. Accepting does not depend on it. */
  get problem(): Error | undefined {
    return this.#redis.problem
  }

  /** Events accepted that Redis has not got. */
  get unsentCount(): number {
    let count = 0
    for (const drain of this.#drains.values()) count += drain.unsentCount
    return count
  }

  /** Rejects with STATE_DIR_IN_USE, STATE_DIR_UNUSABLE, or CONFIG_INVALID for a Redis of the wrong kind; not where Redis is away. */
  start(): Promise<void> {
    this.#starting ??= this.#start()
    return this.#starting
  }

  async publish(event: QueuedEvent, signal?: AbortSignal): Promise<'stored' | 'duplicate'> {
    const refusal = this.#access.refusal(signal)
    if (refusal !== undefined) throw refusal
    const byteCount = event.bytes.byteLength
    if (!this.#room.isThereFor(byteCount)) {
      await this.#catchUp()
      await this.#measure()
      // At the bound Redis itself decides: it alone knows what is a duplicate and what has just been acknowledged.
      if (!this.#room.isThereFor(byteCount)) return await this.#redis.publish(event, signal)
    }
    this.#room.use(byteCount)
    this.#acceptingCount++
    try {
      return await this.#accept(event, signal)
    } finally {
      this.#acceptingCount--
    }
  }

  async depth(): Promise<QueueDepth> {
    await this.#catchUp()
    const spool = await this.#spool.depth()
    const redis = await this.#redisDepth()
    this.#deadLetterCount = redis?.depth.deadLetters ?? this.#deadLetterCount
    const { unsentCount } = this
    return spoolDepth({ redis, spool, unsentCount, deadLetterCount: this.#deadLetterCount })
  }

  /** Whether events can be accepted: by the spool, or while the disk fails by Redis itself. */
  async ping(signal?: AbortSignal): Promise<void> {
    const refusal = this.#access.refusal(signal)
    if (refusal !== undefined) throw refusal
    await this.#spool
      .ping(signal)
      .catch((error: unknown) => this.#orElse(error, signal, () => this.#redis.ping(signal)))
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async subscribe(subscription: Subscription): Promise<void> {
    await this.#catchUp()
    await this.#redis.subscribe(subscription)
  }

  async groups(): Promise<readonly GroupInfo[]> {
    await this.#catchUp()
    const groups = await this.#redis.groups()
    return groups.map((group) => ({
      ...group,
      pending: group.pending + (this.#drains.get(group.topic)?.unsentCount ?? 0),
    }))
  }

  async removeGroup(topic: string, group: string): Promise<boolean> {
    await this.#catchUp()
    const isRemoved = await this.#redis.removeGroup(topic, group)
    await this.#measure()
    return isRemoved
  }

  deadLetters(topic: string, limit: number): Promise<readonly DeadLetter[]> {
    return this.#redis.deadLetters(topic, limit)
  }

  deadLetterPage(topic: string, from: string | undefined): Promise<DeadLetterPage> {
    return this.#redis.deadLetterPage(topic, from)
  }

  replayDeadLetter(letter: LetterName): Promise<boolean> {
    return this.#redis.replayDeadLetter(letter)
  }

  removeDeadLetter(letter: LetterName): Promise<boolean> {
    return this.#redis.removeDeadLetter(letter)
  }

  async recent(topic: string, limit: number): Promise<readonly QueuedEvent[]> {
    await this.#catchUp()
    return await this.#redis.recent(topic, limit)
  }

  async find(topic: string, eventId: string): Promise<QueuedEvent | undefined> {
    await this.#catchUp()
    return await this.#redis.find(topic, eventId)
  }

  async purge(purge: Purge): Promise<number> {
    await this.#catchUp()
    const count = await this.#redis.purge(purge)
    await this.#measure()
    return count
  }

  async #start(): Promise<void> {
    await this.#spool.start()
    try {
      await this.#redis.start()
      // What an earlier process accepted, under whatever topic it did.
      for (const { topic, group, pending } of await this.#spool.groups()) {
        if (group === relayGroup) (await this.#drain(topic)).expect(pending)
      }
      for (const topic of this.#topics) await this.#drain(topic)
    } catch (error) {
      await Promise.all([this.#redis.stop(), this.#spool.stop()])
      throw error
    }
    if (this.#stopping !== undefined) return
    this.#access.open()
    await this.#measure()
    this.#measuring = repeat(this.#deps.clock, measureEveryMs, () => void this.#tick())
  }

  async #stop(): Promise<void> {
    this.#access.close()
    this.#measuring?.cancel()
    await Promise.all([...this.#drains.values()].map((drain) => drain.stop()))
    await this.#redis.stop()
    await this.#spool.stop()
  }

  async #accept(event: QueuedEvent, signal: AbortSignal | undefined): Promise<'stored' | 'duplicate'> {
    try {
      const drain = this.#drains.get(event.topic) ?? (await this.#drain(event.topic))
      const outcome = await this.#spool.publish(event, signal)
      if (outcome === 'stored') drain.expect(1)
      return outcome
    } catch (error) {
      return await this.#orElse(error, signal, () => this.#redis.publish(event, signal))
    }
  }

  /** A disk that is full or broken is no reason to refuse what Redis can take. Where that fails too, the first failure is the one to tell. */
  async #orElse<T>(error: unknown, signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
    if (this.#access.refusal(signal) !== undefined) throw error
    return await run().catch(() => Promise.reject(error))
  }

  /** Rejects with QUEUE_UNAVAILABLE where the spool cannot be told that it keeps events for Redis. */
  #drain(topic: string): Promise<SpoolDrain<SqliteHeld>> {
    const known = this.#opening.get(topic)
    if (known !== undefined) return known
    const opening = this.#openDrain(topic)
    this.#opening.set(topic, opening)
    opening.catch(() => this.#opening.delete(topic))
    return opening
  }

  async #openDrain(topic: string): Promise<SpoolDrain<SqliteHeld>> {
    const { clock, log } = this.#deps
    const source = await this.#spool.relay(topic, relayGroup)
    const drain = new SpoolDrain<SqliteHeld>({ topic, source, target: this.#redis, clock, log })
    this.#drains.set(topic, drain)
    // What was opened while the queue stopped would never be stopped itself.
    if (this.#access.state !== 'stopped') drain.start()
    return drain
  }

  async #catchUp(): Promise<void> {
    await Promise.all([...this.#drains.values()].map((drain) => drain.caughtUp(catchUpMaxMs)))
  }

  async #redisDepth(): Promise<SpoolDepths['redis']> {
    try {
      const [depth, groups] = await Promise.all([this.#redis.depth(), this.#redis.groups()])
      return { depth, hasGroups: groups.length > 0 }
    } catch {
      return undefined
    }
  }

  async #measure(): Promise<void> {
    if (this.#redis.problem !== undefined) return this.#room.lift()
    // Counted before Redis is asked: what goes over in between counts twice then, and not never.
    const underWayCount = this.unsentCount + this.#acceptingCount
    const mark = this.#room.mark()
    try {
      this.#room.measure(await this.#redis.depth(), underWayCount, mark)
    } catch {
      this.#room.lift()
    }
  }

  async #tick(): Promise<void> {
    for (const drain of this.#drains.values()) drain.reconcile()
    await this.#measure()
  }
}

/** An outage is bridged up to the same bound, and what Redis has but not yet durably stays beside that. */
function spoolLimitsOf({ dedupeWindowMs, eventsMax, bytesMax, whenFull }: DurableLimits): DurableLimits {
  return {
    ...durableLimitsDefault,
    retentionMs: spoolRetentionMs,
    // One window for both: an id that only one of them remembered would be stored again, or never handed on.
    dedupeWindowMs,
    eventsMax: eventsMax + shippedMax,
    bytesMax: bytesMax + shippedBytesMax,
    whenFull,
  }
}
