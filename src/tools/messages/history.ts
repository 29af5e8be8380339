import { Type } from '@sinclair/typebox'
import { answers, listField, optional } from '../fields.ts'
import type { ChannelLabel, MessagePage } from '../message-page.ts'
import { safeName } from '../message-view.ts'
import type { SlackToolContext } from '../tool-context.ts'
import type { ToolSettings } from '../tool-settings.ts'

/** Each opens one kind of conversation; a token has some of them. */
export const historyScopes = ['channels:history', 'groups:history', 'im:history', 'mpim:history'] as const

/** A page of messages, as clients are told. */
export const pageOutput = answers<MessagePage>({
  messages: listField,
  has_more: Type.Boolean(),
  next_cursor: optional(Type.String()),
})

/** Slack gives apps that are distributed outside the Marketplace 15 messages a call. */
const distributedLimitMax = 15

export function pageLimit(
  asked: number,
  { isDistributedApp }: Pick<ToolSettings, 'isDistributedApp'>,
): number {
  return isDistributedApp ? Math.min(asked, distributedLimitMax) : asked
}

/** What the channel is called, where that is known without asking. */
export function channelLabel({ directory }: Pick<SlackToolContext, 'directory'>, id: string): ChannelLabel {
  const channel = directory.channels.peek(id)
  const person = channel?.userId === undefined ? undefined : directory.user(channel.userId)
  const name = channel?.name ?? person
  return name === undefined ? { id } : { id, name: safeName(name) }
}
