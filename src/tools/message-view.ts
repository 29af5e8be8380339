import type { JsonObject } from '../base/json-object.ts'
import { asOneLine, neutralise, truncate } from '../base/text.ts'
import { asNumber, asText, compact } from '../slack/json-fields.ts'
import type { SlackMessage } from '../slack/message.ts'
import { permalinkOf } from '../slack/reference.ts'
import { createRecordingNames, type Names } from '../slack/text.ts'
import { renderMessage } from '../slack/text-message.ts'
import { originOf, withoutHidden } from './hidden-authors.ts'
import { permittedNames } from './permitted-names.ts'
import type { SlackToolContext } from './tool-context.ts'

/** A message as a model gets it: readable text, and the few facts that a next call needs. */
export interface MessageView {
  readonly ts: string
  readonly author: string
  readonly user?: string
  readonly text: string
  /** Present on replies and heads of threads. */
  readonly thread_ts?: string
  readonly reply_count?: number
  readonly reactions?: readonly { readonly name: string; readonly count: number }[]
  readonly files?: readonly FileView[]
  readonly is_bot?: true
  readonly is_edited?: true
  /** The author belongs to another workspace. */
  readonly is_external?: true
  /** How much of the text was left out; slack_get_message has more. */
  readonly omitted_characters?: number
  /** Only in the detailed format. */
  readonly permalink?: string
  readonly blocks?: readonly unknown[]
}

export interface FileView {
  readonly id: string
  readonly name?: string
  readonly type?: string
  readonly size?: number
}

export type OutputFormat = 'concise' | 'detailed'

/** Characters of one message that are shown; far more than people write, far less than a log that was pasted. */
const messageCharactersMax: Readonly<Record<OutputFormat, number>> = { concise: 4000, detailed: 16_000 }
/** People and channels whose names are looked up for one page; the rest keep their ids. */
const peopleLookupsMax = 50
const channelLookupsMax = 10

export interface ViewedMessages {
  readonly messages: readonly MessageView[]
  /** Those that the operator keeps from models. */
  readonly hiddenCount: number
}

type ViewContext = Pick<
  SlackToolContext,
  'slack' | 'directory' | 'policy' | 'principal' | 'signal' | 'progress' | 'settings'
>

/** The messages as views, in the order given. Names cost at most one call for each person who is not known yet. */
export async function viewMessages(
  context: ViewContext,
  channelId: string,
  messages: readonly SlackMessage[],
  format: OutputFormat = 'concise',
): Promise<ViewedMessages> {
  const shown = await withoutHidden(context, messages)
  const names = await learnNames(context, shown)
  return {
    messages: shown.map((message) => viewMessage(context, { channelId, names, format }, message)),
    hiddenCount: messages.length - shown.length,
  }
}

/**
 * Looks up, once for all of them, who wrote `messages` and who and what is named in them, as far as that is not known. Resolves with the names that
 * the principal may be told.
 */
export async function learnNames(context: ViewContext, messages: readonly SlackMessage[]): Promise<Names> {
  const { directory, signal } = context
  const wanted = createRecordingNames()
  for (const message of messages) {
    renderMessage(message, wanted)
    if (message.authorName === undefined && message.userId !== undefined) wanted.user(message.userId)
  }
  await directory.users.warm(wanted.users, peopleLookupsMax, context)
  await directory.channels.warm(wanted.channels, channelLookupsMax, signal)
  return await permittedNames(context, wanted.channels)
}

interface MessagePlace {
  readonly channelId: string
  readonly names: Names
  readonly format: OutputFormat
}

/** One message as a view, with the names that are known. */
export function viewMessage(
  { slack, directory }: Pick<SlackToolContext, 'slack' | 'directory'>,
  { channelId, names, format }: MessagePlace,
  message: SlackMessage,
): MessageView {
  const identity = slack.identity()
  const author = message.userId === undefined ? undefined : directory.users.peek(message.userId)
  const full = safeText(renderMessage(message, names))
  const text = truncate(full, messageCharactersMax[format])
  const isDetailed = format === 'detailed'
  return compact({
    ts: message.ts,
    author: safeName(message.authorName ?? author?.name ?? message.userId ?? message.botId ?? 'unknown'),
    user: message.userId,
    text,
    thread_ts: message.threadTs,
    reply_count: message.replyCount === 0 ? undefined : message.replyCount,
    reactions:
      message.reactions.length === 0
        ? undefined
        : message.reactions.map(({ name, count }) => ({ name: safeName(name), count })),
    files: message.files.length === 0 ? undefined : message.files.map(viewFile),
    is_bot: mark(message.botId !== undefined || author?.isBot === true),
    is_edited: mark(message.isEdited),
    is_external: mark(identity !== undefined && originOf(message, author, identity) === 'elsewhere'),
    omitted_characters: text.length === full.length ? undefined : full.length - text.length,
    permalink:
      isDetailed && identity !== undefined ? permalinkOf(identity.url, channelId, message) : undefined,
    blocks: isDetailed && message.blocks.length > 0 ? message.blocks : undefined,
  })
}

function mark(is: boolean): true | undefined {
  return is ? true : undefined
}

export function viewFile(file: JsonObject): FileView {
  const name = asText(file['title']) ?? asText(file['name'])
  return compact({
    id: asText(file['id']) ?? '',
    name: name === undefined ? undefined : safeName(name),
    type: asText(file['filetype']),
    size: asNumber(file['size']),
  })
}

/** Text of others: every kind of line break becomes one kind, and characters that deceive are shown as what they are (T14). */
export function safeText(text: string): string {
  return neutralise(text.replace(/\r\n|[\r\u0085\u2028\u2029]/g, '\n'))
}

const nameCharactersMax = 100

/** A name of others, on one line. */
export function safeName(name: string): string {
  return truncate(asOneLine(name), nameCharactersMax)
}
