import type { Clock } from '../base/clock.ts'
import type { Ids } from '../base/ids.ts'
import { type Conversation, everyone, ListedMembers, Timeline } from './conversation.ts'
import { Conversations } from './conversations.ts'
import { createStandardEmojiNames } from './emoji-table.ts'
import { People, type Person } from './people.ts'
import { addSeedMessages, type StoredFile } from './seed-messages.ts'
import {
  type ChannelSeed,
  channelSeeds,
  customEmoji,
  demoTeam,
  type PersonSeed,
  personSeeds,
  slackbotId,
} from './seed-table.ts'
import { createTimestamps, type Timestamps } from './timestamp.ts'

/** An inner event, as Slack spells it. */
export type InnerEvent = Readonly<Record<string, unknown>> & { readonly type: string }

/** A message that is still to be sent. */
export interface ScheduledMessage {
  readonly id: string
  readonly channelId: string
  readonly userId: string
  readonly text: string
  readonly postAtSeconds: number
  readonly createdAtSeconds: number
  /** Keeps it from being sent. */
  readonly drop: () => void
}

/** A file whose address was given out; `bytes` once they came. */
export interface Upload {
  readonly id: string
  /** The last part of that address: whoever knows it may send. */
  readonly key: string
  readonly name: string
  bytes?: Uint8Array<ArrayBuffer>
}

/** Everything that the workspace knows. Web API methods and the demo people read and change it through `*-actions.ts`. */
export interface WorkspaceState {
  readonly clock: Clock
  readonly ids: Ids
  readonly timestamps: Timestamps
  readonly startedAtSeconds: number
  readonly people: People
  readonly conversations: Conversations
  /** Newest last. */
  readonly files: StoredFile[]
  /** Uploads that were begun and not shared yet, by the ids of their files, in the order in which they were begun. */
  readonly uploads: Map<string, Upload>
  readonly standardEmoji: ReadonlySet<string>
  /** Announces what happened in a conversation to whoever listens. */
  readonly announce: (event: InnerEvent, conversation: Conversation) => void
  /** By their ids, in the order in which they were scheduled. */
  readonly scheduled: Map<string, ScheduledMessage>
  /** Runs `run` after `delayMs`, unless the workspace was stopped before. Returns how to call it off. */
  readonly later: (delayMs: number, run: () => void) => () => void
}

export interface WorkspaceSize {
  /** People beside those of the story. */
  readonly extraUsers: number
  /** Public channels beside those of the story; the bot is in none of them. */
  readonly extraChannels: number
}

export interface WorkspaceStateOptions extends WorkspaceSize {
  readonly clock: Clock
  readonly ids: Ids
  readonly announce: WorkspaceState['announce']
  readonly later: WorkspaceState['later']
}

/** The workspace of the story, a few days old, as of the clock's now. */
export function createWorkspaceState(options: WorkspaceStateOptions): WorkspaceState {
  const { clock, ids, announce, later } = options
  const people = new People({
    seeds: personSeeds.map(asPerson),
    extraCount: options.extraUsers,
    emailDomain: demoTeam.emailDomain,
  })
  const timestamps = createTimestamps(clock)
  const startedAtSeconds = Math.floor(clock.now() / 1000)
  const createdAtSeconds = startedAtSeconds - workspaceAgeSeconds
  const files: StoredFile[] = []
  const seeds = channelSeeds.map((seed) => {
    const conversation = asConversation(seed, people, createdAtSeconds)
    addSeedMessages(conversation, seed.messages, { people, timestamps, ids, files })
    return conversation
  })
  const conversations = new Conversations({
    seeds,
    extraCount: options.extraChannels,
    people,
    createdAtSeconds,
  })
  const standardEmoji = createStandardEmojiNames()
  return {
    clock,
    ids,
    timestamps,
    startedAtSeconds,
    people,
    conversations,
    files,
    uploads: new Map(),
    standardEmoji,
    announce,
    scheduled: new Map(),
    later,
  }
}

/** Older than the oldest message of the story. */
const workspaceAgeSeconds = 400 * 86_400

function asPerson(seed: PersonSeed): Person {
  const isHuman = seed.bot === undefined && seed.id !== slackbotId
  return {
    id: seed.id,
    name: seed.name,
    realName: seed.realName,
    title: seed.title ?? '',
    email: isHuman ? `${seed.name}@${demoTeam.emailDomain}` : '',
    color: seed.color,
    timezone: seed.timezone ?? { name: 'Etc/UTC', label: 'Coordinated Universal Time', offsetSeconds: 0 },
    status: seed.status ?? { text: '', emoji: '' },
    isAdmin: seed.role === 'admin' || seed.role === 'owner',
    isOwner: seed.role === 'owner',
    isGuest: seed.role === 'guest',
    isDeleted: seed.role === 'deleted',
    bot: seed.bot,
  }
}

function asConversation(seed: ChannelSeed, people: People, createdAtSeconds: number): Conversation {
  const members =
    seed.members === 'everyone'
      ? everyone(people)
      : new ListedMembers(seed.members.flatMap((name) => people.byName(name)?.id ?? []))
  return {
    id: seed.id,
    kind: seed.kind,
    name: seed.name,
    isArchived: seed.isArchived ?? false,
    isGeneral: seed.isGeneral ?? false,
    creatorId: members.at(0) ?? '',
    createdAtSeconds,
    topic: seed.topic ?? '',
    purpose: seed.purpose ?? '',
    members,
    timeline: new Timeline(),
    pins: [],
    lastReadBy: new Map(),
    bookmarks: (seed.bookmarks ?? []).map((bookmark, index) => ({
      id: `Bk0DEMO00${index + 1}`,
      createdAtSeconds,
      ...bookmark,
    })),
  }
}

/** `name` without its skin tone, where the workspace knows such an emoji; undefined where it does not. */
export function knownEmoji(name: string, standard: ReadonlySet<string>): string | undefined {
  const bare = name.replace(/::skin-tone-[2-6]$/, '')
  return standard.has(bare) || Object.hasOwn(customEmoji, bare) ? bare : undefined
}
