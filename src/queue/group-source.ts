import type { QueuedEvent } from './driver.ts'

/** An event that a store handed to the dispatcher of a group and gives to nobody else until it is settled or released. */
export interface HeldEvent {
  readonly event: QueuedEvent
  /** The try that the next call of a handler is: 1 for the first. */
  readonly attempt: number
}

/** What became of one try. */
export type Verdict<Held extends HeldEvent> =
  | { readonly kind: 'acknowledged'; readonly held: Held }
  /** Still held: the dispatcher tries again by itself. `attempt` is the number of that next try, to be kept across a crash. */
  | { readonly kind: 'failed'; readonly held: Held; readonly attempt: number }
  | { readonly kind: 'dead'; readonly held: Held; readonly attempts: number; readonly reason: string }

/** What a store does for one group. The dispatcher does the rest, the same for every store. */
export interface GroupSource<Held extends HeldEvent> {
  /**
   * Up to `countMax` events that the group has not acknowledged and nobody holds, oldest first. Waits for at least one; resolves with what it
   * has, also none, once `signal` aborts. May reject: it is then called again after a while.
   */
  take(countMax: number, signal: AbortSignal): Promise<readonly Held[]>
  /** Records verdicts as durably as the store can. May reject, having recorded none: it is then called again with them and later ones. */
  settle(verdicts: readonly Verdict<Held>[]): Promise<void>
  /** Takes events back that no handler has, so that the next taker gets them. `attempt` is the try that was not begun. */
  release(held: readonly { readonly held: Held; readonly attempt: number }[]): void
}
