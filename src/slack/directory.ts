import type { Clock } from '../base/clock.ts'
import type { SlackNotice } from '../base/event-bus.ts'
import type { SlackApi } from './api.ts'
import { DirectoryChannels } from './directory-channels.ts'
import { DirectoryMemberships } from './directory-memberships.ts'
import { applyNotice } from './directory-notices.ts'
import { DirectoryUsers } from './directory-users.ts'
import type { Names } from './text.ts'

export interface DirectoryOptions {
  readonly slack: SlackApi
  readonly clock: Clock
  /** Pages that one look-up by name reads at most. */
  readonly pagesMax: number
  /** How long what was learnt is believed, milliseconds. */
  readonly ttlMs: number
  /** How old a finished listing may be to say that a name is not in it, milliseconds. */
  readonly missTtlMs: number
  /** Users, and as many channels, whose facts are kept at most. */
  readonly entriesMax: number
  /** Names, of each kind, whose ids are kept at most: a name outlives the facts, which one call brings back. */
  readonly namesMax: number
}

/** Ten pages of a thousand; half an hour, since events keep the entries fresh; a minute for what was not found. */
export const directoryDefaults = {
  pagesMax: 10,
  ttlMs: 30 * 60_000,
  missTtlMs: 60_000,
  entriesMax: 10_000,
  namesMax: 50_000,
} as const

/**
 * Names to ids and back, for people and channels. Nothing is crawled: an id costs one call the first time, a name as many pages as it takes
 * and at most `pagesMax`. Concurrent look-ups share their calls; events that arrive correct what is kept.
 */
export class Directory implements Names {
  readonly users: DirectoryUsers
  readonly channels: DirectoryChannels
  readonly memberships: DirectoryMemberships

  constructor(options: DirectoryOptions) {
    this.users = new DirectoryUsers(options)
    this.channels = new DirectoryChannels(options)
    this.memberships = new DirectoryMemberships({ ...options, users: this.users })
  }

  /** What a user is called, where that is known. Never asks Slack. */
  user(id: string): string | undefined {
    return this.users.peek(id)?.name
  }

  /** What a channel is called, where that is known. Never asks Slack. */
  channel(id: string): string | undefined {
    return this.channels.peek(id)?.name
  }

  /** Takes over what an event says about people, channels and who is in them. */
  notice(notice: SlackNotice, selfUserId: string | undefined): void {
    applyNotice(this, notice, selfUserId)
  }
}
