import { repeat, sleep, type Timer } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import { withDeadline } from '../resilience/deadline.ts'
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
import { DriverAccess, type Refusal } from './driver-access.ts'
import { GroupDispatchers } from './group-dispatchers.ts'
import type { QueueDeps } from './queue-deps.ts'
import { WriterClient, WriterError } from './sqlite-client.ts'
import { SqliteCommits } from './sqlite-commits.ts'
import { SqliteGroup, type SqliteHeld } from './sqlite-group.ts'
import type { SqliteQueueOptions } from './sqlite-options.ts'
import type { Losses, WriterCalls, WriterKind, WriterReply } from './sqlite-protocol.ts'
import type { FindBite, PurgeBite } from './sqlite-search.ts'
import { openWriterThread } from './sqlite-thread.ts'

/** Well under the publish deadline, long enough for a backup tool to let go. */
const lockWaitDefaultMs = 1_000
const sweepPeriodMs = 60_000
/** What an operator's question or a new group waits for; a search through a million events is many of these. */
const askMaxMs = 30_000
/** What `stop` waits for a writer that does not answer. Nothing acknowledged depends on it. */
const stopMaxMs = 5_000

/** Keeps events in an SQLite file of this process: what was acknowledged survives kill -9 and power loss. */
export class SqliteQueue implements QueueBackend {
  readonly name = 'sqlite'
  readonly capabilities = { durable: true, shared: false }
  readonly #access = new DriverAccess('sqlite', refusalOf)
  readonly #deps: QueueDeps
  readonly #writer: WriterClient
  readonly #commits: SqliteCommits
  readonly #dispatchers: GroupDispatchers<SqliteHeld, SqliteGroup>
  readonly #relays: { readonly topic: string; readonly source: SqliteGroup }[] = []
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  #sweep: Timer | undefined
  #isSweeping = false
  #pinging: Promise<null> | undefined

