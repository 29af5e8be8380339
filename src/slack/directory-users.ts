import { BoundedMap } from '../base/bounded-map.ts'
import { AppError, type ErrorDetails } from '../base/errors.ts'
import type { DirectoryOptions } from './directory.ts'
import { candidatesFor } from './directory-candidates.ts'
import { SharedFlights } from './directory-flights.ts'
import { DirectoryScan } from './directory-scan.ts'
import type { LookUp } from './look-up.ts'
import type { UserReference } from './reference.ts'
import { parseUser, type SlackUser } from './user.ts'

const usersPerPage = 1000
/** An id that Slack does not know, or a scope that is missing, is not asked for again so soon. */
const missTtlMs = 5 * 60_000
/** Calls under way at once while the people of a page are looked up. */
const concurrentLookupsMax = 5

/** Namesakes that are remembered: enough to say that a name is not enough. */
const sameNameMax = 10

/** Nobody waits longer than this for names beside messages that are there already. */
const ornamentDeadlineMs = 4000

/** Refusals that every further call of the same method would meet as well. */
const standingRefusals: ReadonlySet<string> = new Set([
  'missing_scope',
  'not_allowed_token_type',
  'no_permission',
])

export interface UserSearch {
  readonly users: readonly SlackUser[]
  /** Matches among those looked at; more than `users` where that is cut at `countMax`. */
  readonly matchCount: number
  /** Whether the whole listing was read: else there may be more matches. */
  readonly isComplete: boolean
  /** How many people were looked at. */
  readonly seenCount: number
}

/** The people of the workspace, as far as somebody asked for them. */
export class DirectoryUsers {
  readonly #options: DirectoryOptions
  readonly #byId: BoundedMap<string, SlackUser>
  readonly #byHandle: BoundedMap<string, string>
  /** Display and real names, lower case, to everybody who goes by them. */
  readonly #byShownName: BoundedMap<string, readonly string[]>
  readonly #unknown: BoundedMap<string, true>
  readonly #flights = new SharedFlights<SlackUser | undefined>()
  readonly #scan: DirectoryScan
  #refusedUntilMs = Number.NEGATIVE_INFINITY

