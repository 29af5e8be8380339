import { AppError } from '../../base/errors.ts'
import type { JsonObject } from '../../base/json-object.ts'
import { asNumber, asObject, asObjects, asText, compact } from '../../slack/json-fields.ts'
import { argumentError } from '../argument-error.ts'
import { callSlack, refusalOf } from '../slack-call.ts'
import type { SlackToolContext } from '../tool-context.ts'
import { asMatch, type SearchMatch } from './search-hit.ts'

export interface SearchRequest {
  readonly query: string
  readonly sort?: 'relevance' | 'newest'
  readonly limit: number
  readonly cursor?: string
}

export interface SearchResult {
  readonly matches: readonly SearchMatch[]
  readonly cursor: string | undefined
}

/** Refusals that mean: this token has the other, older search. */
const notGranted: ReadonlySet<string> = new Set([
  'missing_scope',
  'not_allowed_token_type',
  'access_denied',
  'feature_not_enabled',
  'assistant_search_context_disabled',
  'context_channel_not_found',
  'unknown_method',
])

/** The newer search where the user token has it, else the older one. A cursor goes on with the search that gave it. */
export async function runSearch(context: SlackToolContext, request: SearchRequest): Promise<SearchResult> {
  const page = pageOf(request.cursor)
  if (page !== undefined) return await searchPages(context, request, page)
  const scopes = context.slack.identity('user')?.scopes
  const isGranted = scopes === undefined || scopes.some((scope) => scope.startsWith('search:read.'))
  if (!isGranted) return await searchPages(context, request, 1)
  try {
    return await searchContext(context, request)
  } catch (error) {
    if (!notGranted.has(refusalOf(error) ?? '') || request.cursor !== undefined) throw error
    return await searchPages(context, request, 1)
  }
}

/** Our cursor for the older search, which pages by number. */
const pageCursorPattern = /^page:(\d{1,3})$/

function pageOf(cursor: string | undefined): number | undefined {
  const page = pageCursorPattern.exec(cursor ?? '')?.[1]
  if (page === undefined) return undefined
  const number = Number(page)
  if (number >= 1 && number <= 100) return number
  throw argumentError({
    field: 'cursor',
    given: cursor,
    accepted: 'next_cursor of a page',
    example: 'page:2',
  })
}

/** https://docs.slack.dev/reference/methods/assistant.search.context */
async function searchContext(context: SlackToolContext, request: SearchRequest): Promise<SearchResult> {
  const params = compact({
    query: request.query,
    content_types: 'messages',
    channel_types: channelTypesOf(context).join(','),
    limit: request.limit,
    sort: request.sort === 'newest' ? 'timestamp' : 'score',
    cursor: request.cursor,
  })
  const answer = await callSlack(context, 'assistant.search.context', params, 'user')
  const matches = asObjects(asObject(answer['results'])['messages']).map((raw) =>
    asMatch(
      {
        ...raw,
        ts: raw['message_ts'],
        text: raw['content'],
        user: raw['author_user_id'],
        username: raw['author_name'],
        ...(raw['is_author_bot'] === true ? { subtype: 'bot_message' } : {}),
      },
      {
        id: asText(raw['channel_id']) ?? '',
        name: asText(raw['channel_name']),
        permalink: asText(raw['permalink']),
      },
    ),
  )
  return { matches, cursor: asText(asObject(answer['response_metadata'])['next_cursor']) }
}

/** One kind without its scope would make Slack refuse the whole search. */
function channelTypesOf({ slack, settings }: SlackToolContext): readonly string[] {
  const scopes = slack.identity('user')?.scopes
  const kinds = [
    ['public_channel', 'search:read.public'],
    ['private_channel', 'search:read.private'],
    ['im', 'search:read.im'],
    ['mpim', 'search:read.mpim'],
  ] as const
  return kinds
    .filter(([kind, scope]) => {
      const isDirect = kind === 'im' || kind === 'mpim'
      return (settings.allowsDirectMessages || !isDirect) && (scopes === undefined || scopes.includes(scope))
    })
    .map(([kind]) => kind)
}

/** https://docs.slack.dev/reference/methods/search.messages */
async function searchPages(
  context: SlackToolContext,
  request: SearchRequest,
  page: number,
): Promise<SearchResult> {
  const params = {
    query: request.query,
    count: request.limit,
    page,
    sort: request.sort === 'newest' ? 'timestamp' : 'score',
    highlight: false,
  }
  const answer = await callSlack(context, 'search.messages', params, 'user')
  const messages = asObject(answer['messages'])
  if (answer['messages'] === undefined) throw new AppError('SLACK_UNAVAILABLE')
  const matches = asObjects(messages['matches']).map((raw: JsonObject) => {
    const channel = asObject(raw['channel'])
    return asMatch(raw, {
      id: asText(channel['id']) ?? '',
      name: channel['is_im'] === true ? undefined : asText(channel['name']),
      permalink: asText(raw['permalink']),
    })
  })
  const pages = asNumber(asObject(messages['paging'])['pages']) ?? 1
  return { matches, cursor: page < pages ? `page:${page + 1}` : undefined }
}
