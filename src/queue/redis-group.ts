import { type Clock, repeat, sleep, type Timer } from '../base/clock.ts'
import type { Logger } from '../observe/logger.ts'
import type { GroupSource, HeldEvent, Verdict } from './group-source.ts'
import { decodeEvent } from './redis-codec.ts'
import { isEndOfConnection, RedisFailure } from './redis-failure.ts'
import { leaveScript, recoverScript, settleScript, takeScript } from './redis-group-scripts.ts'
import type { RedisTopicKeys } from './redis-keys.ts'
import { asList, asNumber, asText, type RedisReply } from './redis-reply.ts'
import type { RedisScripts } from './redis-script.ts'
import type { RedisSupervisor } from './redis-supervisor.ts'

/** An event held by a consumer of ours, and where it stands in Redis. */
export interface RedisHeld extends HeldEvent {
  readonly stream: StreamOfGroup
  readonly entryId: string
}

/** As the scripts number their keys: the topic's stream, or what was replayed for this group alone. */
type StreamOfGroup = 1 | 2

export interface RedisGroupOptions {
  readonly keys: RedisTopicKeys
  readonly group: string
  /** Ours in the group, unlike any other's: what it holds is told from what others hold by this name. */
  readonly consumer: string
  readonly clock: Clock
  readonly log: Logger
  readonly redis: RedisSupervisor
  readonly scripts: RedisScripts
  /** A connection of its own for waiting: a blocked read holds up everything behind it. Started and stopped here. */
  readonly reader: RedisSupervisor
  /** After how long without a sign an unacknowledged event counts as left behind by a consumer that died, milliseconds. */
  readonly claimAfterMs: number
  readonly deadLettersMax: number
  readonly onDeadLettersEvicted: (count: number) => void
}

/** The consumer that has what nobody holds. Its name is seen by operators and by other consumers of the group. */
export const nobody = 'released'

/** How long one wait for new events lasts, milliseconds. It bounds how late an event that another consumer left behind is found. */
const blockMs = 2_000
/** Beyond `blockMs`; then the connection of the wait counts as hung (F11), milliseconds. */
const blockGraceMs = 2_000
/** How often to look where waiting is not possible, milliseconds. */
const pollMs = 1_000
/** Signs of life per claim time: two may be lost. */
const holdsPerClaim = 3

/** One consumer of a Redis consumer group, as the dispatcher wants it. */
export class RedisGroup implements GroupSource<RedisHeld> {
  readonly #options: RedisGroupOptions
  readonly #held = new Map<string, RedisHeld>()
  readonly #holding: Timer
  readonly #closing = new AbortController()
  #isReading = false
  /** A take went out and no answer came: Redis may have handed us events that we do not know of. */
  #isUnsure = false
  #waiting: Promise<void> | undefined
  #releasing: Promise<unknown> = Promise.resolve()
  #cursors: readonly [string, string] = ['0-0', '0-0']
  #lastIds: readonly [string, string] = ['0-0', '0-0']

  constructor(options: RedisGroupOptions) {
    this.#options = options
    this.#holding = repeat(options.clock, options.claimAfterMs / holdsPerClaim, () => void this.#hold())
  }

  async take(countMax: number, signal: AbortSignal): Promise<readonly RedisHeld[]> {
    const { redis } = this.#options
    while (!signal.aborted) {
      await redis.ready(signal)
      if (signal.aborted) break
      try {
        const taken = await this.#takeNow(countMax)
        if (taken.length > 0) return taken
      } catch (thrown) {
        this.#isUnsure = true
        if (!(thrown instanceof RedisFailure && isEndOfConnection(thrown))) throw thrown
        continue
      }
      await this.#wait(signal)
    }
    return []
  }

  async settle(verdicts: readonly Verdict<RedisHeld>[]): Promise<void> {
    const evictedCount = await this.#record(verdicts.map(asRecord))
    for (const { kind, held } of verdicts) if (kind !== 'failed') this.#forget(held)
    if (evictedCount > 0) this.#options.onDeadLettersEvicted(evictedCount)
  }

  release(held: readonly { readonly held: RedisHeld; readonly attempt: number }[]): void {
    for (const { held: each } of held) this.#forget(each)
    const records = held.map(({ held: each, attempt }): EventRecord => ['free', each, attempt - 1, ''])
    // What cannot be given back now is claimed by another consumer later.
    this.#releasing = Promise.all([this.#releasing, this.#record(records).catch(() => undefined)])
  }

  /** Leaves the group, giving back first. Never rejects: a consumer that cannot say goodbye is found out by its silence. */
  async close(): Promise<void> {
    const { keys, group, consumer, reader, scripts } = this.#options
    this.#holding.cancel()
    this.#closing.abort()
    await this.#releasing
    await Promise.all([
      reader.stop(),
      scripts
        .run(leaveScript, [keys.stream, keys.replays + group], [group, consumer, nobody])
        .catch(() => undefined),
    ])
  }