  constructor(options: DirectoryOptions) {
    const { clock, ttlMs, entriesMax, namesMax } = options
    this.#options = options
    this.#byId = new BoundedMap({ entriesMax, ttlMs, clock })
    this.#byHandle = new BoundedMap({ entriesMax: namesMax, ttlMs, clock })
    this.#byShownName = new BoundedMap({ entriesMax: namesMax, ttlMs, clock })
    this.#unknown = new BoundedMap({ entriesMax, ttlMs: missTtlMs, clock })
    this.#scan = new DirectoryScan({
      ...options,
      method: 'users.list',
      params: () => ({ limit: usersPerPage }),
      field: 'members',
      learn: (member) => this.learn(member),
    })
  }

  /** Takes in a user that Slack sent, in an answer or an event. */
  learn(value: unknown): SlackUser | undefined {
    const user = parseUser(value)
    if (user === undefined) return undefined
    this.#byId.set(user.id, user)
    this.#byHandle.set(user.handle, user.id)
    for (const name of shownNames(user)) {
      const ids = this.#byShownName.get(name) ?? []
      if (!ids.includes(user.id)) this.#byShownName.set(name, [...ids, user.id].slice(-sameNameMax))
    }
    this.#unknown.delete(user.id)
    return user
  }

  peek(id: string): SlackUser | undefined {
    return this.#byId.get(id)
  }

  *seen(): IterableIterator<SlackUser> {
    for (const [, user] of this.#byId.entries()) yield user
  }

  /** Reads one more page of the listing: for completions, which want some names but no crawl. */
  async glance(signal: AbortSignal): Promise<void> {
    const { ttlMs, namesMax } = this.#options
    if (!this.#scan.isComplete(ttlMs, namesMax)) await this.#scan.advance(signal)
  }

  /** The user behind an id; undefined where Slack does not know it. At most one call, shared by all who ask. */
  async byId(id: string, signal: AbortSignal): Promise<SlackUser | undefined> {
    const known = this.#byId.get(id)
    if (known !== undefined || this.#unknown.has(id)) return known
    return await this.#flights.join(id, signal, (shared) => this.#ask('users.info', { user: id }, id, shared))
  }

  /** Looks up as many of `ids` as are not known, at most `lookupsMax`. Names are an ornament: a refusal or an outage leaves the ids as they are. */
  async warm(ids: Iterable<string>, lookupsMax: number, lookUp: LookUp): Promise<void> {
    const { signal } = lookUp
    const missing = [...new Set(ids)].filter((id) => !this.#byId.has(id) && !this.#unknown.has(id))
    const queue = missing.slice(0, lookupsMax)
    const total = queue.length
    let doneCount = 0
    const work = async () => {
      for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
        if (this.#options.clock.monotonic() < this.#refusedUntilMs) return
        try {
          await this.#flights.join(id, signal, (shared) =>
            this.#ask('users.info', { user: id }, id, shared, ornamentDeadlineMs),
          )
        } catch (error) {
          if (signal.aborted) throw error
          this.#noteRefusal(error)
          return
        }
        doneCount++
        // What one round of calls does is over before anybody could read of it.
        if (total > concurrentLookupsMax) {
          const message = `Looked up ${doneCount} of ${total} people`
          lookUp.progress?.({ progress: doneCount, total, message })
        }
      }
    }
    await Promise.all(Array.from({ length: Math.min(concurrentLookupsMax, queue.length) }, work))
  }

  /** The user that somebody named. Rejects with SLACK_NAME_NOT_FOUND (candidates, how far was looked) or SLACK_NAME_AMBIGUOUS. */
  async find(reference: UserReference, lookUp: LookUp): Promise<SlackUser> {
    const found = await this.#resolve(reference, lookUp)
    if (found !== undefined) return found
    throw new AppError('SLACK_NAME_NOT_FOUND', { details: { kind: 'user', ...this.#missOf(reference) } })
  }

  #missOf(reference: UserReference): ErrorDetails {
    switch (reference.kind) {
      case 'id':
        return { given: reference.id, hint: 'No person that this app can see has this id.' }
      case 'email':
        return {
          given: reference.email,
          hint: 'Nobody has this address in Slack; give an @name or user id (U…).',
        }
      case 'name':
        return {
          given: reference.name,
          candidates: this.#candidates(reference.name),
          looked_at: this.#scan.seenCount,
          hint: this.#scan.isComplete(Number.POSITIVE_INFINITY, this.#options.namesMax)
            ? 'Give the user id (U…) or the e-mail address.'
            : 'The list was read only so far; call again to look further, or give the user id (U…) or the e-mail address.',
        }
    }
  }

  /**
   * People that `matches`, up to `countMax`: from memory, and from further pages of the listing until enough are found or the bound is reached.
   */
  async search(matches: (user: SlackUser) => boolean, countMax: number, lookUp: LookUp): Promise<UserSearch> {
    for (let pageCount = 0; ; pageCount++) {
      const users = [...this.seen()].filter(matches)
      const { ttlMs, entriesMax } = this.#options
      const isComplete = this.#scan.isComplete(ttlMs, entriesMax)
      if (users.length >= countMax || isComplete || pageCount >= this.#options.pagesMax) {
        const matchCount = users.length
        return { users: users.slice(0, countMax), matchCount, isComplete, seenCount: this.#scan.seenCount }
      }
      await this.#advance(pageCount, lookUp)
    }
  }

  #resolve(reference: UserReference, lookUp: LookUp): Promise<SlackUser | undefined> {
    const { signal } = lookUp
    switch (reference.kind) {
      case 'id':
        return this.byId(reference.id, signal)
      case 'email':
        return this.#flights.join(`email:${reference.email}`, signal, (shared) =>
          this.#ask('users.lookupByEmail', { email: reference.email }, reference.email, shared),
        )
      case 'name':
        return this.#byName(reference.name, lookUp)
    }
  }

  /** A handle is unique and decides at once. Other names are not: they decide only when the listing was read as far as it may be. */
  async #byName(name: string, lookUp: LookUp): Promise<SlackUser | undefined> {
    const { signal } = lookUp
    for (let pageCount = 0; ; pageCount++) {
      const id = this.#byHandle.get(name.toLowerCase())
      if (id !== undefined) return await this.byId(id, signal)
      const { pagesMax, missTtlMs, namesMax } = this.#options
      if (pageCount >= pagesMax || this.#scan.isComplete(missTtlMs, namesMax)) break
      await this.#advance(pageCount, lookUp)
    }
    return await this.#shownAs(name, signal)
  }

  /** The next page of the listing; says how far it is where there was one before. */
  #advance(pageCount: number, lookUp: LookUp): Promise<void> {
    if (pageCount > 0) {
      const message = `Looked through ${this.#scan.seenCount} people`
      lookUp.progress?.({ progress: pageCount, message })
    }
    return this.#scan.advance(lookUp.signal)
  }

  /** Names change: who is remembered under one is asked whether it still holds. */
  async #shownAs(name: string, signal: AbortSignal): Promise<SlackUser | undefined> {
    const wanted = name.toLowerCase()
    const matches: SlackUser[] = []
    for (const id of this.#byShownName.get(wanted) ?? []) {
      const user = await this.byId(id, signal)
      if (user !== undefined && shownNames(user).includes(wanted)) matches.push(user)
    }
    if (matches.length <= 1) return matches[0]
    throw new AppError('SLACK_NAME_AMBIGUOUS', {
      details: {
        given: name,
        candidates: matches.slice(0, 10).map((user) => `${user.id} @${user.handle}`),
        hint: 'Give one of these ids or @handles.',
      },
    })
  }

  #candidates(name: string): readonly string[] {
    const names = new Set<string>()
    for (const user of this.seen()) if (!user.isDeleted) names.add(`@${user.handle}`)
    return candidatesFor(`@${name.toLowerCase()}`, names)
  }

  async #ask(
    method: string,
    params: Readonly<Record<string, unknown>>,
    key: string,
    signal: AbortSignal,
    deadlineMs?: number,
  ): Promise<SlackUser | undefined> {
    try {
      const answer = await this.#options.slack.call(method, params, {
        signal,
        ...(deadlineMs === undefined ? {} : { deadlineMs }),
      })
      return this.learn(answer['user'])
    } catch (error) {
      if (!isUnknownUser(error)) throw error
      this.#unknown.set(key, true)
      return undefined
    }
  }

  #noteRefusal(error: unknown): void {
    const refusal = error instanceof AppError ? error.details['slack_error'] : undefined
    if (typeof refusal !== 'string' || !standingRefusals.has(refusal)) return
    this.#refusedUntilMs = this.#options.clock.monotonic() + missTtlMs
  }
}

/** What Slack shows for a person, lower case; nothing for an account that is closed: nobody means that one. */
function shownNames(user: SlackUser): readonly string[] {
  if (user.isDeleted) return []
  const names = [user.displayName, user.realName].filter((name) => name !== undefined)
  return [...new Set(names.map((name) => name.toLowerCase()))]
}

function isUnknownUser(error: unknown): boolean {
  const refusal = error instanceof AppError ? error.details['slack_error'] : undefined
  return refusal === 'user_not_found' || refusal === 'users_not_found' || refusal === 'user_not_visible'
}
