import { AppError } from '../base/errors.ts'
import type { EventBus } from '../base/event-bus.ts'
import type { Logger } from '../observe/logger.ts'
import type { OfferIndex } from './offer-index.ts'
import type { ChangeNotice, Principal } from './registry.ts'
import { unknownResource } from './surface.ts'

/** Whether a principal may hear of a resource: asked when it subscribes and again at every notice, since rights end. */
export type MayHear = (principal: Principal, uri: string) => Promise<boolean>

export interface ChangeDeskDeps {
  readonly changes: Pick<EventBus<ChangeNotice>, 'subscribe'>
  readonly mayHear: MayHear
  readonly log: Logger
  readonly index: OfferIndex
}

/** One listener: a session, or one `subscriptions/listen`. */
export interface Listener {
  readonly principal: Principal
  /** The resources that it wants to hear of. `everything` where somebody behind it chooses. */
  readonly uris: WatchedUris | 'everything'
  hear(notice: ChangeNotice): void
}

/** How many resources one session may watch. */
export const subscriptionsPerSessionMax = 200

/** URIs that come and go, and one who is told of it. */
export class WatchedUris implements Iterable<string> {
  readonly #uris: Set<string>
  #onChange: ((uri: string, isWatched: boolean) => void) | undefined

  constructor(uris: Iterable<string> = []) {
    this.#uris = new Set(uris)
  }

  get size(): number {
    return this.#uris.size
  }

  has(uri: string): boolean {
    return this.#uris.has(uri)
  }

  add(uri: string): void {
    this.#uris.add(uri)
    this.#onChange?.(uri, true)
  }

  delete(uri: string): void {
    this.#uris.delete(uri)
    this.#onChange?.(uri, false)
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#uris.values()
  }

  /** Tells `onChange` what comes and goes from now on, instead of whoever was told before. */
  follow(onChange: ((uri: string, isWatched: boolean) => void) | undefined): void {
    this.#onChange = onChange
  }
}

/** Passes changes on to those who asked for them and may hear of them. One subscription to the bus, and none while nobody listens. */
export class ChangeDesk {
  readonly #deps: ChangeDeskDeps
  readonly #listeners = new Set<Listener>()
  /** By URI, so that an event costs nothing for those who listen to something else. */
  readonly #watching = new Map<string, Set<Listener>>()
  readonly #hearingAll = new Set<Listener>()
  #stop: (() => void) | undefined

  constructor(deps: ChangeDeskDeps) {
    this.#deps = deps
  }

  get size(): number {
    return this.#listeners.size
  }

  /** Resources that somebody watches. */
  get watchedCount(): number {
    return this.#watching.size
  }

  add(listener: Listener): void {
    const { uris } = listener
    this.#listeners.add(listener)
    if (uris === 'everything') this.#hearingAll.add(listener)
    else {
      for (const uri of uris) this.#watch(uri, listener)
      uris.follow((uri, isWatched) => (isWatched ? this.#watch(uri, listener) : this.#unwatch(uri, listener)))
    }
    this.#stop ??= this.#deps.changes.subscribe((notice) => this.#pass(notice))
  }

  remove(listener: Listener): void {
    const { uris } = listener
    this.#listeners.delete(listener)
    if (uris === 'everything') this.#hearingAll.delete(listener)
    else {
      uris.follow(undefined)
      for (const uri of uris) this.#unwatch(uri, listener)
    }
    if (this.#listeners.size > 0) return
    this.#stop?.()
    this.#stop = undefined
  }

  /** Tells everybody who listens of a change that did not come over the bus. */
  announce(notice: ChangeNotice): void {
    this.#pass(notice)
  }

  /** Throws RESOURCE_NOT_FOUND where there is no such resource for the principal: the same answer for hidden and absent ones. */
  async requireHearable(uri: string, principal: Principal): Promise<void> {
    const { index, mayHear } = this.#deps
    const isOffered = index.resource(uri) !== undefined || index.matchTemplate(uri) !== undefined
    if (!isOffered || !(await mayHear(principal, uri))) throw unknownResource(uri)
  }

  #watch(uri: string, listener: Listener): void {
    const listeners = this.#watching.get(uri)
    if (listeners === undefined) this.#watching.set(uri, new Set([listener]))
    else listeners.add(listener)
  }

  #unwatch(uri: string, listener: Listener): void {
    const listeners = this.#watching.get(uri)
    listeners?.delete(listener)
    if (listeners?.size === 0) this.#watching.delete(uri)
  }

  #pass(notice: ChangeNotice): void {
    if (notice.kind !== 'resource_updated') {
      for (const listener of this.#listeners) listener.hear(notice)
      return
    }
    for (const listener of this.#watching.get(notice.uri) ?? []) this.#passUpdate(notice, listener)
    for (const listener of this.#hearingAll) this.#passUpdate(notice, listener)
  }

  /** A check that fails counts as a no. */
  #passUpdate(notice: ChangeNotice & { readonly kind: 'resource_updated' }, listener: Listener): void {
    const { mayHear, log } = this.#deps
    mayHear(listener.principal, notice.uri).then(
      (isAllowed) => {
        // The listener may have left while the question was out.
        if (isAllowed && this.#listeners.has(listener)) listener.hear(notice)
      },
      (error: unknown) => log.warn('mcp_notice_withheld', { error, principal: listener.principal.name }),
    )
  }
}

/** The resources that one session watches; at most 200. */
export class WatchedResources {
  readonly uris = new WatchedUris()
  readonly #desk: ChangeDesk

  constructor(desk: ChangeDesk) {
    this.#desk = desk
  }

  async add(uri: string, principal: Principal): Promise<void> {
    await this.#desk.requireHearable(uri, principal)
    if (this.uris.size >= subscriptionsPerSessionMax && !this.uris.has(uri)) {
      const details = { problem: `at most ${subscriptionsPerSessionMax} subscriptions per session` }
      throw new AppError('MCP_REQUEST_INVALID', { details })
    }
    this.uris.add(uri)
  }

  remove(uri: string): void {
    this.uris.delete(uri)
  }
}
