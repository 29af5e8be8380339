import type { QueueBackend, QueueDepth, QueuedEvent, Subscription } from '../queue/driver.ts'

/** A subscription of the server's topic. */
export type EventSubscription = Omit<Subscription, 'topic'>

/** The kept events of one server, for whoever consumes them. */
export interface EventStream {
  /**
   * Hands every event to `handler`, once per group, until `signal` aborts; resolves once running handlers have settled. A handler that rejects
   * gets the event again after a backoff. A group exists from the first subscription on and begins with the oldest event kept.
   */
  subscribe(subscription: EventSubscription): Promise<void>
  /** The newest `limit` events kept, newest last. */
  recent(limit: number): Promise<readonly QueuedEvent[]>
  depth(): Promise<QueueDepth>
}

export function createEventStream(queue: QueueBackend, topic: string): EventStream {
  return {
    subscribe: (subscription) => queue.subscribe({ ...subscription, topic }),
    recent: (limit) => queue.recent(topic, limit),
    depth: () => queue.depth(),
  }
}
