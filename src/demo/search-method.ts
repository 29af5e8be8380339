import type { Conversation, Message } from './conversation.ts'
import { type Call, conversationKindsOf, isVisible, type MethodTable, requireScope } from './method.ts'
import { Refusal } from './refusal.ts'
import { renderPermalink } from './render-messages.ts'
import type { Rendered } from './render-people.ts'
import { demoTeam } from './seed-table.ts'
import type { WorkspaceState } from './workspace-state.ts'

const perPageDefault = 20
const perPageMax = 100
const pagesMax = 100

export const searchMethods: MethodTable = {
  'search.messages': { scopes: ['search:read'], tokenKind: 'user', run: search },
  'assistant.search.context': {
    scopes: ['search:read.public', 'search:read.private', 'search:read.im', 'search:read.mpim'],
    tokenKind: 'user',
    run: searchContext,
  },
}

interface Match {
  readonly message: Message
  readonly conversation: Conversation
}

/** Newest first unless `sort_dir` says otherwise; `score` is not imitated. */
function search(call: Call): Rendered {
  const { params, state } = call
  const query = params.required('query')
  const matches = findMatches(call, query, () => true)
  if (params.text('sort_dir') === 'asc') matches.reverse()
  const count = params.limit('count', perPageDefault, perPageMax)
  const page = params.limit('page', 1, pagesMax)
  const found = matches.slice((page - 1) * count, page * count)
  return {
    query,
    messages: {
      total: matches.length,
      ...renderPaging(matches.length, count, page, found.length),
      matches: found.map((match) => renderMatch(match, state)),
    },
  }
}

function findMatches(
  { state, grant }: Call,
  query: string,
  isWanted: (conversation: Conversation) => boolean,
): Match[] {
  const criteria = parseQuery(query)
  const matches: Match[] = []
  for (const conversation of state.conversations.known()) {
    if (!isVisible(conversation, grant) || !isWanted(conversation)) continue
    for (const message of conversation.timeline.all()) {
      if (isMatch({ message, conversation }, criteria, state)) matches.push({ message, conversation })
    }
  }
  return matches.sort((left, right) => (left.message.ts < right.message.ts ? 1 : -1))
}

/** https://docs.slack.dev/reference/methods/assistant.search.context */
const contextPerPageMax = 20

/** The newer search, of messages alone. A cursor is the number of the first match that is wanted. */
function searchContext(call: Call): Rendered {
  const { params, state } = call
  const kinds = conversationKindsOf(params.list('channel_types'))
  for (const kind of kinds) requireScope(call.grant, [`search:read.${kind}`])
  const matches = findMatches(call, params.required('query'), ({ kind }) => kinds.includes(kind))
  const first = Number(params.text('cursor') ?? '0')
  if (!Number.isInteger(first) || first < 0) throw new Refusal('invalid_cursor')
  const end = first + params.limit('limit', contextPerPageMax, contextPerPageMax)
  return {
    results: { messages: matches.slice(first, end).map((match) => renderFound(match, state)) },
    response_metadata: { next_cursor: end < matches.length ? String(end) : '' },
  }
}

function renderFound({ message, conversation }: Match, state: WorkspaceState): Rendered {
  const author = state.people.byId(message.userId ?? '')
  return {
    author_name: message.username ?? author?.realName ?? '',
    author_user_id: message.userId ?? '',
    team_id: demoTeam.id,
    channel_id: conversation.id,
    channel_name: conversation.name,
    message_ts: message.ts,
    content: message.text,
    is_author_bot: message.botId !== undefined,
    permalink: renderPermalink(message, conversation),
  }
}

interface Criteria {
  readonly words: readonly string[]
  /** Handle or id of the author. */
  readonly from: string | undefined
  /** Name or id of the channel. */
  readonly channel: string | undefined
}

/** Words and quoted phrases that must all occur, `from:@name`, `in:#name`. */
function parseQuery(query: string): Criteria {
  const words: string[] = []
  let from: string | undefined
  let channel: string | undefined
  for (const token of query.match(/"[^"]*"|\S+/g) ?? []) {
    if (token.startsWith('from:')) from = token.slice(5).replace(/^<?@|>$/g, '')
    else if (token.startsWith('in:')) channel = token.slice(3).replace(/^<?#|>$/g, '')
    else words.push(token.replaceAll('"', '').toLowerCase())
  }
  return { words: words.filter((word) => word !== ''), from, channel }
}

function isMatch({ message, conversation }: Match, criteria: Criteria, state: WorkspaceState): boolean {
  const { words, from, channel } = criteria
  if (channel !== undefined && channel !== conversation.name && channel !== conversation.id) return false
  const author = state.people.byId(message.userId ?? '')
  if (from !== undefined && from !== author?.name && from !== message.userId) return false
  const text = message.text.toLowerCase()
  return words.every((word) => text.includes(word))
}

/** Slack answers both the old and the new form of paging. */
function renderPaging(total: number, count: number, page: number, found: number): Rendered {
  const pages = Math.ceil(total / count)
  const first = (page - 1) * count + 1
  return {
    pagination: {
      total_count: total,
      page,
      per_page: count,
      page_count: pages,
      first,
      last: first + found - 1,
    },
    paging: { count, total, page, pages },
  }
}

function renderMatch({ message, conversation }: Match, state: WorkspaceState): Rendered {
  return {
    iid: state.ids.uuid(),
    team: demoTeam.id,
    score: 0,
    channel: {
      id: conversation.id,
      is_channel: conversation.kind === 'public',
      is_group: conversation.kind === 'private',
      is_im: conversation.kind === 'im',
      is_mpim: conversation.kind === 'mpim',
      is_shared: false,
      is_org_shared: false,
      is_ext_shared: false,
      is_private: conversation.kind !== 'public',
      name: conversation.name,
      pending_shared: [],
      is_pending_ext_shared: false,
    },
    type: 'message',
    user: message.userId ?? null,
    username: message.username ?? state.people.byId(message.userId ?? '')?.name ?? '',
    ts: message.ts,
    blocks: message.blocks,
    text: message.text,
    permalink: renderPermalink(message, conversation),
    no_reactions: message.reactions.length === 0,
  }
}
