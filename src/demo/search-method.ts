import type { Conversation, Message } from './conversation.ts'
import { type Call, isVisible, type MethodTable } from './method.ts'
import { renderPermalink } from './render-messages.ts'
import type { Rendered } from './render-people.ts'
import { demoTeam } from './seed-table.ts'
import type { WorkspaceState } from './workspace-state.ts'

const perPageDefault = 20
const perPageMax = 100
const pagesMax = 100

export const searchMethods: MethodTable = {
  'search.messages': { scopes: ['search:read'], tokenKind: 'user', run: search },
}

interface Match {
  readonly message: Message
  readonly conversation: Conversation
}

/** Newest first unless `sort_dir` says otherwise; `score` is not imitated. */
function search(call: Call): Rendered {
  const { params, state, grant } = call
  const query = params.required('query')
  const criteria = parseQuery(query)
  const matches: Match[] = []
  for (const conversation of state.conversations.known()) {
    if (!isVisible(conversation, grant)) continue
    for (const message of conversation.timeline.all()) {
      if (isMatch({ message, conversation }, criteria, state)) matches.push({ message, conversation })
    }
  }
  matches.sort((left, right) => (left.message.ts < right.message.ts ? 1 : -1))
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
