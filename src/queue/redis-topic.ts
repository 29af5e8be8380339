import type { DeadLetter, DeadLetterPage, LetterName, Purge, QueuedEvent } from './driver.ts'
import type { GroupStand } from './group-depth.ts'
import { deadLetterPageMax, type QueueLimits } from './limits.ts'
import { decodeDeadLetter, decodeEvent, encodeMeta } from './redis-codec.ts'
import { nobody } from './redis-group.ts'
import { deadLetterScript, removeGroupScript } from './redis-group-scripts.ts'
import type { RedisTopicKeys } from './redis-keys.ts'
import { asList, asNumber, asText, type RedisReply } from './redis-reply.ts'
import type { RedisScripts } from './redis-script.ts'
import { findScript, purgeScript } from './redis-search-scripts.ts'
import { addScript, newestScript, oldestScript, standScript, tidyScript } from './redis-topic-scripts.ts'

export interface RedisGroupStand extends GroupStand {
  readonly group: string
  /** Milliseconds since a consumer of it was last heard of; undefined before the first. */
  readonly idleMs: number | undefined
}

export interface RedisTopicStand {
  readonly events: number
  readonly bytes: number
  readonly deadLetters: number
  readonly groups: readonly RedisGroupStand[]
}

export interface RedisAddOutcome {
  readonly outcome: 'stored' | 'duplicate' | 'full'
  /** Events that gave way. */
  readonly droppedCount: number
  readonly hasGroups: boolean
}

/** A consumer is gone when it was silent for this long; kept until then for the sake of who looks, milliseconds. */
const consumerGoneAfterMs = 3_600_000

/** One topic in Redis: each method is one script, and so one step that nobody sees half done. Rejects with RedisFailure alone. */
export class RedisTopic {
  readonly #keys: RedisTopicKeys
  readonly #scripts: RedisScripts
  readonly #bounds: readonly string[]

  constructor(keys: RedisTopicKeys, scripts: RedisScripts, limits: QueueLimits) {
    this.#keys = keys
    this.#scripts = scripts
    const { dedupeWindowMs, eventsMax, bytesMax, whenFull } = limits
    this.#bounds = [String(dedupeWindowMs), String(eventsMax), String(bytesMax), whenFull]
  }

  /** Once per id, whoever adds it and however often: a caller that got no answer adds again. */
  async add(event: QueuedEvent): Promise<RedisAddOutcome> {
    const { stream, ledger, seen } = this.#keys
    const args = [...this.#bounds, event.bytes, ...encodeMeta(event)]
    const reply = asList(await this.#scripts.run(addScript, [stream, ledger, seen + event.id], args))
    const outcome = asText(reply[0])
    if (outcome !== 'stored' && outcome !== 'full') {
      return { outcome: 'duplicate', droppedCount: 0, hasGroups: false }
    }
    return { outcome, droppedCount: asNumber(reply[1]), hasGroups: asNumber(reply[2]) > 0 }
  }

  async stand(): Promise<RedisTopicStand> {
    const { stream, ledger, dead, replays } = this.#keys
    const [events, bytes, deadLetters, groups] = asList(
      await this.#scripts.run(standScript, [stream, ledger, dead], [replays]),
    )
    return {
      events: asNumber(events),
      bytes: asNumber(bytes),
      deadLetters: asNumber(deadLetters),
      groups: asList(groups).map((group) => asGroupStand(asList(group))),
    }
  }

  /** Removes what is acknowledged by all and older than `retentionMs`. */
  async tidy(retentionMs: number): Promise<void> {
    const { stream, ledger } = this.#keys
    await this.#scripts.run(
      tidyScript,
      [stream, ledger],
      [String(retentionMs), String(consumerGoneAfterMs), nobody],
    )
  }

  async removeGroup(group: string, connectedWithinMs: number): Promise<boolean> {
    const { stream, replays } = this.#keys
    const args = [group, nobody, String(connectedWithinMs)]
    return asNumber(await this.#scripts.run(removeGroupScript, [stream, replays + group], args)) === 1
  }

  /** The newest events, newest last; entries that are none of ours are left out. */
  async recent(limit: number): Promise<readonly QueuedEvent[]> {
    const events: QueuedEvent[] = []
    for (const fields of await this.#newest(this.#keys.stream, limit)) {
      const event = decodeEvent(this.#keys.topic, fields)
      if (event !== undefined) events.push(event)
    }
    return events.reverse()
  }

  /** One bite of a search, newest first. `next` says where to go on; undefined at the end. */
  async findFrom(
    from: string,
    eventId: string,
  ): Promise<{ readonly event: QueuedEvent | undefined; readonly next: string | undefined }> {
    const reply = asList(await this.#scripts.run(findScript, [this.#keys.stream], [eventId, from]))
    const [next, fields] = [asText(reply[0]), reply[1]]
    const event = fields === undefined ? undefined : decodeEvent(this.#keys.topic, fields)
    return { event, next: next === '' ? undefined : next }
  }

  /** One bite of a purge, oldest first. `next` says where to go on; undefined at the end. */
  async purgeFrom(
    from: string,
    { receivedBeforeMs, isDryRun }: Pick<Purge, 'receivedBeforeMs' | 'isDryRun'>,
  ): Promise<{ readonly count: number; readonly next: string | undefined }> {
    const args = [from, String(receivedBeforeMs), isDryRun ? '1' : '0']
    const [count, next] = asList(await this.#scripts.run(purgeScript, [this.#keys.stream], args))
    return { count: asNumber(count), next: asText(next) === '' ? undefined : asText(next) }
  }

  /** The newest dead letters, newest last. */
  async deadLetters(limit: number): Promise<readonly DeadLetter[]> {
    const letters = await this.#newest(this.#keys.dead, limit)
    return letters.map((fields) => decodeDeadLetter(this.#keys.topic, fields)).reverse()
  }

  /** The oldest dead letters behind the entry `from`. */
  async deadLetterPage(from: string | undefined): Promise<DeadLetterPage> {
    const { topic, dead } = this.#keys
    const args = [from === undefined ? '-' : `(${from}`, String(deadLetterPageMax)]
    const entries = asList(await this.#scripts.run(oldestScript, [dead], args)).map(asList)
    const last = entries.at(-1)
    const isFull = entries.length === deadLetterPageMax
    return {
      letters: entries.map((entry) => decodeDeadLetter(topic, entry[1])),
      next: isFull && last !== undefined ? asText(last[0]) : undefined,
    }
  }

  async takeDeadLetter(
    what: 'replay' | 'remove',
    { eventId, group }: Pick<LetterName, 'eventId' | 'group'>,
  ): Promise<boolean> {
    const { stream, replays, dead } = this.#keys
    const keys = [stream, replays + group, dead]
    return asNumber(await this.#scripts.run(deadLetterScript, keys, [eventId, group, what])) === 1
  }

  async #newest(key: string, limit: number): Promise<readonly (RedisReply | undefined)[]> {
    if (limit <= 0) return []
    const entries = asList(await this.#scripts.run(newestScript, [key], [String(limit)]))
    return entries.map((entry) => asList(entry)[1])
  }
}

function asGroupStand(reply: readonly RedisReply[]): RedisGroupStand {
  const receivedAt = asText(reply[4])
  const idleMs = asNumber(reply[5])
  return {
    group: asText(reply[0]),
    pending: asNumber(reply[1]),
    keptEvents: asNumber(reply[2]),
    keptBytes: asNumber(reply[3]),
    oldestAtMs: receivedAt === '' ? undefined : Number(receivedAt),
    idleMs: idleMs < 0 ? undefined : idleMs,
  }
}
