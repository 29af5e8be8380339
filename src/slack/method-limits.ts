import type { Clock } from '../base/clock.ts'
import { callsPerMinuteByTier, methodTable, type SlackMethod } from './method-table.ts'

export interface MethodLimitsOptions {
  readonly clock: Clock
  /** The app is distributed outside the Marketplace: Slack gives it one request a minute for each of the two reading methods. */
  readonly isDistributedApp: boolean
}

/** When a request may go, or in how many milliseconds one could, where that is later than the caller can wait. */
export type Place =
  | { readonly ok: true; readonly waitMs: number }
  | { readonly ok: false; readonly retryAfterMs: number }

interface MethodState {
  /** Slack said that nothing of this method is answered before. */
  blockedUntilMs: number
  /** Until then requests keep the distance of the tier: right after a 429 the bucket at Slack's side is empty. */
  pacedUntilMs: number
  nextAtMs: number
}

/** How long after the end of a block requests keep their distance: Slack's window. */
const pacedForMs = 60_000
const minuteMs = 60_000
/** https://docs.slack.dev/changelog/2025/05/29: apps that are sold outside the Marketplace. */
const distributedCallsPerMinute = 1
const distributedMethods: ReadonlySet<SlackMethod> = new Set<SlackMethod>([
  'conversations.history',
  'conversations.replies',
])
/** The most objects of one answer in that regime, and what Slack takes where no limit is given. */
const distributedObjectsMax = 15

/**
 * What Slack said about its limits, per method. Slack counts per method, workspace and app, whichever token asks; a client serves one
 * workspace, so the method is the whole key. Nothing is slowed down before Slack said 429: it tolerates bursts, and tells nobody how large.
 */
export class MethodLimits {
  readonly #clock: Clock
  readonly #isDistributedApp: boolean
  /** Bounded by the method table. */
  readonly #states = new Map<SlackMethod, MethodState>()

  constructor({ clock, isDistributedApp }: MethodLimitsOptions) {
    this.#clock = clock
    this.#isDistributedApp = isDistributedApp
  }

  /** Takes the next free place of `method`, unless that is more than `longestMs` away. Every waiting caller has a place of its own. */
  reserve(method: SlackMethod, longestMs: number): Place {
    const nowMs = this.#clock.monotonic()
    const state = this.#state(method)
    const isAlwaysPaced = this.#isDistributed(method)
    const atMs = Math.max(nowMs, state.blockedUntilMs, state.nextAtMs)
    if (atMs - nowMs > longestMs) return { ok: false, retryAfterMs: atMs - nowMs }
    if (isAlwaysPaced || atMs < state.pacedUntilMs) state.nextAtMs = atMs + this.#distanceMs(method)
    return { ok: true, waitMs: atMs - nowMs }
  }

  /** Whether a place that was taken is still good: a 429 may have come since. */
  isBlocked(method: SlackMethod): boolean {
    return this.#state(method).blockedUntilMs > this.#clock.monotonic()
  }

  /** Slack answered 429: nobody asks for this method before `retryAfterMs` are over, and then one after the other. */
  block(method: SlackMethod, retryAfterMs: number): void {
    const state = this.#state(method)
    const untilMs = this.#clock.monotonic() + retryAfterMs
    if (untilMs <= state.blockedUntilMs) return
    state.blockedUntilMs = untilMs
    state.nextAtMs = untilMs
    state.pacedUntilMs = untilMs + pacedForMs
  }

  /** `params` as this regime takes them: where Slack hands out 15 objects at most, more are not asked for. */
  fit(method: SlackMethod, params: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    if (!this.#isDistributed(method)) return params
    const limit = params['limit']
    return {
      ...params,
      limit: typeof limit === 'number' ? Math.min(limit, distributedObjectsMax) : distributedObjectsMax,
    }
  }

  #isDistributed(method: SlackMethod): boolean {
    return this.#isDistributedApp && distributedMethods.has(method)
  }

  #distanceMs(method: SlackMethod): number {
    return (
      minuteMs /
      (this.#isDistributed(method)
        ? distributedCallsPerMinute
        : callsPerMinuteByTier[methodTable[method].tier])
    )
  }

  #state(method: SlackMethod): MethodState {
    const known = this.#states.get(method)
    if (known !== undefined) return known
    const fresh = { blockedUntilMs: 0, pacedUntilMs: 0, nextAtMs: 0 }
    this.#states.set(method, fresh)
    return fresh
  }
}
