import { Type } from '@sinclair/typebox'
import { asObjects, compact } from '../../slack/json-fields.ts'
import { parseMessage } from '../../slack/message.ts'
import { openConversation } from '../conversation.ts'
import { answers, channelField, formatField, listField, optional } from '../fields.ts'
import { hiddenNote, withoutHiddenFiles } from '../hidden-authors.ts'
import {
  type ChannelLabel,
  count,
  type Provenance,
  provenance,
  renderLabel,
  renderListing,
  renderMessages,
} from '../message-page.ts'
import { type FileView, type MessageView, viewFile, viewMessages } from '../message-view.ts'
import { channelLabel } from '../messages/history.ts'
import { callSlack } from '../slack-call.ts'
import { defineSlackTool } from '../slack-tool.ts'

interface Pins extends Provenance {
  readonly channel: ChannelLabel
  readonly messages: readonly MessageView[]
  /** Files that were pinned by themselves, as older clients did. */
  readonly files?: readonly FileView[]
  /** Pins whose authors the operator keeps from models. */
  readonly hidden?: number
}

export const listPins = defineSlackTool({
  name: 'slack_list_pins',
  title: 'List pins',
  description: 'Pinned messages of a channel.',
  toolset: 'bookmarks_pins',
  effect: 'read',
  scopes: ['pins:read'],
  cost: {
    methods: ['pins.list', 'users.info'],
    warm: '1',
    cold: '1 + 1 per unknown person (at most 50) + look-up of a name (1-10)',
  },
  examples: { channel: '#general' },
  input: Type.Object(
    { channel: channelField, format: optional(formatField) },
    { additionalProperties: false },
  ),
  output: answers<Pins>({ messages: listField }),
  async run(args, context) {
    const { timezone } = context.settings
    const { id } = await openConversation(context, args.channel, 'read')
    const answer = await callSlack(context, 'pins.list', { channel: id })
    const items = asObjects(answer['items'])
    const pinned = items
      .filter((item) => item['message'] !== undefined)
      .map((item) => parseMessage(item['message']))
    const { messages, hiddenCount } = await viewMessages(context, id, pinned, args.format)
    const allFiles = asObjects(items.map((item) => item['file']))
    const shownFiles = await withoutHiddenFiles(context, allFiles)
    const files = shownFiles.map(viewFile)
    const hidden = hiddenCount + allFiles.length - shownFiles.length
    const channel = channelLabel(context, id)
    const lines = [
      ...renderMessages(messages, timezone),
      ...files.map((file) => `file ${file.id} ${file.name ?? ''}`.trim()),
    ]
    const head = [
      `${renderLabel(channel)}: ${count(messages.length + files.length, 'pin')}, times in ${timezone}.`,
      ...hiddenNote(hidden),
    ].join(' ')
    return {
      text: renderListing(head, lines),
      data: compact({
        ...provenance,
        channel,
        messages,
        files: files.length === 0 ? undefined : files,
        hidden: hidden === 0 ? undefined : hidden,
      }),
    }
  },
})
