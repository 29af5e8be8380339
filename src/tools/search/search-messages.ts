import { Type } from '@sinclair/typebox'
import { compact } from '../../slack/json-fields.ts'
import { answers, choice, limitField, listField, optional } from '../fields.ts'
import { count, type Provenance, provenance, renderListing } from '../message-page.ts'
import { defineSlackTool } from '../slack-tool.ts'
import { renderHit, type SearchHit, viewAllowedHits } from './search-hit.ts'
import { runSearch } from './search-methods.ts'

interface SearchPage extends Provenance {
  readonly hits: readonly SearchHit[]
  readonly next_cursor?: string
  /** Hits that the policy of this server keeps back. */
  readonly withheld?: number
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
  cost: { methods: ['assistant.search.context', 'search.messages'], warm: '1', cold: '1-2' },
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
    const hits = await viewAllowedHits(context, result.matches)
    const withheld = result.matches.length - hits.length
    const data: SearchPage = compact({
      ...provenance,
      hits,
      next_cursor: result.cursor,
      withheld: withheld === 0 ? undefined : withheld,
    })
    const next =
      result.cursor === undefined
        ? undefined
        : { tool: 'slack_search_messages', args: { ...args, cursor: result.cursor } }
    const kept = withheld === 0 ? '' : ` ${withheld} more are in channels that may not be read.`
    const lines = hits.map((hit) => renderHit(hit, context.settings.timezone))
    return { text: renderListing(`${count(hits.length, 'hit')}.${kept}`, lines, next), data }
  },
})