  constructor(options: SqliteQueueOptions, deps: QueueDeps) {
    const { directory, pid, limits, lockWaitMs = lockWaitDefaultMs, openWriter = openWriterThread } = options
    this.#deps = deps
    this.#writer = new WriterClient({
      openPort: openWriter,
      open: { directory, pid, limits, lockWaitMs },
      clock: deps.clock,
      onRepair: ({ asidePath, rescued }) =>
        deps.log.error('queue_file_moved_aside', { path: asidePath, rescued_events: rescued }),
    })
    this.#commits = new SqliteCommits(this.#writer, deps.clock, {
      onStored: (topics) => {
        for (const topic of topics) this.#wake(topic)
      },
      onLosses: (losses) => this.#count(losses),
    })
    this.#dispatchers = new GroupDispatchers({
      createSource: (topic, group) =>
        new SqliteGroup({
          name: { topic, group },
          commits: this.#commits,
          open: () => this.#ask('openGroup', { topic, group }),
        }),
      retry: limits.retry,
      deps,
    })
  }

  /** Rejects with STATE_DIR_IN_USE or STATE_DIR_UNUSABLE. */
  start(): Promise<void> {
    this.#starting ??= this.#start()
    return this.#starting
  }

  publish(event: QueuedEvent, signal?: AbortSignal): Promise<'stored' | 'duplicate'> {
    const refusal = this.#access.refusal(signal)
    if (refusal !== undefined) return Promise.reject(refusal)
    return this.#commits.publish(event, signal)
  }

  depth(): Promise<QueueDepth> {
    return this.#ask('depth', null)
  }

  async ping(signal?: AbortSignal): Promise<void> {
    await this.#access.ask(() => {
      // One at a time: a writer that hangs for an hour must not be asked a thousand times when it comes back.
      this.#pinging ??= this.#call('ping', null).finally(() => {
        this.#pinging = undefined
      })
      return this.#pinging
    }, signal)
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  subscribe(subscription: Subscription): Promise<void> {
    return this.#dispatchers.subscribe(subscription)
  }

  /**
   * The events of a group for somebody who passes them on himself, the spool: no handlers, no tries. What is published after this resolved is
   * kept for it. To be let go of before `stop`. Rejects with QUEUE_UNAVAILABLE.
   */
  async relay(topic: string, group: string): Promise<SqliteGroup> {
    const source = new SqliteGroup({
      name: { topic, group },
      commits: this.#commits,
      open: () => this.#ask('openGroup', { topic, group }),
      isRelay: true,
    })
    await source.ready()
    this.#relays.push({ topic, source })
    return source
  }

  groups(): Promise<readonly GroupInfo[]> {
    return this.#ask('groups', null)
  }

  async removeGroup(topic: string, group: string): Promise<boolean> {
    const hasMembers = this.#dispatchers.hasMembers(topic, group)
    const isRemoved = await this.#ask('removeGroup', { topic, group, hasMembers })
    this.#dispatchers.source(topic, group)?.forgetAll()
    if (!this.#dispatchers.hasMembers(topic, group)) this.#dispatchers.remove(topic, group)
    return isRemoved
  }

  deadLetters(topic: string, limit: number): Promise<readonly DeadLetter[]> {
    return this.#ask('deadLetters', { topic, limit })
  }

  deadLetterPage(topic: string, from: string | undefined): Promise<DeadLetterPage> {
    return this.#ask('deadLetterPage', { topic, from })
  }

  async replayDeadLetter(letter: LetterName): Promise<boolean> {
    const isBack = await this.#ask('replay', letter)
    if (isBack) this.#wake(letter.topic)
    return isBack
  }

  removeDeadLetter(letter: LetterName): Promise<boolean> {
    return this.#ask('removeDeadLetter', letter)
  }

  recent(topic: string, limit: number): Promise<readonly QueuedEvent[]> {
    return this.#ask('recent', { topic, limit })
  }

  async find(topic: string, eventId: string): Promise<QueuedEvent | undefined> {
    for (let from: number | null = null; ; ) {
      const { event, beforeSeq }: FindBite = await this.#ask('find', { topic, eventId, beforeSeq: from })
      if (event !== undefined || beforeSeq === undefined) return event
      from = beforeSeq
    }
  }

  async purge(purge: Purge): Promise<number> {
    let total = 0
    for (let from = 0; ; ) {
      const { count, afterSeq }: PurgeBite = await this.#ask('purge', { ...purge, afterSeq: from })
      total += count
      if (afterSeq === undefined) return total
      from = afterSeq
    }
  }

  async #start(): Promise<void> {
    try {
      await this.#writer.open()
    } catch (error) {
      throw this.#asStartError(error)
    }
    if (this.#access.state === 'stopped') return
    this.#access.open()
    this.#sweep = repeat(this.#deps.clock, sweepPeriodMs, () => void this.#sweepAll())
  }

  async #stop(): Promise<void> {
    const wasStarted = this.#access.state === 'started'
    this.#access.close()
    this.#sweep?.cancel()
    if (wasStarted) await this.#windDown()
    this.#writer.terminate()
  }

  /** Handlers that run on are waited for; a writer that hangs is not. */
  async #windDown(): Promise<void> {
    const watchdog = repeat(this.#deps.clock, stopMaxMs / 5, () => {
      if (this.#commits.busyForMs() >= stopMaxMs) this.#writer.terminate()
    })
    await this.#dispatchers.stop()
    await this.#commits.idle()
    watchdog.cancel()
    await this.#close()
  }

  async #close(): Promise<void> {
    const closed = new AbortController()
    const closing = this.#writer.call('close', null).then(
      () => closed.abort(),
      () => closed.abort(),
    )
    await Promise.race([closing, sleep(this.#deps.clock, stopMaxMs, closed.signal)])
  }

  async #sweepAll(): Promise<void> {
    if (this.#isSweeping) return
    this.#isSweeping = true
    try {
      while (this.#access.state === 'started' && (await this.#ask('sweep', null)));
    } catch (error) {
      this.#deps.log.warn('queue_sweep_failed', { error })
    }
    this.#isSweeping = false
  }

  #wake(topic: string): void {
    for (const group of this.#dispatchers.sourcesOf(topic)) group.wake()
    for (const relay of this.#relays) if (relay.topic === topic) relay.source.wake()
  }

  #count({ quarantined, ...dropped }: Losses): void {
    const { metrics, log } = this.#deps
    for (const reason of dropReasons) {
      if (dropped[reason] > 0) metrics.increment('slackmcp_queue_dropped_total', { reason }, dropped[reason])
    }
    if (quarantined === 0) return
    metrics.increment('slackmcp_queue_quarantined_total', {}, quarantined)
    log.error('queue_rows_quarantined', { rows: quarantined })
  }

  #ask<Kind extends WriterKind>(
    kind: Kind,
    request: WriterCalls[Kind]['request'],
  ): Promise<WriterReply<Kind>> {
    return this.#access.ask(() => this.#call(kind, request))
  }

  #call<Kind extends WriterKind>(
    kind: Kind,
    request: WriterCalls[Kind]['request'],
  ): Promise<WriterReply<Kind>> {
    const { clock } = this.#deps
    return withDeadline({ clock, afterMs: askMaxMs }, () => this.#writer.call(kind, request))
  }

  #asStartError(error: unknown): unknown {
    if (!(error instanceof WriterError)) return error
    const { code, details } = error
    // The thread did not come up: that says nothing of the directory.
    if (code === 'WRITER_ENDED') return this.#access.unavailable(code, error)
    if (code === 'DIRECTORY_IN_USE') return new AppError('STATE_DIR_IN_USE', { cause: error, details })
    const fault = code.startsWith('DIRECTORY_') ? code.slice('DIRECTORY_'.length).toLowerCase() : code
    return new AppError('STATE_DIR_UNUSABLE', { cause: error, details: { ...details, fault } })
  }
}

const dropReasons = ['no_subscriber', 'drop_oldest', 'dead_letter_evicted'] as const

function refusalOf(thrown: unknown): Refusal {
  return { code: 'QUEUE_UNAVAILABLE', reason: thrown instanceof WriterError ? thrown.code : 'timeout' }
}
