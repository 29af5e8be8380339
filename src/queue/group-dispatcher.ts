import { type Clock, sleep, type Timer } from '../base/clock.ts'
import type { Ids } from '../base/ids.ts'
import type { Logger } from '../observe/logger.ts'
import { backoffMs } from '../resilience/backoff.ts'
import type { RetryPolicy, Subscription } from './driver.ts'
import { GroupMember, type Outcome } from './group-member.ts'
import type { GroupSource, HeldEvent } from './group-source.ts'
import { KeyLanes } from './key-lanes.ts'
import { VerdictLog } from './verdict-log.ts'

export interface DispatcherDeps {
  readonly clock: Clock
  readonly ids: Pick<Ids, 'random'>
  readonly log: Logger
}

/** An event in the hands of the dispatcher. */
interface Task<Held extends HeldEvent> {
  readonly held: Held
  readonly key: string
  attempt: number
}

/** Events held beyond those that run: they wait for a backoff or for an earlier event of their key. Beyond it the group takes no more. */
const waitingMax = 1_024
/** A store that failed is asked again after this time. */
const takeRetryMs = 1_000

/** Spreads the events of one group over its members in this process: concurrency, order per key, leases, backoff, dead letters. */
export class GroupDispatcher<Held extends HeldEvent> {
  readonly #source: GroupSource<Held>
  readonly #deps: DispatcherDeps
  readonly #members = new Set<GroupMember>()
  readonly #ends = new Set<() => void>()
  readonly #lanes = new KeyLanes<Task<Held>>()
  readonly #backoffs = new Map<Task<Held>, Timer>()
  readonly #verdicts: VerdictLog<Held>
  #ready: Task<Held>[] = []
  #heldCount = 0
  #retry: RetryPolicy
  #isTaking = false
  /** One for many takes, since making one costs more than taking an event out of memory. */
  #giveUp = new AbortController()
  #takeEnded: Promise<void> = Promise.resolve()

  constructor(source: GroupSource<Held>, retry: RetryPolicy, deps: DispatcherDeps) {
    this.#source = source
    this.#retry = retry
    this.#deps = deps
    const { clock, log } = deps
    const onSettled = (count: number) => {
      this.#heldCount -= count
      // At the bound nothing was taken, and no handler may be left whose end would ask again.
      if (this.#members.size > 0) this.#pump()
    }
    this.#verdicts = new VerdictLog({ source, clock, log, onSettled })
  }

  /** Members count until their last handler has settled: what it needs of the source must still be there. */
  get memberCount(): number {
    return this.#members.size
  }

  /** Adds a member until its signal aborts or the dispatcher stops; resolves once its handlers have settled and their verdicts are kept. */
  async run(subscription: Subscription): Promise<void> {
    if (subscription.signal.aborted) return
    const member = new GroupMember(subscription, this.#deps.clock)
    this.#retry = subscription.retry ?? this.#retry
    if (member.isOrdered) this.#lanes.isOrdered = true
    this.#members.add(member)
    this.#pump()
    await this.#endOf(subscription.signal)
    await member.end()
    this.#members.delete(member)
    if (this.#members.size === 0) await this.#releaseAll()
    await this.#verdicts.flushed()
  }

  /** Ends every member; their `run` resolves. */
  stop(): void {
    this.#verdicts.close()
    for (const end of [...this.#ends]) end()
  }

  #endOf(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        this.#ends.delete(end)
        signal.removeEventListener('abort', end)
        resolve()
      }
      this.#ends.add(end)
      signal.addEventListener('abort', end)
    })
  }

  #pump(): void {
    let next = 0
    for (; next < this.#ready.length; next++) {
      const task = this.#ready[next]
      const member = this.#freestMember()
      if (task === undefined || member === undefined) break
      this.#attempt(task, member)
    }
    if (next > 0) this.#ready = this.#ready.slice(next)
    this.#takeMore()
  }

