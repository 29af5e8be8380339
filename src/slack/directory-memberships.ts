import { BoundedMap } from '../base/bounded-map.ts'
import type { Clock } from '../base/clock.ts'
import type { SlackApi } from './api.ts'
import { type ChannelKind, listableTypes } from './channel.ts'
import { SharedFlights } from './directory-flights.ts'
import type { DirectoryUsers } from './directory-users.ts'
import { asObject, asObjects, asText } from './json-fields.ts'

export interface MembershipOptions {
  readonly slack: SlackApi
  readonly clock: Clock
  readonly users: Pick<DirectoryUsers, 'byId'>
}

/** How long an answer of Slack is believed: what bounds a membership that ended where no event of it arrives, at another replica say. */
export const membershipTtlMs = 2 * 60_000

/** How old an answer may be to say that somebody is not in a conversation: who was just invited must not wait for the whole time. */
export const membershipMissTtlMs = 30_000

/** Slack's own bound for one page. https://docs.slack.dev/reference/methods/users.conversations */
const conversationsPerPage = 999
/** Nobody shares more private conversations with a bot; what lies beyond counts as not shared. */
const pagesMax = 3
const usersMax = 500

/** The kinds whose members are looked up: a direct message names its person, and a public channel is open to all but guests. */
const closedTypes: readonly ChannelKind[] = ['private_channel', 'mpim']
const closedToGuests: readonly ChannelKind[] = ['public_channel', ...closedTypes]

interface Membership {
  readonly channelIds: Set<string>
  readonly askedAtMs: number
}

/**
 * Which private channels and group messages a person shares with the bot, and which public channels a guest is in. One listing a person answers for all of them (users.conversations with
 * `user`, which shows of others' closed conversations only those that the caller is in too), where conversations.members would cost a call or more
 * for each conversation of a page. Fails closed: what Slack did not say is no membership, and a failed look-up rejects.
 */
export class DirectoryMemberships {
  readonly #options: MembershipOptions
  readonly #known: BoundedMap<string, Membership>
  readonly #flights = new SharedFlights<Membership>()
  /** Who left which conversation while the answer about them is on its way: it may be older than the event. */
  readonly #leftMeanwhile = new Map<string, Set<string>>()

  constructor(options: MembershipOptions) {
    this.#options = options
    this.#known = new BoundedMap({ entriesMax: usersMax, ttlMs: membershipTtlMs, clock: options.clock })
  }

  /** Whether the person is in the conversation. At most one look-up, shared by all who ask. Rejects as `SlackApi.call`. */
  async has(userId: string, channelId: string, signal: AbortSignal): Promise<boolean> {
    const known = this.#known.get(userId)
    if (known?.channelIds.has(channelId) === true) return true
    if (known !== undefined && this.#ageMs(known) < membershipMissTtlMs) return false
    return (await this.#ask(userId, signal)).channelIds.has(channelId)
  }

  /** All that the person shares with the bot. At most one look-up, shared by all who ask. Rejects as `SlackApi.call`. */
  async of(userId: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
    return (this.#known.get(userId) ?? (await this.#ask(userId, signal))).channelIds
  }

  /**
   * Whether public channels are open to the person without being in them. They are closed to guests, and to whom Slack does not know or does not
   * call a full member. https://slack.com/help/articles/202518103-Understand-guest-roles-in-Slack Rejects as `SlackApi.call`.
   */
  async seesPublicChannels(userId: string, signal: AbortSignal): Promise<boolean> {
    return (await this.#options.users.byId(userId, signal))?.isFullMember === true
  }

  joined(userId: string, channelId: string): void {
    this.#leftMeanwhile.get(userId)?.delete(channelId)
    this.#known.get(userId)?.channelIds.add(channelId)
  }

  left(userId: string, channelId: string): void {
    this.#leftMeanwhile.get(userId)?.add(channelId)
    this.#known.get(userId)?.channelIds.delete(channelId)
  }

  /** Lets go of everything: a conversation became another kind, and nobody was asked who is in it. */
  forgetAll(): void {
    this.#known.clear()
  }

  #ageMs({ askedAtMs }: Membership): number {
    return this.#options.clock.monotonic() - askedAtMs
  }

  #ask(userId: string, signal: AbortSignal): Promise<Membership> {
    return this.#flights.join(userId, signal, async (shared) => {
      const left = new Set<string>()
      this.#leftMeanwhile.set(userId, left)
      try {
        const membership = await this.#read(userId, shared)
        for (const channelId of left) membership.channelIds.delete(channelId)
        this.#known.set(userId, membership)
        return membership
      } finally {
        if (this.#leftMeanwhile.get(userId) === left) this.#leftMeanwhile.delete(userId)
      }
    })
  }

  async #read(userId: string, signal: AbortSignal): Promise<Membership> {
    const { slack, clock } = this.#options
    const askedAtMs = clock.monotonic()
    const channelIds = new Set<string>()
    const closed = (await this.seesPublicChannels(userId, signal)) ? closedTypes : closedToGuests
    const types = listableTypes(slack.identity()?.scopes, closed).join(',')
    let cursor: string | undefined
    for (let pageCount = 0; pageCount < pagesMax; pageCount++) {
      const answer = await slack.call(
        'users.conversations',
        { user: userId, types, limit: conversationsPerPage, ...(cursor === undefined ? {} : { cursor }) },
        { signal },
      )
      for (const channel of asObjects(answer['channels'])) {
        const id = asText(channel['id'])
        if (id !== undefined) channelIds.add(id)
      }
      cursor = asText(asObject(answer['response_metadata'])['next_cursor'])
      if (cursor === undefined) break
    }
    return { channelIds, askedAtMs }
  }
}
