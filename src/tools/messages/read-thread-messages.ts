import { Type } from '@sinclair/typebox'
import { asObject, asObjects, asText } from '../../slack/json-fields.ts'
import { parseMessage } from '../../slack/message.ts'
import { messageBehind, openConversation, requireThreadTs } from '../conversation.ts'
import {
  channelField,
  cursorField,
  formatField,
  limitField,
  optional,
  timeField,
  tsField,
} from '../fields.ts'
import { makePage, renderPage } from '../message-page.ts'
import { viewMessages } from '../message-view.ts'
import { callSlack } from '../slack-call.ts'
import { defineSlackTool } from '../slack-tool.ts'
import { parsePastTime } from '../time-expression.ts'
import { tsAliases } from '../ts-aliases.ts'
import { channelLabel, historyScopes, pageLimit, pageOutput } from './history.ts'

export const readThreadMessages = defineSlackTool({
  name: 'slack_read_thread_messages',
  title: 'Read a thread',
  description: 'Read a thread, its first message included.',
  toolset: 'messages',
  effect: 'read',
  scopes: historyScopes,
  needsAnyScope: true,
  cost: {
    methods: ['conversations.replies', 'users.info'],
    warm: '1',
    cold: '1 + 1 per unknown person (at most 50) + look-up of a name (1-10)',
  },
  aliases: tsAliases('thread_ts'),
  examples: { channel: '#general', thread_ts: '1712345678.000100' },
  input: Type.Object(
    {
      channel: channelField,
      thread_ts: optional(tsField),
      limit: limitField(999, 100),
      oldest: optional(timeField()),
      cursor: optional(cursorField),
      format: optional(formatField),
    },
    { additionalProperties: false },
  ),
  output: pageOutput,
  async run(args, context) {
    const { settings, clock } = context
    const frame = { nowMs: clock.now(), timezone: settings.timezone }
    const limit = pageLimit(args.limit, settings)
    const range = args.oldest === undefined ? {} : { oldest: parsePastTime('oldest', args.oldest, frame) }
    const threadTs = requireThreadTs(args.thread_ts, messageBehind(args.channel))
    const conversation = await openConversation(context, args.channel, 'read')
    const answer = await callSlack(context, 'conversations.replies', {
      channel: conversation.id,
      ts: threadTs,
      limit,
      ...range,
      ...(args.cursor === undefined ? {} : { cursor: args.cursor }),
    })
    const messages = asObjects(answer['messages']).map(parseMessage)
    const page = makePage({
      channel: channelLabel(context, conversation.id),
      timezone: settings.timezone,
      ...(await viewMessages(context, conversation.id, messages, args.format)),
      keep: 'oldest',
      hasMore: answer['has_more'] === true,
      nextCursor: asText(asObject(answer['response_metadata'])['next_cursor']),
      call: {
        channel: conversation.id,
        thread_ts: threadTs,
        limit,
        ...range,
        ...(args.format === undefined ? {} : { format: args.format }),
      },
    })
    const notes = { extra: [`Thread ${threadTs}.`], threadTs }
    return { text: renderPage(page, 'slack_read_thread_messages', notes), data: page }
  },
})
