import type { Ids } from '../base/ids.ts'
import type { Conversation, Message, Reaction } from './conversation.ts'
import type { People } from './people.ts'
import { asRichText } from './rich-text.ts'
import type { MessageSeed } from './seed-table.ts'
import { secondsOf, type Timestamps } from './timestamp.ts'

/** A text file that somebody shared. */
export interface StoredFile {
  readonly id: string
  readonly name: string
  readonly title: string
  readonly text: string
  /** What was uploaded where that is no text; `text` is empty then. */
  readonly bytes?: Uint8Array<ArrayBuffer>
  readonly userId: string
  readonly conversationId: string
  readonly ts: string
}

interface SeedDeps {
  readonly people: People
  readonly timestamps: Timestamps
  readonly ids: Ids
  readonly files: StoredFile[]
}

/** Fills a new conversation with what was said before the demo began. */
export function addSeedMessages(
  conversation: Conversation,
  seeds: readonly MessageSeed[],
  deps: SeedDeps,
): void {
  const messages = seeds.flatMap((seed) => {
    const head = asMessage(seed, undefined, conversation, deps)
    const replies = (seed.replies ?? []).map((reply) => asMessage(reply, head.ts, conversation, deps))
    if (seed.isPinned === true) pin(conversation, head)
    return [head, ...replies]
  })
  for (const message of messages.sort((left, right) => (left.ts < right.ts ? -1 : 1))) {
    conversation.timeline.add(message)
  }
}

function pin(conversation: Conversation, message: Message): void {
  conversation.pins.push({
    ts: message.ts,
    userId: message.userId ?? '',
    createdAtSeconds: secondsOf(message.ts),
  })
}

function asMessage(
  seed: MessageSeed,
  threadTs: string | undefined,
  conversation: Conversation,
  deps: SeedDeps,
): Message {
  const { people, timestamps, ids } = deps
  const ts = timestamps.ago(seed.minutesAgo)
  const userId = seed.username === undefined ? people.byName(seed.by)?.id : undefined
  return {
    ts,
    threadTs,
    userId,
    botId: seed.username === undefined ? undefined : seed.by,
    appId: undefined,
    subtype: subtypeOf(seed),
    username: seed.username,
    text: seed.text,
    blocks: seed.blocks ?? [asRichText(seed.text, `b${secondsOf(ts).toString(36)}`)],
    attachments: seed.attachments ?? [],
    metadata: undefined,
    clientMsgId: userId === undefined ? undefined : ids.uuid(),
    edited:
      seed.editedMinutesAgo === undefined || userId === undefined
        ? undefined
        : { userId, ts: timestamps.ago(seed.editedMinutesAgo) },
    reactions: asReactions(seed.reactions ?? {}, people),
    fileIds: keepFile(seed, { ts, userId: userId ?? '', conversationId: conversation.id }, deps.files),
    isBroadcast: seed.isBroadcast ?? false,
  }
}

function subtypeOf(seed: MessageSeed): string | undefined {
  if (seed.username !== undefined) return 'bot_message'
  if (seed.file !== undefined) return 'file_share'
  return seed.isBroadcast === true ? 'thread_broadcast' : undefined
}

function asReactions(
  reactions: Readonly<Record<string, readonly string[]>>,
  people: People,
): readonly Reaction[] {
  return Object.entries(reactions).map(([name, handles]) => ({
    name,
    userIds: handles.flatMap((handle) => people.byName(handle)?.id ?? []),
  }))
}

function keepFile(
  seed: MessageSeed,
  shared: Pick<StoredFile, 'ts' | 'userId' | 'conversationId'>,
  files: StoredFile[],
): readonly string[] {
  if (seed.file === undefined) return []
  files.push({ ...seed.file, ...shared })
  return [seed.file.id]
}