  /** The one with the fewest running, so that members share even when one would do. */
  #freestMember(): GroupMember | undefined {
    let freest: GroupMember | undefined
    for (const member of this.#members) {
      if (member.freeCount <= 0) continue
      if (freest === undefined || member.runningCount < freest.runningCount) freest = member
    }
    return freest
  }

  #takeMore(): void {
    if (this.#isTaking) return
    let slots = 0
    let runningMax = 0
    for (const member of this.#members) {
      slots += member.freeCount
      runningMax += member.concurrencyMax
    }
    const countMax = Math.min(slots - this.#ready.length, runningMax + waitingMax - this.#heldCount)
    if (countMax > 0) this.#takeEnded = this.#take(countMax)
  }

  async #take(countMax: number): Promise<void> {
    const { signal } = this.#giveUp
    this.#isTaking = true
    try {
      for (const held of await this.#source.take(countMax, signal)) this.#admit(held)
    } catch (error) {
      this.#deps.log.warn('queue_take_failed', { error })
      await sleep(this.#deps.clock, takeRetryMs, signal)
    }
    this.#isTaking = false
    if (this.#members.size > 0) this.#pump()
  }

  #admit(held: Held): void {
    const task = { held, key: held.event.key, attempt: held.attempt }
    this.#heldCount++
    // A store counts a try when it hands the event out, so one that ended its process each time arrives here with its tries used up.
    if (task.attempt > this.#retry.attemptsMax) this.#bury(task, 'PROCESS_ENDED', task.attempt - 1)
    else if (this.#lanes.enter(task)) this.#ready.push(task)
  }

  #attempt(task: Task<Held>, member: GroupMember): void {
    const delivery = { event: task.held.event, attempt: task.attempt }
    member.run(delivery, (outcome) => {
      this.#conclude(task, outcome)
      this.#pump()
    })
  }

  #conclude(task: Task<Held>, outcome: Outcome): void {
    if (outcome.kind === 'handled') {
      this.#verdicts.add({ kind: 'acknowledged', held: task.held })
      this.#leaveLane(task)
    } else if (outcome.kind === 'untried') {
      this.#backOff(task, task.attempt)
    } else if (task.attempt >= this.#retry.attemptsMax) {
      this.#bury(task, outcome.reason, task.attempt)
      this.#leaveLane(task)
    } else {
      this.#backOff(task, task.attempt + 1)
    }
  }

  #bury(task: Task<Held>, reason: string, attempts: number): void {
    const { eventId, type, correlationId } = task.held.event.meta
    this.#deps.log.error('queue_event_buried', {
      event_id: eventId,
      event_type: type,
      correlation_id: correlationId,
      attempts,
      reason,
    })
    this.#verdicts.add({ kind: 'dead', held: task.held, attempts, reason })
  }

  #backOff(task: Task<Held>, nextAttempt: number): void {
    const delayMs = backoffMs(this.#retry, task.attempt, this.#deps.ids)
    task.attempt = nextAttempt
    this.#verdicts.add({ kind: 'failed', held: task.held, attempt: task.attempt })
    const timer = this.#deps.clock.schedule(delayMs, () => {
      this.#backoffs.delete(task)
      this.#ready.push(task)
      this.#pump()
    })
    this.#backoffs.set(task, timer)
  }

  #leaveLane(task: Task<Held>): void {
    const next = this.#lanes.leave(task)
    if (next !== undefined) this.#ready.push(next)
  }

  /** The last member has ended: what no handler has goes back to the store. */
  async #releaseAll(): Promise<void> {
    this.#giveUp.abort()
    this.#giveUp = new AbortController()
    await this.#takeEnded
    if (this.#members.size > 0) return
    for (const timer of this.#backoffs.values()) timer.cancel()
    const unstarted = [...this.#ready, ...this.#backoffs.keys(), ...this.#lanes.clear()]
    this.#ready = []
    this.#backoffs.clear()
    this.#heldCount -= unstarted.length
    this.#source.release(unstarted)
  }
}
