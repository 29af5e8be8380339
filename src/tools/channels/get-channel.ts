import { Type } from '@sinclair/typebox'
import { asObject, asText, asTexts, compact } from '../../slack/json-fields.ts'
import { openConversation } from '../conversation.ts'
import { answers, channelField, cursorField, listField, optional } from '../fields.ts'
import { type Provenance, provenance, renderListing } from '../message-page.ts'
import { safeName } from '../message-view.ts'
import { callSlack, refused } from '../slack-call.ts'
import { defineSlackTool } from '../slack-tool.ts'
import type { SlackToolContext } from '../tool-context.ts'
import { type ChannelView, renderChannel, viewChannels } from './channel-view.ts'

interface MemberView {
  readonly id: string
  readonly name: string
}

interface ChannelDetails extends ChannelView, Provenance {
  readonly created_by?: string
  readonly members?: readonly MemberView[]
  readonly next_cursor?: string
}

const membersPerPage = 100

export const getChannel = defineSlackTool({
  name: 'slack_get_channel',
  title: 'Get a channel',
  description: 'Topic, purpose, member count and whether the bot is in; on request the members.',
  toolset: 'channels',
  effect: 'read',
  scopes: ['channels:read', 'groups:read', 'im:read', 'mpim:read'],
  needsAnyScope: true,
  cost: {
    methods: ['conversations.info', 'conversations.members', 'users.info'],
    warm: '1 (with members 2)',
    cold: '1-2 + 1 per unknown person (at most 100) + look-up of a name (1-10)',
  },
  examples: { channel: '#general', include_members: true },
  input: Type.Object(
    {
      channel: channelField,
      include_members: optional(Type.Boolean()),
      cursor: optional(cursorField),
    },
    { additionalProperties: false },
  ),
  output: answers<ChannelDetails>({ id: Type.String(), members: optional(listField) }),
  async run(args, context) {
    const { directory, signal } = context
    const { id } = await openConversation(context, args.channel, 'read')
    const channel = await directory.channels.fresh(id, signal)
    if (channel === undefined) throw refused('channel_not_found')
    const [view = { id, kind: channel.kind }] = await viewChannels(context, [channel])
    const members = args.include_members === true ? await listMembers(context, id, args.cursor) : undefined
    const data: ChannelDetails = compact({
      ...provenance,
      ...view,
      created_by: channel.creatorId === undefined ? undefined : nameOf(context, channel.creatorId),
      members: members?.members,
      next_cursor: members?.cursor,
    })
    const memberLines = members?.members.map((member) => `  ${member.id} ${member.name}`) ?? []
    const next =
      members?.cursor === undefined
        ? undefined
        : { tool: 'slack_get_channel', args: { channel: id, include_members: true, cursor: members.cursor } }
    return { text: renderListing('One channel.', [renderChannel(view), ...memberLines], next), data }
  },
})

async function listMembers(context: SlackToolContext, channel: string, cursor: string | undefined) {
  const answer = await callSlack(context, 'conversations.members', {
    channel,
    limit: membersPerPage,
    ...(cursor === undefined ? {} : { cursor }),
  })
  const ids = asTexts(answer['members'])
  await context.directory.users.warm(ids, membersPerPage, context)
  return {
    members: ids.map((id) => ({ id, name: nameOf(context, id) })),
    cursor: asText(asObject(answer['response_metadata'])['next_cursor']),
  }
}

function nameOf({ directory }: Pick<SlackToolContext, 'directory'>, userId: string): string {
  return safeName(directory.user(userId) ?? userId)
}
