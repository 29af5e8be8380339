/**
 * What a queue backend promises. The receiving side sees QueueDriver alone; the consuming side QueueSubscriber; operators QueueAdmin.
 * A backend is correct when it passes test/contract/queue-driver.ts.
 */
export type EventSource = 'events' | 'commands' | 'interactivity'

/** What we know about an event beside its bytes. Plain data: drivers store it as flat fields. */
export interface EventMeta {
  /** Slack's event_id, or the key under which an event without one is deduplicated. Equal to QueuedEvent.id. */
  readonly eventId: string
  /** The inner event's type (`message`), the outer type where there is no inner one, `slash_command` or `interactive:<type>`. */
  readonly type: string
  readonly teamId: string | undefined
  readonly channelId: string | undefined
  /** Wall clock when the request arrived, milliseconds. */
  readonly receivedAtMs: number
  readonly correlationId: string
  readonly source: EventSource
  /** Slack's X-Slack-Retry-Num, 0 for the first delivery. */
  readonly retryNum: number
  /** Where in a trace the event was kept (W3C Trace Context), for whoever handles it; absent where nothing was traced. */
  readonly traceparent?: string | undefined
  /** Only beside `traceparent`. */
  readonly tracestate?: string | undefined
}

export interface QueuedEvent {
  /** What deduplication goes by: Slack's event_id, or a hash of the bytes. */
  readonly id: string
  readonly topic: string
  /** Events of one key are kept in order where order is asked for: the channel, else the team. */
  readonly key: string
  /** The exact bytes that Slack signed; never a re-serialised copy. */
  readonly bytes: Uint8Array
  readonly meta: EventMeta
}

export interface QueueDepth {
  /** Events kept. */
  readonly events: number
  /** Bytes kept, payloads only. */
  readonly bytes: number
  /** The bound at which publishing is refused (or the oldest dropped), in events. */
  readonly eventsMax: number
  /** Events that the group furthest behind has not acknowledged; 0 while there is no group. */
  readonly pending: number
  /**
   * How near the group furthest behind is to the bound, in events or bytes, whichever is nearer: at 1 publishing is refused. 0 while there is
   * no group, since then the oldest event gives way.
   */
  readonly fill: number
  /** When the oldest event that some group has not acknowledged arrived (wall clock); undefined when there is none. */
  readonly oldestAtMs: number | undefined
  readonly deadLetters: number
}

export interface QueueCapabilities {
  /** What was acknowledged survives kill -9. */
  readonly durable: boolean
  /** Other processes see the same events and the same deduplication. */
  readonly shared: boolean
}

/** The receiving side. */
export interface QueueDriver {
  readonly name: string
  readonly capabilities: QueueCapabilities
  /** What is wrong behind the store while it still accepts events; undefined or absent where nothing is. For the log: never shown to a client. */
  readonly problem?: Error | undefined
  start(): Promise<void>
  /**
   * Deduplicates, within a topic, and stores in one operation. Resolves once stored as durably as `capabilities` say; there is no moment at which an event is
   * marked as seen and not stored. Rejects with QUEUE_UNAVAILABLE or QUEUE_FULL and nothing else (also when `signal` aborts).
   */
  publish(event: QueuedEvent, signal?: AbortSignal): Promise<'stored' | 'duplicate'>
  depth(): Promise<QueueDepth>
  /** Asks the store itself; leaves nothing behind. Rejects with QUEUE_UNAVAILABLE. */
  ping(signal?: AbortSignal): Promise<void>
  /** Finishes what is in flight, frees everything, safe to call twice. */
  stop(): Promise<void>
}

export interface Delivery {
  readonly event: QueuedEvent
  /** 1 for the first try. */
  readonly attempt: number
}

/**
 * Resolving acknowledges the event; rejecting asks for it again after a backoff, with NotTried as the same try. `signal` aborts when the subscription ends or the lease is
 * over.
 */
export type EventHandler = (delivery: Delivery, signal: AbortSignal) => Promise<void>

export interface RetryPolicy {
  /** Tries after which an event that keeps failing becomes a dead letter. */
  readonly attemptsMax: number
  /** The longest wait after the first failure, milliseconds; each further one is twice as long. */
  readonly firstMs: number
  /** No wait is longer than this, milliseconds. */
  readonly longestMs: number
}

