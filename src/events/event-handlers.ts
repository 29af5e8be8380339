import type { JsonObject } from '../base/json-object.ts'
import type { Logger } from '../observe/logger.ts'
import type { Delivery, QueueSubscriber } from '../queue/driver.ts'
import { isMatch, isMessageName, namesOf, parsePattern } from './event-patterns.ts'
import {
  isOwnEvent,
  type OwnIdentity,
  type ParsedEvent,
  parseKeptEvent,
  type SlackEventOf,
} from './slack-event.ts'

/** What a handler gets. */
export interface HandledEvent<Pattern extends string> {
  readonly event: SlackEventOf<Pattern>
  /** The outer object: event_id, team_id, authorizations, … */
  readonly envelope: JsonObject
  /** The exact bytes, what is known about them, and which try this is. */
  readonly delivery: Delivery
  /** Aborts when the server stops. */
  readonly signal: AbortSignal
}

/** Resolving acknowledges the event; rejecting asks for it again later. */
export type SlackEventHandler<Pattern extends string = string> = (
  handled: HandledEvent<Pattern>,
) => Promise<void> | void

export interface HandlerOptions {
  /**
   * Handlers of one group share the acknowledgement: each that an event concerns is called, in the order of registration, and it comes again to all
   * of them until none failed. Default `app`.
   */
  readonly group?: string
  /** Leaves out what the app itself wrote or did. Default true: a handler that answers its own messages never ends. */
  readonly ignoreSelf?: boolean
}

/** Handlers by method name: `onMessage`, `onMessageIm`, `onReactionAdded`, `onAppMention`, …; `onAny` gets every event. */
export type HandlerObject = object

export interface EventHandlers {
  /** Calls `handler` for every event that `pattern` means: `app_mention`, `message.im`, `reaction_*`, `*`. Register before `start`. */
  on<const Pattern extends string>(
    pattern: Pattern,
    handler: SlackEventHandler<Pattern>,
    options?: HandlerOptions,
  ): void
  /** Registers every `on…` method of an object, inherited ones included. */
  use(handlers: HandlerObject, options?: HandlerOptions): void
}

interface Registered {
  readonly pattern: string
  readonly handler: SlackEventHandler
  readonly ignoresSelf: boolean
}

export interface EventHandlersDeps {
  readonly queue: QueueSubscriber
  readonly topic: string
  readonly own: () => OwnIdentity
  readonly log: Logger
  /** Events of one group that are handled at once. */
  readonly concurrencyMax: number
}

const groupDefault = 'app'

/** The handlers of an embedder, as subscribers of the queue: one subscription per group, from `start` to `stop`. */
export class HandlerRegistry implements EventHandlers {
  readonly #deps: EventHandlersDeps
  readonly #groups = new Map<string, Registered[]>()
  readonly #ended = new AbortController()
  #subscriptions: Promise<void>[] = []
  #isStarted = false

  constructor(deps: EventHandlersDeps) {
    this.#deps = deps
  }

  on<const Pattern extends string>(
    pattern: Pattern,
    handler: SlackEventHandler<Pattern>,
    options: HandlerOptions = {},
  ): void {
    if (this.#isStarted) throw new TypeError('Register event handlers before the server starts')
    const { group = groupDefault, ignoreSelf = true } = options
    const registered = this.#groups.get(group) ?? []
    // The pattern decides which events the handler gets, so that each has the type that the pattern promises.
    registered.push({
      pattern: parsePattern(pattern),
      handler: handler as SlackEventHandler,
      ignoresSelf: ignoreSelf,
    })
    this.#groups.set(group, registered)
  }

  use(handlers: HandlerObject, options?: HandlerOptions): void {
    const names = methodNames(handlers).filter((name) => /^on[A-Z]/.test(name))
    if (names.length === 0) throw new TypeError('The object has no method whose name begins with on')
    for (const name of names) {
      const method: unknown = Reflect.get(handlers, name)
      if (typeof method === 'function')
        this.on(patternOf(name), (handled) => method.call(handlers, handled), options)
    }
  }

  start(): void {
    this.#isStarted = true
    const { queue, topic, concurrencyMax } = this.#deps
    this.#subscriptions = [...this.#groups].map(([group, registered]) =>
      queue.subscribe({
        topic,
        group,
        concurrencyMax,
        signal: this.#ended.signal,
        handler: (delivery, signal) => this.#handle(registered, delivery, signal),
      }),
    )
  }

  /** Resolves once running handlers have settled. */
  async stop(): Promise<void> {
    this.#ended.abort()
    await Promise.all(this.#subscriptions)
  }

  async #handle(registered: readonly Registered[], delivery: Delivery, signal: AbortSignal): Promise<void> {
    const { bytes, meta } = delivery.event
    const parsed = parseKeptEvent(bytes, meta.type)
    if (parsed === undefined) {
      this.#deps.log.warn('event_not_readable', { event_id: meta.eventId, event_type: meta.type })
      return
    }
    const failures: unknown[] = []
    for (const { handler } of this.#concerned(registered, parsed)) {
      // One that always fails must not keep the event from those after it: with it the event becomes a dead letter, which they would never have seen.
      try {
        await handler({ ...parsed, delivery, signal })
      } catch (thrown) {
        failures.push(thrown)
      }
    }
    if (failures.length > 0) throw failures[0]
  }

  #concerned(registered: readonly Registered[], parsed: ParsedEvent): readonly Registered[] {
    const names = namesOf(parsed.event.type, parsed.event)
    const matching = registered.filter(({ pattern }) => isMatch(pattern, names))
    if (!matching.some(({ ignoresSelf }) => ignoresSelf) || !isOwnEvent(parsed, this.#deps.own()))
      return matching
    return matching.filter(({ ignoresSelf }) => !ignoresSelf)
  }
}

/** `onReactionAdded` means `reaction_added`, `onMessageIm` `message.im`, `onAny` every event. */
function patternOf(methodName: string): string {
  if (methodName === 'onAny') return '*'
  const words = methodName.slice('on'.length)
  const type = words.replace(
    /[A-Z]/g,
    (letter, index: number) => `${index === 0 ? '' : '_'}${letter.toLowerCase()}`,
  )
  // A method name has no dot; Slack has no event type of that spelling.
  const messageName = type.replace('_', '.')
  return isMessageName(messageName) ? messageName : type
}

/** Own and inherited, without those of Object. */
function methodNames(value: object): readonly string[] {
  const names = new Set<string>()
  for (let level: unknown = value; isPlainLevel(level); level = Object.getPrototypeOf(level)) {
    for (const name of Object.getOwnPropertyNames(level)) names.add(name)
  }
  return [...names]
}

function isPlainLevel(level: unknown): level is object {
  return typeof level === 'object' && level !== null && level !== Object.prototype
}