  async #takeNow(countMax: number): Promise<readonly RedisHeld[]> {
    const { keys, group, consumer, scripts, claimAfterMs } = this.#options
    const streams = [keys.stream, keys.replays + group]
    if (this.#isUnsure) {
      await scripts.run(recoverScript, streams, [group, consumer, nobody, ...this.#held.keys()])
      this.#isUnsure = false
    }
    const [entries, mainCursor, replayCursor, ...lastIds] = asList(
      await scripts.run(takeScript, streams, [
        group,
        consumer,
        String(countMax),
        String(claimAfterMs),
        ...this.#cursors,
      ]),
    )
    this.#cursors = [asText(mainCursor), asText(replayCursor)]
    if (lastIds.length > 0) this.#lastIds = [asText(lastIds[0]), asText(lastIds[1])]
    const taken: RedisHeld[] = []
    const foreign: EventRecord[] = []
    for (const entry of asList(entries)) this.#sort(asList(entry), taken, foreign)
    await this.#record(foreign).catch(() => undefined)
    return taken
  }

  /** An entry that is not an event of ours goes to the dead letters as it is: it would fail for ever, and is somebody's mistake to see. */
  #sort(entry: readonly RedisReply[], taken: RedisHeld[], foreign: EventRecord[]): void {
    const stream: StreamOfGroup = asNumber(entry[0]) === 1 ? 1 : 2
    const [entryId, attempt] = [asText(entry[1]), asNumber(entry[2])]
    const event = decodeEvent(this.#options.keys.topic, entry[3])
    if (event === undefined) {
      this.#options.log.warn('queue_entry_foreign', { topic: this.#options.keys.topic, entry_id: entryId })
      foreign.push(['dead', { stream, entryId }, attempt, 'MALFORMED_ENTRY'])
      return
    }
    const held = { event, attempt, stream, entryId }
    // One of our own comes back when our signs of life did not get through for a while; it is still being worked on.
    if (this.#held.has(placeOf(held))) return
    this.#held.set(placeOf(held), held)
    taken.push(held)
  }

  /** Until something may be there. The read itself takes nothing, so that giving it up loses nothing. */
  async #wait(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    this.#waiting ??= this.#block().finally(() => {
      this.#waiting = undefined
    })
    const { promise: aborted, resolve } = Promise.withResolvers<void>()
    const onAbort = () => resolve()
    signal.addEventListener('abort', onAbort, { once: true })
    await Promise.race([this.#waiting, aborted])
    signal.removeEventListener('abort', onAbort)
  }

  async #block(): Promise<void> {
    const { keys, group, reader, clock } = this.#options
    if (!this.#isReading) {
      this.#isReading = true
      await reader.start()
    }
    const streams = [keys.stream, keys.replays + group, ...this.#lastIds]
    try {
      await reader.send(
        'XREAD',
        ['COUNT', '1', 'BLOCK', String(blockMs), 'STREAMS', ...streams],
        blockMs + blockGraceMs,
      )
    } catch {
      await sleep(clock, pollMs, this.#closing.signal)
    }
  }

  async #hold(): Promise<void> {
    if (this.#held.size === 0) return
    await this.#record([...this.#held.values()].map((held) => ['hold', held, 0, ''])).catch(() => undefined)
  }

  async #record(records: readonly EventRecord[]): Promise<number> {
    const { keys, group, consumer, deadLettersMax, clock, scripts } = this.#options
    if (records.length === 0) return 0
    const args = [group, consumer, String(deadLettersMax), String(clock.now()), nobody]
    for (const [what, { stream, entryId }, number, reason] of records) {
      args.push(what, String(stream), entryId, String(number), reason)
    }
    return asNumber(await scripts.run(settleScript, [keys.stream, keys.replays + group, keys.dead], args))
  }

  #forget(held: RedisHeld): void {
    this.#held.delete(placeOf(held))
  }
}

/** What, which event, a number, a reason: what settleScript takes for each event. */
type EventRecord = readonly [
  what: 'done' | 'again' | 'dead' | 'free' | 'hold',
  held: Pick<RedisHeld, 'stream' | 'entryId'>,
  number: number,
  reason: string,
]

function asRecord(verdict: Verdict<RedisHeld>): EventRecord {
  switch (verdict.kind) {
    case 'acknowledged':
      return ['done', verdict.held, 0, '']
    case 'failed':
      // Redis counts one more when it hands the event out again.
      return ['again', verdict.held, verdict.attempt - 1, '']
    case 'dead':
      return ['dead', verdict.held, verdict.attempts, verdict.reason]
  }
}

function placeOf({ stream, entryId }: Pick<RedisHeld, 'stream' | 'entryId'>): string {
  return `${stream}:${entryId}`
}