export interface Subscription {
  readonly topic: string
  /** Each group gets every event; the members of a group share them. A new group begins with the oldest event kept. */
  readonly group: string
  readonly handler: EventHandler
  /** Ends the subscription: no new deliveries; the promise resolves once running handlers have settled. */
  readonly signal: AbortSignal
  /** Handlers running at once in this member. Default 1. */
  readonly concurrencyMax?: number
  /**
   * One event per key at a time and in order, also across failures, among the members of the group in this process. A group is ordered from
   * the first member that asks for it. Default false.
   */
  readonly ordered?: boolean
  /** How long a handler may take before its signal aborts and the try counts as failed, milliseconds. Default 5 minutes. */
  readonly leaseMs?: number
  /** Default: the policy of the driver. The newest member's policy holds for the group. */
  readonly retry?: RetryPolicy
}

/** The consuming side of the same drivers. */
export interface QueueSubscriber {
  /**
   * Delivers to one member of a group until `signal` aborts, then resolves once running handlers have settled. A handler that rejects gets the
   * event again with attempt + 1 after a backoff; after `attemptsMax` it becomes a dead letter with its original bytes, and blocks nobody.
   * Stopping the driver ends it too. Never rejects.
   */
  subscribe(subscription: Subscription): Promise<void>
}

export interface GroupInfo {
  readonly topic: string
  readonly group: string
  /** Events that this group has not acknowledged. */
  readonly pending: number
  /** Wall clock of the last acknowledgement or delivery; undefined before the first. */
  readonly activeAtMs: number | undefined
}

export interface DeadLetter {
  readonly event: QueuedEvent
  readonly group: string
  readonly attempts: number
  /** The code or class of the last failure; never message text. */
  readonly reason: string
  readonly deadAtMs: number
}

/** Which dead letter: an event may be one of several groups, and an id stand in several topics. */
export interface LetterName {
  readonly topic: string
  readonly eventId: string
  readonly group: string
}

/** A part of the dead letters, oldest first. */
export interface DeadLetterPage {
  readonly letters: readonly DeadLetter[]
  /** Where the next part begins; undefined at the end. Holds whatever is buried, replayed or removed meanwhile. */
  readonly next: string | undefined
}

/** Which kept events to remove, whoever has not acknowledged them. */
export interface Purge {
  readonly topic: string
  /** Those that arrived before this, wall clock: from the oldest on, up to the first that did not. */
  readonly receivedBeforeMs: number
  /** Only counts. */
  readonly isDryRun: boolean
}

/** What operators do to the same drivers. */
export interface QueueAdmin {
  groups(): Promise<readonly GroupInfo[]>
  /**
   * Forgets a group and what it had pending; false when there is no such group. Where members of it are connected the group itself stays and
   * goes on with what is published from now on.
   */
  removeGroup(topic: string, group: string): Promise<boolean>
  /** The newest `limit` dead letters of a topic, newest last. */
  deadLetters(topic: string, limit: number): Promise<readonly DeadLetter[]>
  /** All dead letters of a topic, part by part: `from` is the `next` of the part before, and undefined for the first. */
  deadLetterPage(topic: string, from: string | undefined): Promise<DeadLetterPage>
  /** Hands a dead letter to its group again as a first attempt; false when there is no such letter, or its group is gone. */
  replayDeadLetter(letter: LetterName): Promise<boolean>
  removeDeadLetter(letter: LetterName): Promise<boolean>
  /** The newest `limit` events kept, newest last. */
  recent(topic: string, limit: number): Promise<readonly QueuedEvent[]>
  /** A kept event by its id; undefined where there is none. Looks through what is kept, newest first. */
  find(topic: string, eventId: string): Promise<QueuedEvent | undefined>
  /**
   * Removes kept events for good; resolves with how many. They stay deduplicated, and dead letters and what was replayed from them stay. Whoever
   * has one of them in hand may finish.
   */
  purge(purge: Purge): Promise<number>
}

/** A whole backend. */
export type QueueBackend = QueueDriver & QueueSubscriber & QueueAdmin
