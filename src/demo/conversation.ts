import type { People } from './people.ts'

export type ConversationKind = 'public' | 'private' | 'im' | 'mpim'

export interface Reaction {
  readonly name: string
  /** In the order in which they reacted; never empty. */
  readonly userIds: readonly string[]
}

/** One message as it stands now. Changing it means putting another in its place. */
export interface Message {
  readonly ts: string
  /** The ts of the thread's head for replies; undefined for every other message, heads included. */
  readonly threadTs: string | undefined
  readonly userId: string | undefined
  readonly botId: string | undefined
  readonly appId: string | undefined
  readonly subtype: string | undefined
  /** The name that an incoming webhook shows. */
  readonly username: string | undefined
  readonly text: string
  readonly blocks: readonly unknown[]
  readonly attachments: readonly unknown[]
  readonly metadata: unknown
  readonly clientMsgId: string | undefined
  readonly edited: { readonly userId: string; readonly ts: string } | undefined
  readonly reactions: readonly Reaction[]
  readonly fileIds: readonly string[]
  /** A reply that is shown in the channel too. */
  readonly isBroadcast: boolean
}

export interface Pin {
  readonly ts: string
  readonly userId: string
  readonly createdAtSeconds: number
}

export interface Bookmark {
  readonly id: string
  readonly title: string
  readonly link: string
  readonly emoji: string
  readonly createdAtSeconds: number
  /** Undefined for those of the story, which are of whoever made the channel. */
  readonly userId?: string
}

/** Who is in a conversation. */
export interface Membership {
  readonly count: number
  has(userId: string): boolean
  at(index: number): string | undefined
  indexOf(userId: string): number
  add(userId: string): void
}

/** A channel or direct message with everything in it. */
export interface Conversation {
  readonly id: string
  readonly kind: ConversationKind
  /** Empty for direct messages, which have none. */
  readonly name: string
  readonly isArchived: boolean
  readonly isGeneral: boolean
  readonly creatorId: string
  readonly createdAtSeconds: number
  topic: string
  readonly purpose: string
  readonly members: Membership
  readonly timeline: Timeline
  readonly pins: Pin[]
  /** Up to which message each user has read, by user id. */
  readonly lastReadBy: Map<string, string>
  readonly bookmarks: Bookmark[]
}

export class ListedMembers implements Membership {
  readonly #ids: string[]

  constructor(ids: readonly string[]) {
    this.#ids = [...ids]
  }

  get count(): number {
    return this.#ids.length
  }

  has(userId: string): boolean {
    return this.#ids.includes(userId)
  }

  at(index: number): string | undefined {
    return this.#ids[index]
  }

  indexOf(userId: string): number {
    return this.#ids.indexOf(userId)
  }

  add(userId: string): void {
    if (!this.has(userId)) this.#ids.push(userId)
  }
}

/** The membership of #general: the whole workspace, however large. */
export function everyone(people: People): Membership {
  return {
    get count() {
      return people.count
    },
    has: (userId) => people.indexOf(userId) !== -1,
    at: (index) => people.at(index)?.id,
    indexOf: (userId) => people.indexOf(userId),
    add: () => undefined,
  }
}

export interface ThreadSummary {
  readonly replyCount: number
  /** Everybody who replied, in the order of their first reply. */
  readonly userIds: readonly string[]
  readonly latestTs: string
}

/** How many messages one conversation keeps; the oldest leave first, so that a demo may run for days. */
export const messagesMax = 10_000

/** The messages of one conversation, oldest first. */
export class Timeline {
  readonly #messages: Message[] = []
  /** The ts of the replies of each thread, so that a page of heads costs no search through the channel. */
  readonly #threads = new Map<string, string[]>()

  /** Messages arrive in the order of their ts. */
  add(message: Message): void {
    this.#messages.push(message)
    if (message.threadTs !== undefined) {
      const replies = this.#threads.get(message.threadTs)
      if (replies === undefined) this.#threads.set(message.threadTs, [message.ts])
      else replies.push(message.ts)
    }
    if (this.#messages.length > messagesMax) this.remove(this.#messages[0]?.ts ?? '')
  }

  find(ts: string): Message | undefined {
    const index = this.#indexOf(ts)
    return index === -1 ? undefined : this.#messages[index]
  }

  /** Puts `message` in the place of the one with its ts. */
  replace(message: Message): void {
    const index = this.#indexOf(message.ts)
    if (index !== -1) this.#messages[index] = message
  }

  remove(ts: string): void {
    const index = this.#indexOf(ts)
    const [removed] = index === -1 ? [] : this.#messages.splice(index, 1)
    if (removed?.threadTs === undefined) return
    const left = (this.#threads.get(removed.threadTs) ?? []).filter((reply) => reply !== ts)
    if (left.length === 0) this.#threads.delete(removed.threadTs)
    else this.#threads.set(removed.threadTs, left)
  }

  all(): readonly Message[] {
    return this.#messages
  }

  /** What the channel itself shows: replies stay in their threads unless broadcast. */
  topLevel(): readonly Message[] {
    return this.#messages.filter((message) => message.threadTs === undefined || message.isBroadcast)
  }

  replies(headTs: string): readonly Message[] {
    return (this.#threads.get(headTs) ?? []).flatMap((ts) => this.find(ts) ?? [])
  }

  /** Undefined where nobody replied. */
  threadOf(headTs: string): ThreadSummary | undefined {
    const replies = this.replies(headTs)
    const latestTs = replies.at(-1)?.ts
    if (latestTs === undefined) return undefined
    const userIds = [...new Set(replies.flatMap(({ userId, botId }) => userId ?? botId ?? []))]
    return { replyCount: replies.length, userIds, latestTs }
  }

  #indexOf(ts: string): number {
    let low = 0
    let high = this.#messages.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const found = this.#messages[middle]?.ts ?? ''
      if (found === ts) return middle
      if (found < ts) low = middle + 1
      else high = middle - 1
    }
    return -1
  }
}
