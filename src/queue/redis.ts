import { repeat, type Timer } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
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
import type { QueueDeps } from './queue-deps.ts'
import { type RedisFailure, type RedisFailureKind, redisRefusal } from './redis-failure.ts'
import { RedisGroup, type RedisHeld } from './redis-group.ts'
import { type RedisInfo, type RedisWeakness, redisWeaknesses } from './redis-info.ts'
import { checkKeyPrefix, redisTopicKeys } from './redis-keys.ts'
import { type RedisLimits, type RedisQueueOptions, redisLimitsDefault } from './redis-options.ts'
import { RedisScripts } from './redis-script.ts'
import { RedisSupervisor } from './redis-supervisor.ts'
import { RedisTopic, type RedisTopicStand } from './redis-topic.ts'
import { parseRedisUrl } from './redis-url.ts'

const tidyEveryMs = 60_000
/** What waiting for Redis does not mend. */
const optionToBlame: Partial<Record<RedisFailureKind, string>> = {
  unsupported: 'REDIS_URL',
  'no-authority': 'REDIS_TLS_CA',
}

/**
 * Keeps events in Redis streams that any client in any language reads (docs/consuming.md). Replicas share the events, what was seen, and the
 * groups. The constructor throws CONFIG_INVALID for a URL or prefix that cannot be used; a Redis that is away is waited for, one of the wrong kind
 * is refused at `start`.
 */
export class RedisQueue implements QueueBackend {
  readonly name = 'redis'
  readonly capabilities = { durable: true, shared: true }
  readonly #options: RedisQueueOptions
  readonly #keyPrefix: string
  readonly #limits: RedisLimits
  readonly #deps: QueueDeps
  readonly #access = new DriverAccess('redis', redisRefusal)
  readonly #redis: RedisSupervisor
  readonly #scripts: RedisScripts
  readonly #topics = new Map<string, RedisTopic>()
  readonly #dispatchers: GroupDispatchers<RedisHeld, RedisGroup>
  #tidying: Timer | undefined
  readonly #warnedOf = new Set<RedisWeakness['event']>()

