import { Type } from '@sinclair/typebox'
import { compact } from '../../slack/json-fields.ts'
import { answers, choice, limitField, listField, optional } from '../fields.ts'
import { hiddenNote } from '../hidden-authors.ts'
import { count, type Provenance, provenance, renderListing } from '../message-page.ts'
import { defineSlackTool } from '../slack-tool.ts'
import { renderHit, type SearchHit, viewAllowedHits } from './search-hit.ts'
import { runSearch } from './search-methods.ts'

interface SearchPage extends Provenance {
  readonly hits: readonly SearchHit[]
  readonly next_cursor?: string
  /** Hits whose authors the operator keeps from models. */
  readonly hidden?: number
  /** There may be more in channels that may not be read; said whether or not there are. */
  readonly only_readable_channels?: true
}

export const searchMessages = defineSlackTool({
  name: 'slack_search_messages',
  title: 'Search messages',
  description:
    "Search messages with the user token's eyes. Slack's modifiers work: in:#general from:@ada after:2026-11-01.",
  toolset: 'search',
  effect: 'read',
  token: 'user',
  scopes: ['search:read', 'search:read.public', 'search:read.private', 'search:read.im', 'search:read.mpim'],
  needsAnyScope: true,
  cost: {
    methods: ['assistant.search.context', 'search.messages', 'users.info'],
    warm: '1',
    cold: '1-2 + 1 per unknown person (at most 50)',
  },
  examples: { query: 'release plan in:#general', limit: 10 },
  input: Type.Object(
    {
      query: Type.String({ minLength: 1, maxLength: 500 }),
      sort: optional(choice('relevance', 'newest')),
      limit: limitField(20, 20),
      cursor: optional(Type.String({ pattern: '^[!-~]{1,1000}$' })),
    },
    { additionalProperties: false },
  ),
  output: answers<SearchPage>({ hits: listField, next_cursor: optional(Type.String()) }),
  async run(args, context) {
    const result = await runSearch(context, args)
    const { hits, hiddenCount } = await viewAllowedHits(context, result.matches)
    const isRestricted = !context.policy.isUnrestricted(context.principal, 'read')
    const data: SearchPage = compact({
      ...provenance,
      hits,
      next_cursor: result.cursor,
      hidden: hiddenCount === 0 ? undefined : hiddenCount,
      only_readable_channels: isRestricted ? (true as const) : undefined,
    })
    const next =
      result.cursor === undefined
        ? undefined
        : { tool: 'slack_search_messages', args: { ...args, cursor: result.cursor } }
    const head = [
      `${count(hits.length, 'hit')}.`,
      ...(isRestricted ? ['Channels that may not be read are left out.'] : []),
      ...hiddenNote(hiddenCount),
    ].join(' ')
    const lines = hits.map((hit) => renderHit(hit, context.settings.timezone))
    return { text: renderListing(head, lines, next), data }
  },
})
