import type { ComponentState } from '../base/component.ts'
import { AppError } from '../base/errors.ts'
import { reportBreaker } from '../resilience/breaker-report.ts'
import type { BreakerState } from '../resilience/circuit-breaker.ts'
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
import { PublishBreaker } from './publish-breaker.ts'
import { type Publish, PublishDeadline } from './publish-deadline.ts'
import type { QueueDeps } from './queue-deps.ts'
import { QueueTracing } from './queue-tracing.ts'
import { groupIdleDefaultMs, type IdleGroup, QueueWatch } from './queue-watch.ts'

export interface GuardOptions {
  /** The store is this process: it neither hangs nor fails, and needs no deadline and no breaker. Default false. */
  readonly isInProcess?: boolean
  /** How long a group with events waiting may be inactive before it counts as forgotten, milliseconds. Default 7 days. */
  readonly groupIdleMs?: number
  /** Makes a group's name known to the metrics; without it groups are counted as `_other`. */
  readonly announceGroup?: (group: string) => void
}

export interface QueueStatus {
  readonly breaker: BreakerState
  /** How near the bound is; at 1 publishing is refused. */
  readonly fill: number
  /** Groups that seem forgotten. */
  readonly idleGroups: readonly IdleGroup[]
}

/** A backend as the server uses it: publishing ends in time, stops trying while the store is away, is measured; the store is watched. */
export class GuardedQueue implements QueueBackend {
  readonly name: string
  readonly capabilities: QueueBackend['capabilities']
  readonly #deps: QueueDeps
  readonly #backend: QueueBackend
  readonly #watch: QueueWatch
  readonly #deadline: PublishDeadline | undefined
  readonly #breaker: PublishBreaker | undefined
  readonly #publish: Publish
  readonly #tracing: QueueTracing | undefined
  #isFull = false

