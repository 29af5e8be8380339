import { Type } from '@sinclair/typebox'
import { type ChannelKind, listableTypes, parseChannel, type SlackChannel } from '../../slack/channel.ts'
import { asList, asObject, asText, compact } from '../../slack/json-fields.ts'
import { answers, cursorField, limitField, listField, optional } from '../fields.ts'
import { count, type Provenance, provenance, renderListing } from '../message-page.ts'
import { callSlack } from '../slack-call.ts'
import { defineSlackTool } from '../slack-tool.ts'
import type { SlackToolContext } from '../tool-context.ts'
import { type ChannelView, renderChannel, viewChannels } from './channel-view.ts'

interface ChannelPage extends Provenance {
  readonly channels: readonly ChannelView[]
  /** Channels that were looked through for this page. */
  readonly looked_at: number
  /** Matches beyond the limit, which no cursor leads to: the words were too common. */
  readonly omitted?: number
  readonly next_cursor?: string
}

const kindsByWord: Readonly<Record<string, readonly ChannelKind[]>> = {
  public: ['public_channel'],
  private: ['private_channel'],
  dm: ['im', 'mpim'],
}

/** Slack's own bound; fewer and larger pages cost fewer calls. */
const searchPageSize = 1000

export const listChannels = defineSlackTool({
  name: 'slack_list_channels',
  title: 'Find channels',
  description: 'List channels, or find them by words in name, topic or purpose.',
  toolset: 'channels',
  effect: 'read',
  scopes: ['channels:read', 'groups:read', 'im:read', 'mpim:read'],
  needsAnyScope: true,
  cost: {
    methods: ['conversations.list', 'users.conversations', 'users.info'],
    warm: '1 (with query 1-10)',
    cold: 'the same + 1 per unknown person in topics (at most 20)',
  },
  examples: { query: 'release', member_only: true },
  input: Type.Object(
    {
      query: optional(Type.String({ minLength: 1, maxLength: 80 })),
      types: optional(Type.String({ pattern: '^(public|private|dm)(,(public|private|dm)){0,2}$' })),
      member_only: optional(Type.Boolean()),
      include_archived: optional(Type.Boolean()),
      limit: limitField(200, 50),
      cursor: optional(cursorField),
    },
    { additionalProperties: false },
  ),
  output: answers<ChannelPage>({ channels: listField, next_cursor: optional(Type.String()) }),
  async run(args, context) {
    const request = {
      // Only the bot's own channels are listed by a method that reads no others: one page instead of the whole workspace.
      method: args.member_only === true ? 'users.conversations' : 'conversations.list',
      types: listableTypes(context.slack.identity()?.scopes, kindsOf(args.types, context)).join(','),
      exclude_archived: args.include_archived !== true,
    }
    const found = await find(context, request, args)
    const data: ChannelPage = compact({
      ...provenance,
      channels: await viewChannels(context, found.channels),
      looked_at: found.lookedAt,
      omitted: found.omitted === 0 ? undefined : found.omitted,
      next_cursor: found.cursor,
    })
    const next =
      found.cursor === undefined
        ? undefined
        : { tool: 'slack_list_channels', args: { ...args, cursor: found.cursor } }
    const rest = found.omitted === 0 ? '' : ` ${found.omitted} more match: narrow the query.`
    const head = `${count(data.channels.length, 'channel')} of ${found.lookedAt} looked at.${rest}`
    return { text: renderListing(head, data.channels.map(renderChannel), next), data }
  },
})

function kindsOf(types: string | undefined, { settings }: SlackToolContext): readonly ChannelKind[] {
  const kinds = (types ?? 'public,private').split(',').flatMap((word) => kindsByWord[word] ?? [])
  if (settings.allowsDirectMessages) return kinds
  const named = kinds.filter((kind) => kind !== 'im' && kind !== 'mpim')
  return named.length === 0 ? ['public_channel'] : named
}

interface ListRequest {
  readonly method: string
  readonly types: string
  readonly exclude_archived: boolean
}

interface Found {
  readonly channels: readonly SlackChannel[]
  readonly lookedAt: number
  readonly omitted: number
  readonly cursor: string | undefined
}

/** Pages until enough match, the listing ends, or the bound of pages is reached. Without a query one page is enough. */
async function find(
  context: SlackToolContext,
  request: ListRequest,
  args: { readonly query?: string; readonly limit: number; readonly cursor?: string },
): Promise<Found> {
  const { policy, principal, settings, signal, progress } = context
  const words = args.query?.toLowerCase().replace(/^#/, '')
  const limit = words === undefined ? args.limit : searchPageSize
  const pagesMax = words === undefined ? 1 : settings.lookupPagesMax
  const channels: SlackChannel[] = []
  let lookedAt = 0
  let cursor = args.cursor
  for (let pageCount = 0; pageCount < pagesMax; pageCount++) {
    const page = await readPage(context, request, { limit, cursor })
    lookedAt += page.channels.length
    const matching = page.channels.filter((channel) => matches(channel, words))
    channels.push(...(await policy.allowed(principal, 'read', matching, signal)))
    cursor = page.cursor
    if (cursor === undefined || channels.length >= args.limit) break
    // Only where another page follows.
    if (pageCount + 1 < pagesMax)
      progress({ progress: pageCount + 1, message: `Looked through ${lookedAt} channels` })
  }
  const omitted = Math.max(0, channels.length - args.limit)
  return { channels: channels.slice(0, args.limit), lookedAt, omitted, cursor }
}

async function readPage(
  context: SlackToolContext,
  { method, ...params }: ListRequest,
  position: { readonly limit: number; readonly cursor: string | undefined },
) {
  const answer = await callSlack(context, method, compact({ ...params, ...position }))
  // users.conversations lists the bot's own channels and does not say so.
  const isOwn = method === 'users.conversations'
  const channels = asList(answer['channels'])
    .map(parseChannel)
    .filter((channel) => channel !== undefined)
    .map((channel) => (isOwn ? { ...channel, isMember: true } : channel))
  for (const channel of channels) context.directory.channels.keep(channel)
  return { channels, cursor: asText(asObject(answer['response_metadata'])['next_cursor']) }
}

function matches(channel: SlackChannel, words: string | undefined): boolean {
  if (words === undefined) return true
  return [channel.name, channel.topic, channel.purpose].some((text) => text?.toLowerCase().includes(words))
}
