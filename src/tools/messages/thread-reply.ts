import { Type } from '@sinclair/typebox'
import { messageBehind, openConversation, requireThreadTs } from '../conversation.ts'
import { answers, channelField, dryRunField, keyField, listField, optional, tsField } from '../fields.ts'
import { eachItem, type ItemResult, renderItems } from '../item-result.ts'
import { composeMessage, type MessageContent } from '../outgoing-message.ts'
import { type DryRun, dryRun, planPost, sendPlanned, writeOnce } from '../planned-call.ts'
import { defineSlackTool } from '../slack-tool.ts'
import { tsAliases } from '../ts-aliases.ts'

type Reply = ItemResult<{ readonly index: number; readonly ts?: string }>

export const threadReply = defineSlackTool({
  name: 'slack_thread_reply',
  title: 'Reply in a thread',
  description: 'Post one or more replies to a thread, in order.',
  toolset: 'messages',
  effect: 'write',
  scopes: ['chat:write'],
  cost: { methods: ['chat.postMessage'], warm: '1 per text', cold: '1 per text + look-up of a name (1-10)' },
  aliases: { ...tsAliases('thread_ts'), text: 'texts' },
  examples: { channel: '#general', thread_ts: '1712345678.000100', texts: ['Done'] },
  input: Type.Object(
    {
      channel: channelField,
      thread_ts: optional(tsField),
      texts: Type.Array(Type.String({ minLength: 1, maxLength: 12_000 }), { minItems: 1, maxItems: 20 }),
      markdown: optional(Type.Boolean({ description: 'texts are standard markdown' })),
      idempotency_key: optional(keyField),
      dry_run: optional(dryRunField),
    },
    { additionalProperties: false },
  ),
  output: answers<{ readonly responses: readonly Reply[] } | DryRun>({ responses: optional(listField) }),
  async run(args, context) {
    const { settings } = context
    // All are composed before Slack is asked anything: a text that is refused must not leave half a conversation behind.
    const contents = args.texts.flatMap((text): readonly MessageContent[] =>
      composeMessage(args.markdown === true ? { markdown: text } : { text }, settings, false),
    )
    const threadTs = requireThreadTs(args.thread_ts, messageBehind(args.channel))
    const conversation = await openConversation(context, args.channel, 'write')
    const target = {
      channel: conversation.id,
      thread_ts: threadTs,
    }
    const calls = contents.map((content) => planPost(target, content, settings))
    if (args.dry_run === true) return dryRun(calls)
    return await writeOnce(context, 'slack_thread_reply', args, async () => {
      const responses: readonly Reply[] = await eachItem(
        calls,
        (_, index) => ({ index }),
        async (call) => ({ ts: (await sendPlanned(context, call)).ts }),
      )
      const sent = responses.flatMap((response) => (response.ok ? [response.ts] : []))
      const where = `Posted to ${conversation.id}, ts ${sent.join(', ')}.`
      const text = `${renderItems(responses, (index) => `Reply ${index}`)}\n${where}`
      return { text, data: { responses } }
    })
  },
})