  constructor(options: RedisQueueOptions, deps: QueueDeps) {
    this.#options = options
    this.#keyPrefix = checkKeyPrefix(options.keyPrefix ?? '')
    this.#limits = { ...redisLimitsDefault, ...options.limits }
    this.#deps = deps
    this.#redis = this.#supervisor('commands', (info) => this.#look(info))
    this.#scripts = new RedisScripts(this.#redis)
    this.#dispatchers = new GroupDispatchers({
      createSource: (topic, group) => this.#createGroup(topic, group),
      closeSource: (source) => source.close(),
      retry: this.#limits.retry,
      deps,
    })
    for (const topic of options.topics) this.#topic(topic)
  }

  /** What stands between us and Redis, for health and the log; undefined while connected. */
  get problem(): RedisFailure | undefined {
    return this.#redis.problem
  }

  /** Identifies the run of Redis that we are connected to; undefined while there is none. Another one may have forgotten what the last took. */
  get runId(): string | undefined {
    return this.#redis.info?.runId
  }

  /** Resolves when there is a connection, or when `signal` aborts. Never rejects. */
  connected(signal: AbortSignal): Promise<void> {
    return this.#redis.ready(signal)
  }

  async start(): Promise<void> {
    if (this.#access.state !== 'new') return
    this.#access.open()
    await this.#redis.start()
    const { problem } = this.#redis
    const option = problem === undefined ? undefined : optionToBlame[problem.kind]
    if (problem !== undefined && option !== undefined) {
      await this.stop()
      throw new AppError('CONFIG_INVALID', { cause: problem, details: { option, reason: problem.message } })
    }
    this.#tidying = repeat(this.#deps.clock, tidyEveryMs, () => void this.#tidy())
  }

  async publish(event: QueuedEvent, signal?: AbortSignal): Promise<'stored' | 'duplicate'> {
    const { outcome, droppedCount, hasGroups } = await this.#access.ask(
      () => this.#topic(event.topic).add(event),
      signal,
    )
    if (droppedCount > 0) {
      const reason = hasGroups ? 'drop_oldest' : 'no_subscriber'
      this.#deps.metrics.increment('slackmcp_queue_dropped_total', { reason }, droppedCount)
    }
    if (outcome === 'full') throw new AppError('QUEUE_FULL', { details: { backend: this.name } })
    return outcome
  }

  async depth(): Promise<QueueDepth> {
    const stands = await this.#stands()
    const groups = stands.flatMap(([, stand]) => stand.groups)
    const sum = (of: (stand: RedisTopicStand) => number) =>
      stands.reduce((total, [, stand]) => total + of(stand), 0)
    return {
      events: sum((stand) => stand.events),
      bytes: sum((stand) => stand.bytes),
      ...groupDepth(groups, this.#limits),
      deadLetters: sum((stand) => stand.deadLetters),
    }
  }

  async ping(signal?: AbortSignal): Promise<void> {
    await this.#access.ask(() => this.#redis.send('PING', []), signal)
  }

  async stop(): Promise<void> {
    this.#access.close()
    this.#tidying?.cancel()
    await this.#dispatchers.stop()
    await this.#access.settled()
    await this.#redis.stop()
  }

  subscribe(subscription: Subscription): Promise<void> {
    return this.#dispatchers.subscribe(subscription)
  }

  async groups(): Promise<readonly GroupInfo[]> {
    const nowMs = this.#deps.clock.now()
    return (await this.#stands()).flatMap(([topic, stand]) =>
      stand.groups.map(({ group, pending, idleMs }) => ({
        topic,
        group,
        pending,
        activeAtMs: idleMs === undefined ? undefined : nowMs - idleMs,
      })),
    )
  }

  removeGroup(topic: string, group: string): Promise<boolean> {
    return this.#access.ask(() => this.#topic(topic).removeGroup(group, this.#limits.claimAfterMs))
  }

  deadLetters(topic: string, limit: number): Promise<readonly DeadLetter[]> {
    return this.#access.ask(() => this.#topic(topic).deadLetters(limit))
  }

  deadLetterPage(topic: string, from: string | undefined): Promise<DeadLetterPage> {
    return this.#access.ask(() => this.#topic(topic).deadLetterPage(from))
  }

  replayDeadLetter(letter: LetterName): Promise<boolean> {
    return this.#access.ask(() => this.#topic(letter.topic).takeDeadLetter('replay', letter))
  }

  removeDeadLetter(letter: LetterName): Promise<boolean> {
    return this.#access.ask(() => this.#topic(letter.topic).takeDeadLetter('remove', letter))
  }

  recent(topic: string, limit: number): Promise<readonly QueuedEvent[]> {
    return this.#access.ask(() => this.#topic(topic).recent(limit))
  }

  async find(topic: string, eventId: string): Promise<QueuedEvent | undefined> {
    for (let from = '+'; ; ) {
      const { event, next } = await this.#access.ask(() => this.#topic(topic).findFrom(from, eventId))
      if (event !== undefined || next === undefined) return event
      from = next
    }
  }

  async purge({ topic, ...range }: Purge): Promise<number> {
    let total = 0
    for (let from = '-'; ; ) {
      const { count, next } = await this.#access.ask(() => this.#topic(topic).purgeFrom(from, range))
      total += count
      if (next === undefined) return total
      from = next
    }
  }

  #createGroup(topic: string, group: string): RedisGroup {
    const { clock, ids, log, metrics } = this.#deps
    const { claimAfterMs, deadLettersMax } = this.#limits
    this.#topic(topic)
    return new RedisGroup({
      keys: redisTopicKeys(this.#keyPrefix, topic),
      group,
      consumer: ids.uuid(),
      clock,
      log,
      redis: this.#redis,
      scripts: this.#scripts,
      reader: this.#supervisor('waiting'),
      claimAfterMs,
      deadLettersMax,
      onDeadLettersEvicted: (count) =>
        metrics.increment('slackmcp_queue_dropped_total', { reason: 'dead_letter_evicted' }, count),
    })
  }

  #topic(name: string): RedisTopic {
    const known = this.#topics.get(name)
    if (known !== undefined) return known
    const keys = redisTopicKeys(this.#keyPrefix, name)
    const topic = new RedisTopic(keys, this.#scripts, this.#limits)
    this.#topics.set(name, topic)
    return topic
  }

  #stands(): Promise<readonly (readonly [topic: string, stand: RedisTopicStand])[]> {
    return this.#access.ask(() =>
      Promise.all([...this.#topics].map(async ([name, topic]) => [name, await topic.stand()] as const)),
    )
  }

  async #tidy(): Promise<void> {
    for (const topic of this.#topics.values()) {
      try {
        await this.#access.ask(() => topic.tidy(this.#limits.retentionMs))
      } catch (error) {
        this.#deps.log.debug('redis_tidy_failed', { error })
      }
    }
  }

  /** Each weakness is told once: connections come and go. */
  #look(info: RedisInfo): void {
    for (const { event, reason, advice } of redisWeaknesses(info)) {
      if (this.#warnedOf.has(event)) continue
      this.#warnedOf.add(event)
      this.#deps.log.warn(event, { reason, advice })
    }
  }

  #supervisor(connection: 'commands' | 'waiting', onReady?: (info: RedisInfo) => void): RedisSupervisor {
    const { url, tlsCaFile, commandTimeoutMs } = this.#options
    return new RedisSupervisor({
      ...this.#deps,
      log: this.#deps.log.child({ connection }),
      target: parseRedisUrl(url.reveal()),
      tlsCaFile,
      commandTimeoutMs,
      onReady,
    })
  }
}
