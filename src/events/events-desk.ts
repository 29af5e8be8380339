import { asIsoTime } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import type { DeadLetter, DeadLetterPage, QueueAdmin, QueueDriver, QueuedEvent } from '../queue/driver.ts'
import type { QueueStatus } from '../queue/guarded-queue.ts'
import { isMatch, namesOf, parsePattern } from './event-patterns.ts'
import {
  type EventView,
  type GroupView,
  type LetterView,
  type ViewOptions,
  viewEvent,
  viewGroup,
  viewLetter,
} from './event-view.ts'
import type { Forwarder, ForwardStatus } from './forwarder.ts'
import { parseKeptEvent } from './slack-event.ts'

export interface ListQuery extends ViewOptions {
  /** The newest so many of those that are meant. */
  readonly limit: number
  /** A pattern as `events.on` takes it, looked for among the newest `listMax`. */
  readonly pattern?: string | undefined
  /** Only what came after the event of this id. */
  readonly afterId?: string | undefined
}

export interface EventList {
  /** Newest last. */
  readonly events: readonly EventView[]
  /** What to go on after; null while nothing is kept. */
  readonly last_id: string | null
  /** `after` is no longer among the newest, or more came than were asked for: something between it and these may be missing. */
  readonly has_gap: boolean
}

/** Which dead letters are meant. All that is given must hold. */
export interface DeadSelection {
  readonly id?: string | undefined
  readonly group?: string | undefined
  /** A pattern as `events.on` takes it. */
  readonly pattern?: string | undefined
  readonly reason?: string | undefined
  /** Dead since, and dead before: wall clock, milliseconds. */
  readonly sinceMs?: number | undefined
  readonly beforeMs?: number | undefined
}

export interface DeadOutcome {
  readonly dry_run: boolean
  readonly matched: number
  /** Those that were replayed or removed; one whose group is gone cannot be replayed. */
  readonly done: number
  /** The first of them. */
  readonly letters: readonly LetterView[]
}

export interface PurgeOutcome {
  readonly dry_run: boolean
  readonly removed: number
}

export interface EventStats {
  readonly backend: string
  readonly durable: boolean
  readonly shared: boolean
  readonly topic: string
  readonly events: number
  readonly bytes: number
  readonly events_max: number
  readonly pending: number
  readonly fill: number
  readonly oldest_at: string | null
  readonly dead_letters: number
  readonly breaker: string
  readonly groups: readonly GroupView[]
  readonly forward: {
    readonly host: string
    readonly state: string
    readonly breaker: string
    readonly last_failure: string | null
  } | null
}

/** What operators can ask and do, the same through the admin routes and straight at the store. Rejects with QUEUE_UNAVAILABLE. */
export interface EventsDesk {
  list(query: ListQuery): Promise<EventList>
  show(id: string): Promise<EventView | undefined>
  stats(): Promise<EventStats>
  groups(): Promise<readonly GroupView[]>
  removeGroup(group: string): Promise<boolean>
  /** Newest last. */
  deadLetters(
    selection: DeadSelection,
    options: ViewOptions & { readonly limit: number },
  ): Promise<readonly LetterView[]>
  settleDead(what: 'replay' | 'purge', selection: DeadSelection, isDryRun: boolean): Promise<DeadOutcome>
  purge(receivedBeforeMs: number, isDryRun: boolean): Promise<PurgeOutcome>
  /** Goes on forwarding after the endpoint paused it: false where it was not paused, undefined where nothing is forwarded. */
  resumeForwarding(): Promise<boolean | undefined>
}

export interface EventsDeskDeps {
  readonly queue: QueueDriver & QueueAdmin & { status(): QueueStatus }
  readonly topic: string
  /** Undefined where nothing is forwarded. */
  readonly forwarder: Pick<Forwarder, 'status' | 'resume'> | undefined
}

/** What an outcome names; the counts say the rest. */
const lettersNamedMax = 100
/** How far back a pattern and the event of `afterId` are looked for. */
export const listMax = 1_000

