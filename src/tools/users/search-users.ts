import { Type } from '@sinclair/typebox'
import type { SlackUser } from '../../slack/user.ts'
import { answers, limitField, listField, optional } from '../fields.ts'
import { count, type Provenance, provenance, renderListing } from '../message-page.ts'
import { defineSlackTool } from '../slack-tool.ts'
import { renderUser, type UserView, viewUser } from './user-view.ts'

interface UserSearchPage extends Provenance {
  readonly users: readonly UserView[]
  readonly looked_at: number
  /** Whether everybody was looked at. */
  readonly is_complete: boolean
}

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
      limit: limitField(100, 20),
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
    const reach = found.isComplete ? 'everybody looked at' : `${found.seenCount} people looked at so far`
    const again = found.isComplete || users.length > 0 ? [] : ['Call again to look further.']
    const head = `${count(users.length, 'match', 'matches')}, ${reach}.`
    return {
      text: [renderListing(head, users.map(renderUser)), ...again].join('\n'),
      data: { ...provenance, users, looked_at: found.seenCount, is_complete: found.isComplete },
    }
  },
})
