/** What happened in Slack, in short: announced inside the process after an event was stored. */
export interface SlackNotice {
  readonly eventId: string
  /** The inner event's type, as Slack spells it. */
  readonly type: string
  readonly teamId: string | undefined
  readonly channelId: string | undefined
  readonly userId: string | undefined
  /** Slack's message id where the event is about a message. */
  readonly ts: string | undefined
  readonly threadTs: string | undefined
  /** The inner event as parsed. Readers take fields, never change it. */
  readonly event: Readonly<Record<string, unknown>>
}

/** One publisher side, many listeners, one process. A listener that throws is dropped from nothing and stops nobody: `onError` hears it. */
export interface EventBus<T> {
  publish(notice: T): void
  /** Returns how to stop listening. */
  subscribe(listener: (notice: T) => void): () => void
}

export function createEventBus<T>(onError: (error: unknown) => void): EventBus<T> {
  const listeners = new Set<(notice: T) => void>()
  return {
    publish(notice) {
      for (const listener of listeners) {
        try {
          listener(notice)
        } catch (error) {
          onError(error)
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