export function createEventsDesk({ queue, topic, forwarder }: EventsDeskDeps): EventsDesk {
  const groups = async () => (await queue.groups()).filter((info) => info.topic === topic).map(viewGroup)
  return {
    groups,
    list: (query) => list(queue, topic, query),
    async show(id) {
      const event = await queue.find(topic, id)
      return event && viewEvent(event, { hasData: true, hasBody: true })
    },
    async stats() {
      const [depth, groupViews] = await Promise.all([queue.depth(), groups()])
      const status = forwarder?.status()
      return {
        backend: queue.name,
        ...queue.capabilities,
        topic,
        events: depth.events,
        bytes: depth.bytes,
        events_max: depth.eventsMax,
        pending: depth.pending,
        fill: depth.fill,
        oldest_at: depth.oldestAtMs === undefined ? null : asIsoTime(depth.oldestAtMs),
        dead_letters: depth.deadLetters,
        breaker: queue.status().breaker,
        groups: groupViews,
        forward: status === undefined ? null : viewForward(status),
      }
    },
    removeGroup: (group) => queue.removeGroup(topic, group),
    async deadLetters(selection, { limit, ...options }) {
      const isOpen = Object.values(selection).every((value) => value === undefined)
      const letters = isOpen
        ? await queue.deadLetters(topic, limit)
        : await newestSelected(queue, topic, { selection, limit })
      return letters.map((letter) => viewLetter(letter, options))
    },
    async settleDead(what, selection, isDryRun) {
      const settle = what === 'replay' ? queue.replayDeadLetter : queue.removeDeadLetter
      const letters: LetterView[] = []
      let [matched, done] = [0, 0]
      for await (const letter of selected(queue, topic, selection)) {
        const { event, group } = letter
        matched++
        if (letters.length < lettersNamedMax) letters.push(viewLetter(letter))
        if (!isDryRun && (await settle.call(queue, { topic, eventId: event.id, group }))) done++
      }
      return { dry_run: isDryRun, matched, done, letters }
    },
    async purge(receivedBeforeMs, isDryRun) {
      return { dry_run: isDryRun, removed: await queue.purge({ topic, receivedBeforeMs, isDryRun }) }
    },
    resumeForwarding: () => Promise.resolve(forwarder?.resume()),
  }
}

/** The dead letters that are meant, oldest first. What is buried meanwhile is not looked at: a replayed event may come back at once. */
async function* selected(
  queue: QueueDriver & QueueAdmin,
  topic: string,
  selection: DeadSelection,
): AsyncGenerator<DeadLetter> {
  const isWanted = isSelected(selection)
  let left = (await queue.depth()).deadLetters
  for (let from: string | undefined; ; ) {
    const { letters, next }: DeadLetterPage = await queue.deadLetterPage(topic, from)
    for (const letter of letters.slice(0, left)) if (isWanted(letter)) yield letter
    left -= letters.length
    if (next === undefined || left <= 0) return
    from = next
  }
}

/** Each comes with its bytes: no more of them are held than are shown, and a part of those that are not. */
async function newestSelected(
  queue: QueueDriver & QueueAdmin,
  topic: string,
  { selection, limit }: { readonly selection: DeadSelection; readonly limit: number },
): Promise<readonly DeadLetter[]> {
  const newest: DeadLetter[] = []
  for await (const letter of selected(queue, topic, selection)) {
    newest.push(letter)
    if (newest.length > limit) newest.shift()
  }
  return newest
}

async function list(
  queue: QueueAdmin,
  topic: string,
  { limit, pattern, afterId, ...options }: ListQuery,
): Promise<EventList> {
  const isWanted = matcher(pattern)
  const isSelective = pattern !== undefined || afterId !== undefined
  const newest = await queue.recent(topic, isSelective ? listMax : limit)
  const index = afterId === undefined ? -1 : newest.findIndex(({ id }) => id === afterId)
  const events = newest.slice(index + 1).filter(isWanted)
  return {
    events: events.slice(-limit).map((event) => viewEvent(event, options)),
    last_id: newest.at(-1)?.id ?? null,
    has_gap: afterId !== undefined && (index === -1 || events.length > limit),
  }
}

function isSelected({ id, group, pattern, reason, sinceMs, beforeMs }: DeadSelection) {
  const isWanted = matcher(pattern)
  return (letter: DeadLetter): boolean =>
    (id === undefined || letter.event.id === id) &&
    (group === undefined || letter.group === group) &&
    (reason === undefined || letter.reason === reason) &&
    letter.deadAtMs >= (sinceMs ?? Number.NEGATIVE_INFINITY) &&
    letter.deadAtMs < (beforeMs ?? Number.POSITIVE_INFINITY) &&
    isWanted(letter.event)
}

/** Throws ADMIN_REQUEST_INVALID for a pattern that is none. */
function matcher(pattern: string | undefined): (event: QueuedEvent) => boolean {
  if (pattern === undefined) return () => true
  const parsed = asPattern(pattern)
  return ({ bytes, meta }) =>
    isMatch(parsed, namesOf(meta.type, parseKeptEvent(bytes, meta.type)?.event ?? {}))
}

function asPattern(pattern: string): string {
  try {
    return parsePattern(pattern)
  } catch (cause) {
    throw new AppError('ADMIN_REQUEST_INVALID', { cause, details: { parameter: 'type' } })
  }
}

function viewForward({ host, state, breaker, lastFailure }: ForwardStatus) {
  return { host, state, breaker, last_failure: lastFailure ?? null }
}
