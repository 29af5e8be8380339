import type { ChannelKind, SlackChannel } from '../../slack/channel.ts'
import { compact } from '../../slack/json-fields.ts'
import { createRecordingNames, type Names, renderMrkdwn } from '../../slack/text.ts'
import { indentRest } from '../message-page.ts'
import { safeName, safeText } from '../message-view.ts'
import { permittedNames } from '../permitted-names.ts'
import type { SlackToolContext } from '../tool-context.ts'

/** A conversation as a model gets it. */
export interface ChannelView {
  readonly id: string
  readonly name?: string
  readonly kind: ChannelKind
  /** The other person of a direct message. */
  readonly user?: string
  readonly topic?: string
  readonly purpose?: string
  readonly member_count?: number
  readonly is_member?: boolean
  readonly is_archived?: true
  /** Shared with another organisation. */
  readonly is_external?: true
}

type ViewContext = Pick<SlackToolContext, 'directory' | 'policy' | 'principal' | 'signal' | 'progress'>

/** The views of channels, people in topics and direct messages by name where known; looks up at most `lookupsMax` of them. */
export async function viewChannels(
  context: ViewContext,
  channels: readonly SlackChannel[],
  lookupsMax = 20,
): Promise<readonly ChannelView[]> {
  const { directory } = context
  const wanted = createRecordingNames()
  for (const { topic, purpose, userId } of channels) {
    renderMrkdwn(`${topic ?? ''}${purpose ?? ''}`, wanted)
    wanted.user(userId ?? '')
  }
  await directory.users.warm(wanted.users, lookupsMax, context)
  const names = await permittedNames(context, wanted.channels)
  return channels.map((channel) => viewChannel(channel, names))
}

function viewChannel(channel: SlackChannel, names: Names): ChannelView {
  const { id, kind, userId, memberCount, isMember } = channel
  const text = (value: string | undefined) =>
    value === undefined ? undefined : safeText(renderMrkdwn(value, names))
  const person = userId === undefined ? undefined : (names.user(userId) ?? userId)
  return compact({
    id,
    name: channel.name === undefined ? undefined : safeName(channel.name),
    kind,
    user: person === undefined ? undefined : safeName(person),
    topic: text(channel.topic),
    purpose: text(channel.purpose),
    member_count: memberCount,
    is_member: isMember,
    is_archived: channel.isArchived ? true : undefined,
    is_external: channel.isExternal ? true : undefined,
  })
}

const kindWords: Readonly<Record<ChannelKind, string>> = {
  public_channel: 'public',
  private_channel: 'private',
  im: 'direct message',
  mpim: 'group message',
}

/** One line: what it is called, what it is, what it is about. */
export function renderChannel(view: ChannelView): string {
  const label = view.name === undefined ? `@${view.user ?? 'unknown'}` : `#${view.name}`
  const facts = [
    kindWords[view.kind],
    view.member_count === undefined ? undefined : `${view.member_count} members`,
    view.is_member === true ? 'bot is a member' : undefined,
    view.is_archived === true ? 'archived' : undefined,
    view.is_external === true ? 'external' : undefined,
  ].filter((fact) => fact !== undefined)
  const about = [view.topic, view.purpose].filter((text) => text !== undefined).join(' / ')
  return `${view.id} ${label} [${facts.join(', ')}]${about === '' ? '' : ` ${indentRest(about)}`}`
}