  constructor(backend: QueueBackend, deps: QueueDeps, options: GuardOptions = {}) {
    const { isInProcess = false, groupIdleMs = groupIdleDefaultMs, announceGroup } = options
    this.name = backend.name
    this.capabilities = backend.capabilities
    this.#backend = backend
    this.#deps = deps
    if (deps.tracer !== undefined) this.#tracing = new QueueTracing(deps.tracer, backend.name)
    this.#watch = new QueueWatch({
      ...deps,
      backend,
      groupIdleMs,
      ...(announceGroup === undefined ? {} : { announceGroup }),
    })
    const publish: Publish = (event, signal) => backend.publish(event, signal)
    // Also where there is none: who looks for the breaker of the queue finds it closed, as in `status`.
    const onChange = reportBreaker({ ...deps, name: 'queue', fields: { backend: backend.name } })
    if (isInProcess) {
      this.#publish = publish
      return
    }
    this.#deadline = new PublishDeadline({ clock: deps.clock, publish })
    this.#breaker = new PublishBreaker({
      clock: deps.clock,
      ping: (signal) => backend.ping(signal),
      onChange,
    })
    this.#publish = this.#deadline.publish
  }

  /** Not `async`, and nothing allocated that can be avoided: every webhook comes through here. */
  publish(event: QueuedEvent, signal?: AbortSignal): Promise<'stored' | 'duplicate'> {
    if (this.#tracing === undefined) return this.#guardedPublish(event, signal)
    return this.#tracing.publish(event, (carrier) => this.#guardedPublish(carrier, signal))
  }

  #guardedPublish(event: QueuedEvent, signal: AbortSignal | undefined): Promise<'stored' | 'duplicate'> {
    const startedAtMs = this.#deps.clock.monotonic()
    const refusal = this.#breaker?.refusal
    const published = refusal === undefined ? this.#publish(event, signal) : Promise.reject(refusal)
    return published.then(
      (outcome) => {
        this.#observe(outcome, startedAtMs)
        this.#breaker?.answered()
        if (outcome === 'stored') this.#isFull = false
        return outcome
      },
      (error: unknown) => {
        const isFull = error instanceof AppError && error.code === 'QUEUE_FULL'
        this.#observe(isFull ? 'full' : 'unavailable', startedAtMs)
        if (isFull) {
          this.#isFull = true
          this.#breaker?.answered()
          // A caller that gave up says nothing about the store.
        } else if (signal?.aborted !== true) this.#breaker?.failed()
        throw error
      },
    )
  }

  async start(): Promise<void> {
    await this.#backend.start()
    this.#watch.start()
  }

  async stop(): Promise<void> {
    this.#watch.stop()
    this.#breaker?.stop()
    await this.#backend.stop()
    this.#deadline?.stop()
  }

  /** `down`: it cannot store. `degraded`: it can, and somebody should look. Asks the store; leaves nothing behind. Never rejects. */
  async check(): Promise<ComponentState> {
    if ((this.#breaker?.state ?? 'closed') !== 'closed') return 'down'
    try {
      await this.#backend.ping()
      if (this.#isFull && !(await this.#hasRoomAgain())) return 'down'
    } catch {
      // What is wrong is said by the publishes that fail; here only whether.
      return 'down'
    }
    const hasProblem = this.#backend.problem !== undefined
    return hasProblem || this.#watch.isFilling || this.#watch.idleGroups.length > 0 ? 'degraded' : 'up'
  }

  /** As last seen; asks nobody. */
  status(): QueueStatus {
    return {
      breaker: this.#breaker?.state ?? 'closed',
      fill: this.#watch.fill,
      idleGroups: this.#watch.idleGroups,
    }
  }

  /** Brings the gauges up to date: for a scrape. Rejects with QUEUE_UNAVAILABLE where the store does not answer. */
  sample(): Promise<void> {
    return this.#watch.sample()
  }

  depth(): Promise<QueueDepth> {
    return this.#backend.depth()
  }

  ping(signal?: AbortSignal): Promise<void> {
    return this.#backend.ping(signal)
  }

  subscribe(subscription: Subscription): Promise<void> {
    return this.#backend.subscribe(this.#tracing?.subscription(subscription) ?? subscription)
  }

  groups(): Promise<readonly GroupInfo[]> {
    return this.#backend.groups()
  }

  removeGroup(topic: string, group: string): Promise<boolean> {
    return this.#backend.removeGroup(topic, group)
  }

  deadLetters(topic: string, limit: number): Promise<readonly DeadLetter[]> {
    return this.#backend.deadLetters(topic, limit)
  }

  deadLetterPage(topic: string, from: string | undefined): Promise<DeadLetterPage> {
    return this.#backend.deadLetterPage(topic, from)
  }

  replayDeadLetter(letter: LetterName): Promise<boolean> {
    return this.#backend.replayDeadLetter(letter)
  }

  removeDeadLetter(letter: LetterName): Promise<boolean> {
    return this.#backend.removeDeadLetter(letter)
  }

  recent(topic: string, limit: number): Promise<readonly QueuedEvent[]> {
    return this.#backend.recent(topic, limit)
  }

  find(topic: string, eventId: string): Promise<QueuedEvent | undefined> {
    return this.#backend.find(topic, eventId)
  }

  purge(purge: Purge): Promise<number> {
    return this.#backend.purge(purge)
  }

  #observe(outcome: keyof typeof outcomeLabels, startedAtMs: number): void {
    const seconds = (this.#deps.clock.monotonic() - startedAtMs) / 1_000
    this.#deps.metrics.observe('slackmcp_queue_publish_duration_seconds', outcomeLabels[outcome], seconds)
  }

  /** Without events coming in, only the backlog can say that the last refusal is history. */
  async #hasRoomAgain(): Promise<boolean> {
    await this.#watch.sample()
    this.#isFull = this.#watch.isFilling
    return !this.#isFull
  }
}

// Made once, and not per event.
const outcomeLabels = {
  stored: { outcome: 'stored' },
  duplicate: { outcome: 'duplicate' },
  full: { outcome: 'full' },
  unavailable: { outcome: 'unavailable' },
} as const
