import { Type } from '@sinclair/typebox'
import { asObjects } from '../../slack/json-fields.ts'
import { parseMessage, type SlackMessage } from '../../slack/message.ts'
import { messageBehind, openConversation, requireTs } from '../conversation.ts'
import { channelField, formatField, optional, tsField } from '../fields.ts'
import { makePage, renderPage } from '../message-page.ts'
import { viewMessages } from '../message-view.ts'
import { callSlack, refusalOf, refused } from '../slack-call.ts'
import { defineSlackTool } from '../slack-tool.ts'
import type { SlackToolContext } from '../tool-context.ts'
import { tsAliases } from '../ts-aliases.ts'
import { channelLabel, historyScopes, pageOutput } from './history.ts'

export const getMessage = defineSlackTool({
  name: 'slack_get_message',
  title: 'Get one message',
  description: 'Get one message, and for a reply the head of its thread.',
  toolset: 'messages',
  effect: 'read',
  scopes: historyScopes,
  needsAnyScope: true,
  cost: {
    methods: ['conversations.history', 'conversations.replies', 'users.info'],
    warm: '1 (a reply without permalink: 3)',
    cold: '1-3 + 1 per unknown person + look-up of a name (1-10)',
  },
  aliases: tsAliases('message_ts'),
  examples: { channel: 'https://acme.slack.com/archives/C0123456789/p1712345678000100' },
  input: Type.Object(
    { channel: channelField, message_ts: optional(tsField), format: optional(formatField) },
    { additionalProperties: false },
  ),
  output: pageOutput,
  async run(args, context) {
    const { settings } = context
    const ts = requireTs('message_ts', args.message_ts, messageBehind(args.channel))
    const conversation = await openConversation(context, args.channel, 'read')
    const found = await fetchMessage(context, conversation.id, ts, conversation.threadTs)
    const page = makePage({
      channel: channelLabel(context, conversation.id),
      timezone: settings.timezone,
      ...(await viewMessages(context, conversation.id, found, args.format ?? 'detailed')),
      keep: 'newest',
      hasMore: false,
      nextCursor: undefined,
      call: {},
    })
    return { text: renderPage(page, 'slack_get_message'), data: page }
  },
})

/** The message, after the head of its thread where it is a reply. */
async function fetchMessage(
  context: SlackToolContext,
  channel: string,
  ts: string,
  threadTs: string | undefined,
): Promise<readonly SlackMessage[]> {
  const only = { oldest: ts, latest: ts, inclusive: true }
  if (threadTs === undefined) {
    // A reply is not in the history of the channel: what comes back then is another message or none.
    const history = await ask(context, 'conversations.history', { channel, limit: 1, ...only })
    const message = history.find((candidate) => candidate.ts === ts)
    if (message !== undefined) return [message]
  }
  const replies = await askThread(context, { channel, ts: threadTs ?? ts, limit: 2, ...only })
  const message = replies.find((candidate) => candidate.ts === ts)
  if (message === undefined) throw refused('message_not_found')
  const headTs = message.threadTs
  if (headTs === undefined || headTs === ts) return [message]
  const head =
    replies.find((candidate) => candidate.ts === headTs) ??
    (await ask(context, 'conversations.replies', { channel, ts: headTs, limit: 1 })).find(
      (candidate) => candidate.ts === headTs,
    )
  return head === undefined ? [message] : [head, message]
}

/** Where the ts belongs to no thread Slack refuses; for us there is then no such message. */
async function askThread(
  context: SlackToolContext,
  params: Readonly<Record<string, unknown>>,
): Promise<readonly SlackMessage[]> {
  try {
    return await ask(context, 'conversations.replies', params)
  } catch (error) {
    if (refusalOf(error) === 'thread_not_found') return []
    throw error
  }
}

async function ask(
  context: SlackToolContext,
  method: string,
  params: Readonly<Record<string, unknown>>,
): Promise<readonly SlackMessage[]> {
  const answer = await callSlack(context, method, params)
  return asObjects(answer['messages']).map(parseMessage)
}
