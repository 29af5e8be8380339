import { Type } from '@sinclair/typebox'
import { asNumber, asObject, asObjects, asText, compact } from '../../slack/json-fields.ts'
import { createRecordingNames, renderMrkdwn } from '../../slack/text.ts'
import { openConversation } from '../conversation.ts'
import { answers, channelField, cursorField, limitField, listField, optional } from '../fields.ts'
import {
  type ChannelLabel,
  count,
  indentRest,
  type Provenance,
  provenance,
  renderLabel,
  renderListing,
} from '../message-page.ts'
import { safeText } from '../message-view.ts'
import { channelLabel } from '../messages/history.ts'
import { permittedNames } from '../permitted-names.ts'
import { callSlack } from '../slack-call.ts'
import { defineSlackTool } from '../slack-tool.ts'
import type { SlackToolContext } from '../tool-context.ts'
import { localMoment } from './schedule-message.ts'

interface ScheduledView {
  readonly scheduled_message_id: string
  readonly channel: ChannelLabel
  readonly post_at: number
  readonly text: string
}

interface ScheduledPage extends Provenance {
  readonly messages: readonly ScheduledView[]
  readonly next_cursor?: string
}

export const listScheduledMessages = defineSlackTool({
  name: 'slack_list_scheduled_messages',
  title: 'List scheduled messages',
  description: 'Messages of this bot that are still to be sent.',
  toolset: 'scheduling',
  effect: 'read',
  scopes: ['chat:write'],
  cost: { methods: ['chat.scheduledMessages.list'], warm: '1', cold: '1 + look-up of a name (1-10)' },
  examples: { channel: '#general' },
  input: Type.Object(
    { channel: optional(channelField), limit: limitField(100, 50), cursor: optional(cursorField) },
    { additionalProperties: false },
  ),
  output: answers<ScheduledPage>({ messages: listField, next_cursor: optional(Type.String()) }),
  async run(args, context) {
    const channel =
      args.channel === undefined ? undefined : (await openConversation(context, args.channel, 'read')).id
    const answer = await callSlack(context, 'chat.scheduledMessages.list', {
      limit: args.limit,
      ...(channel === undefined ? {} : { channel }),
      ...(args.cursor === undefined ? {} : { cursor: args.cursor }),
    })
    const messages = await viewAllowed(context, asObjects(answer['scheduled_messages']))
    const cursor = asText(asObject(answer['response_metadata'])['next_cursor'])
    const data: ScheduledPage = compact({ ...provenance, messages, next_cursor: cursor })
    const lines = messages.map((message) => {
      const at = localMoment(message.post_at, context)
      return `${message.scheduled_message_id} ${at} ${renderLabel(message.channel)}: ${indentRest(message.text)}`
    })
    const next =
      cursor === undefined ? undefined : { tool: 'slack_list_scheduled_messages', args: { ...args, cursor } }
    return { text: renderListing(`${count(messages.length, 'scheduled message')}.`, lines, next), data }
  },
})

/** Those in channels that the principal may read. */
async function viewAllowed(
  context: SlackToolContext,
  messages: readonly Readonly<Record<string, unknown>>[],
): Promise<readonly ScheduledView[]> {
  const { policy, principal, signal } = context
  const mentioned = createRecordingNames()
  for (const message of messages) renderMrkdwn(asText(message['text']) ?? '', mentioned)
  const names = await permittedNames(context, mentioned.channels)
  const views: ScheduledView[] = []
  for (const message of messages) {
    const channelId = asText(message['channel_id']) ?? ''
    if ((await policy.violated(principal, 'read', channelId, signal)) !== undefined) continue
    views.push({
      scheduled_message_id: asText(message['id']) ?? '',
      channel: channelLabel(context, channelId),
      post_at: asNumber(message['post_at']) ?? 0,
      text: safeText(renderMrkdwn(asText(message['text']) ?? '', names)),
    })
  }
  return views
}
