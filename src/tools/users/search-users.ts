import { Type } from '@sinclair/typebox'
import type { UserSearch } from '../../slack/directory-users.ts'
import type { SlackUser } from '../../slack/user.ts'
import { answers, limitField, listField, optional } from '../fields.ts'
import { count, type Provenance, provenance, renderListing } from '../message-page.ts'
import { defineSlackTool } from '../slack-tool.ts'
import { renderUser, type UserView, viewUser } from './user-view.ts'

interface UserSearchPage extends Provenance {
  readonly users: readonly UserView[]
  /** Matches among those looked at, shown or not. */
  readonly match_count: number
  readonly looked_at: number
  /** Whether everybody was looked at. */
  readonly is_complete: boolean
}

const limitMax = 100

export const searchUsers = defineSlackTool({
  name: 'slack_search_users',
  title: 'Find people',
  description: 'Find people by words in names, handle, title or e-mail.',
  toolset: 'users',
  effect: 'read',
  scopes: ['users:read'],
  cost: { methods: ['users.list'], warm: '0', cold: '1-10' },
  examples: { query: 'ada', limit: 10 },
  input: Type.Object(
    {
      query: Type.String({ minLength: 1, maxLength: 80 }),
      include_bots: optional(Type.Boolean()),
      include_deleted: optional(Type.Boolean()),
      limit: limitField(limitMax, 20),
    },
    { additionalProperties: false },
  ),
  output: answers<UserSearchPage>({ users: listField }),
  async run(args, context) {
    const words = args.query.toLowerCase().replace(/^@/, '')
    const isWanted = (user: SlackUser) =>
      (args.include_bots === true || !user.isBot) &&
      (args.include_deleted === true || !user.isDeleted) &&
      [user.handle, user.displayName, user.realName, user.title, user.email].some((text) =>
        text?.toLowerCase().includes(words),
      )
    const found = await context.directory.users.search(isWanted, args.limit, context)
    const users = found.users.map((user) => viewUser(user, context.clock.now()))
    const more = moreOf(found, args.limit)
    const { matchCount: match_count } = found
    const shown = match_count > users.length ? `${users.length} of ` : ''
    const reach = found.isComplete ? 'everybody looked at' : `${found.seenCount} people looked at so far`
    const head = [`${shown}${count(match_count, 'match', 'matches')}, ${reach}.`, ...more.notes].join(' ')
    const next =
      more.limit === undefined
        ? undefined
        : { tool: 'slack_search_users', args: { ...args, limit: more.limit } }
    const { seenCount: looked_at, isComplete: is_complete } = found
    const data = { ...provenance, users, match_count, looked_at, is_complete }
    return { text: renderListing(head, users.map(renderUser), next), data }
  },
})

/** How to see who was left out: a call with another limit, or, where no limit is enough, what else to do. */
function moreOf(
  { users, matchCount, isComplete }: UserSearch,
  limit: number,
): { readonly notes: readonly string[]; readonly limit?: number } {
  const isCut = matchCount > users.length
  if (!isCut && isComplete) return { notes: [] }
  // Each call moves the look-up on by its bound of pages.
  if (users.length < limit) return { notes: ['Call again to look further.'], limit }
  if (limit >= limitMax) return { notes: ['Narrow the query to see others.'] }
  return { notes: [], limit: Math.min(limitMax, Math.max(matchCount, 2 * limit)) }
}
