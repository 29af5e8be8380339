import { BoundedMap } from '../base/bounded-map.ts'
import { AppError } from '../base/errors.ts'
import { type ChannelKind, listableTypes, parseChannel, type SlackChannel } from './channel.ts'
import type { DirectoryOptions } from './directory.ts'
import { candidatesFor } from './directory-candidates.ts'
import { SharedFlights } from './directory-flights.ts'
import { DirectoryScan } from './directory-scan.ts'
import { asObject, asText } from './json-fields.ts'
import type { LookUp } from './look-up.ts'

const channelsPerPage = 1000
/** The kinds of conversation that go by a name. */
const namedTypes: readonly ChannelKind[] = ['public_channel', 'private_channel']
const missTtlMs = 60_000

/** Those of the channels whose names may be told. */
export type ShownChannels = (channels: readonly SlackChannel[]) => Promise<readonly SlackChannel[]>

/** The conversations of the workspace, as far as somebody asked for them. */
export class DirectoryChannels {
  readonly #options: DirectoryOptions
  readonly #byId: BoundedMap<string, SlackChannel>
  readonly #byName: BoundedMap<string, string>
  readonly #unknown: BoundedMap<string, true>
  readonly #directMessages: BoundedMap<string, string>
  readonly #flights = new SharedFlights<SlackChannel | undefined>()
  readonly #scan: DirectoryScan

  constructor(options: DirectoryOptions) {
    const { clock, ttlMs, entriesMax, namesMax } = options
    this.#options = options
    this.#byId = new BoundedMap({ entriesMax, ttlMs, clock })
    this.#byName = new BoundedMap({ entriesMax: namesMax, ttlMs, clock })
    this.#unknown = new BoundedMap({ entriesMax, ttlMs: missTtlMs, clock })
    this.#directMessages = new BoundedMap({ entriesMax, ttlMs, clock })
    this.#scan = new DirectoryScan({
      ...options,
      method: 'conversations.list',
      params: () => ({
        limit: channelsPerPage,
        types: listableTypes(options.slack.identity()?.scopes, namedTypes).join(','),
        exclude_archived: true,
      }),
      field: 'channels',
      learn: (member) => this.learn(member),
    })
  }

  /** Takes in a conversation that Slack sent whole. */
  learn(value: unknown): SlackChannel | undefined {
    const channel = parseChannel(value)
    if (channel !== undefined) this.keep(channel)
    return channel
  }

  keep(channel: SlackChannel): void {
    const before = this.#byId.get(channel.id)?.name
    // The old name of a renamed channel may be given to another one.
    if (before !== undefined && before !== channel.name && this.#byName.get(before) === channel.id) {
      this.#byName.delete(before)
    }
    this.#byId.set(channel.id, channel)
    this.#unknown.delete(channel.id)
    if (channel.name !== undefined) this.#byName.set(channel.name, channel.id)
  }

  /** Forgets what may have changed; the next look-up asks Slack. The name still leads to the id, and is compared with what Slack says then. */
  forget(id: string): void {
    this.#byId.delete(id)
    this.#unknown.delete(id)
  }

  peek(id: string): SlackChannel | undefined {
    return this.#byId.get(id)
  }

  *seen(): IterableIterator<SlackChannel> {
    for (const [, channel] of this.#byId.entries()) yield channel
  }

  /** What Slack says now, whatever is remembered. */
  async fresh(id: string, signal: AbortSignal): Promise<SlackChannel | undefined> {
    this.forget(id)
    return await this.byId(id, signal)
  }

  /** Reads one more page of the listing: for completions, which want some names but no crawl. */
  async glance(signal: AbortSignal): Promise<void> {
    const { ttlMs, namesMax } = this.#options
    if (!this.#scan.isComplete(ttlMs, namesMax)) await this.#scan.advance(signal)
  }

  /** The conversation behind an id; undefined where the token cannot see one. At most one call, shared by all who ask. */
  async byId(id: string, signal: AbortSignal): Promise<SlackChannel | undefined> {
    const known = this.#byId.get(id)
    if (known !== undefined || this.#unknown.has(id)) return known
    return await this.#flights.join(id, signal, (shared) => this.#ask(id, shared))
  }

  /** Looks up those of `ids` that are not known. Names are an ornament: a refusal or an outage leaves the ids as they are. */
  async warm(ids: Iterable<string>, lookupsMax: number, signal: AbortSignal): Promise<void> {
    const missing = [...new Set(ids)].filter((id) => !this.#byId.has(id) && !this.#unknown.has(id))
    for (const id of missing.slice(0, lookupsMax)) {
      try {
        await this.byId(id, signal)
      } catch (error) {
        if (signal.aborted) throw error
        return
      }
    }
  }

  /** The channel of that name. Rejects with SLACK_NAME_NOT_FOUND, which names candidates among those that `shown` lets through and how far was looked. */
  async find(name: string, shown: ShownChannels, lookUp: LookUp): Promise<SlackChannel> {
    const { signal } = lookUp
    for (let pageCount = 0; ; pageCount++) {
      const id = this.#byName.get(name)
      const found = id === undefined ? undefined : await this.byId(id, signal)
      if (found?.name === name) return found
      const { pagesMax, missTtlMs, namesMax } = this.#options
      if (pageCount >= pagesMax || this.#scan.isComplete(missTtlMs, namesMax)) break
      if (pageCount > 0) {
        const message = `Looked through ${this.#scan.seenCount} channels for #${name}`
        lookUp.progress?.({ progress: pageCount, message })
      }
      await this.#scan.advance(signal)
    }
    throw await this.#notFound(name, shown)
  }

  /** The direct message with a user, opened where there is none yet. */
  async directMessage(userId: string, signal: AbortSignal): Promise<string> {
    const known = this.#directMessages.get(userId)
    if (known !== undefined) return known
    const opened = await this.#flights.join(`dm:${userId}`, signal, async (shared) => {
      const answer = await this.#options.slack.call(
        'conversations.open',
        { users: userId },
        { signal: shared },
      )
      const id = asText(asObject(answer['channel'])['id'])
      return id === undefined ? undefined : parseChannel({ id, is_im: true, user: userId })
    })
    if (opened === undefined) throw new AppError('SLACK_UNAVAILABLE')
    this.#directMessages.set(userId, opened.id)
    this.keep(opened)
    return opened.id
  }

  async #notFound(name: string, shown: ShownChannels): Promise<AppError> {
    const named = [...this.seen()].filter((channel) => channel.name !== undefined && !channel.isArchived)
    const names = (await shown(named)).map((channel) => channel.name ?? '')
    return new AppError('SLACK_NAME_NOT_FOUND', {
      details: {
        kind: 'channel',
        given: `#${name}`,
        candidates: candidatesFor(name, names).map((candidate) => `#${candidate}`),
        looked_at: this.#scan.seenCount,
        hint: this.#scan.isComplete(Number.POSITIVE_INFINITY, this.#options.namesMax)
          ? 'Archived channels and private ones without the bot are not found by name: give the channel id (C…).'
          : 'The list was read only so far; call again to look further, or give the channel id (C…).',
      },
    })
  }

  async #ask(id: string, signal: AbortSignal): Promise<SlackChannel | undefined> {
    try {
      const answer = await this.#options.slack.call(
        'conversations.info',
        { channel: id, include_num_members: true },
        { signal },
      )
      return this.learn(answer['channel'])
    } catch (error) {
      const isUnknown = error instanceof AppError && error.details['slack_error'] === 'channel_not_found'
      if (!isUnknown) throw error
      this.#unknown.set(id, true)
      return undefined
    }
  }
}
