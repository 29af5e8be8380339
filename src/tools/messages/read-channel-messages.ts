import { Type } from '@sinclair/typebox'
import { asObject, asObjects, asText } from '../../slack/json-fields.ts'
import { parseMessage } from '../../slack/message.ts'
import { openConversation } from '../conversation.ts'
import { channelField, cursorField, formatField, limitField, optional, timeField } from '../fields.ts'
import { makePage, renderPage } from '../message-page.ts'
import { viewMessages } from '../message-view.ts'
import { callSlack } from '../slack-call.ts'
import { defineSlackTool } from '../slack-tool.ts'
import { parsePastRange } from '../time-expression.ts'
import { channelLabel, historyScopes, pageLimit, pageOutput } from './history.ts'

export const readChannelMessages = defineSlackTool({
  name: 'slack_read_channel_messages',
  title: 'Read a channel',
  description: 'Read the latest messages of a channel or DM, oldest first.',
  toolset: 'messages',
  effect: 'read',
  scopes: historyScopes,
  needsAnyScope: true,
  cost: {
    methods: ['conversations.history', 'users.info'],
    warm: '1',
    cold: '1 + 1 per unknown person (at most 50) + look-up of a name (1-10)',
  },
  examples: { channel: '#general', oldest: '24h', limit: 50 },
  input: Type.Object(
    {
      channel: channelField,
      limit: limitField(999, 100),
      oldest: optional(timeField('ts, ISO time, 7d, 24h or today')),
      latest: optional(timeField()),
      inclusive: optional(Type.Boolean()),
      cursor: optional(cursorField),
      format: optional(formatField),
    },
    { additionalProperties: false },
  ),
  output: pageOutput,
  async run(args, context) {
    const { settings, clock } = context
    const frame = { nowMs: clock.now(), timezone: settings.timezone }
    const ends = parsePastRange(args, frame)
    const { id } = await openConversation(context, args.channel, 'read')
    const limit = pageLimit(args.limit, settings)
    const range = {
      ...ends,
      ...(args.inclusive === undefined ? {} : { inclusive: args.inclusive }),
    }
    const answer = await callSlack(context, 'conversations.history', {
      channel: id,
      limit,
      ...range,
      ...(args.cursor === undefined ? {} : { cursor: args.cursor }),
    })
    const messages = asObjects(answer['messages']).map(parseMessage).reverse()
    const page = makePage({
      channel: channelLabel(context, id),
      timezone: settings.timezone,
      ...(await viewMessages(context, id, messages, args.format)),
      keep: 'newest',
      hasMore: answer['has_more'] === true,
      nextCursor: asText(asObject(answer['response_metadata'])['next_cursor']),
      call: {
        channel: id,
        limit,
        ...range,
        ...(args.format === undefined ? {} : { format: args.format }),
      },
    })
    const extra = answer['is_limited'] === true ? ['Older messages are hidden by the Slack plan.'] : []
    return { text: renderPage(page, 'slack_read_channel_messages', { extra }), data: page }
  },
})
