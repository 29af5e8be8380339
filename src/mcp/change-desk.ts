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
  /** The resources that it wants to hear of. */
  readonly uris: Pick<ReadonlySet<string>, 'has'>
  hear(notice: ChangeNotice): void
}

/** How many resources one session may watch. */
export const subscriptionsPerSessionMax = 200

/** Passes changes on to those who asked for them and may hear of them. One subscription to the bus, and none while nobody listens. */
export class ChangeDesk {
  readonly #deps: ChangeDeskDeps
  readonly #listeners = new Set<Listener>()
  #stop: (() => void) | undefined

  constructor(deps: ChangeDeskDeps) {
    this.#deps = deps
  }

  get size(): number {
    return this.#listeners.size
  }

  add(listener: Listener): void {
    this.#listeners.add(listener)
    this.#stop ??= this.#deps.changes.subscribe((notice) => this.#pass(notice))
  }

  remove(listener: Listener): void {
    this.#listeners.delete(listener)
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

  #pass(notice: ChangeNotice): void {
    for (const listener of this.#listeners) {
      if (notice.kind !== 'resource_updated') listener.hear(notice)
      else if (listener.uris.has(notice.uri)) this.#passUpdate(notice, listener)
    }
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
  readonly uris = new Set<string>()
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
