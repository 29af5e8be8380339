import { Type } from '@sinclair/typebox'
import { AppError } from '../../base/errors.ts'
import { candidatesFor } from '../../slack/directory-candidates.ts'
import { asObjects, asText, asTexts } from '../../slack/json-fields.ts'
import { answers, limitField, listField } from '../fields.ts'
import { count, type Provenance, provenance, renderListing } from '../message-page.ts'
import { safeName } from '../message-view.ts'
import { callSlack } from '../slack-call.ts'
import { defineSlackTool } from '../slack-tool.ts'
import type { SlackToolContext } from '../tool-context.ts'

interface UsergroupMembers extends Provenance {
  readonly usergroup: string
  readonly members: readonly { readonly id: string; readonly name: string }[]
  /** All of them; `members` may hold fewer. */
  readonly total: number
}

export const getUsergroupMembers = defineSlackTool({
  name: 'slack_get_usergroup_members',
  title: 'Members of a user group',
  description: 'Who is in a user group.',
  toolset: 'channel_admin',
  effect: 'read',
  scopes: ['usergroups:read'],
  cost: {
    methods: ['usergroups.users.list', 'usergroups.list', 'users.info'],
    warm: '1',
    cold: '1 (by handle 2) + 1 per unknown person (at most 100)',
  },
  examples: { usergroup: '@support' },
  input: Type.Object(
    {
      usergroup: Type.String({ pattern: '^@?[^\\s<>|@]{1,80}$', description: '@handle or id' }),
      limit: limitField(100, 50),
    },
    { additionalProperties: false },
  ),
  output: answers<UsergroupMembers>({ members: listField, total: Type.Integer() }),
  async run(args, context) {
    const { directory } = context
    const usergroup = await findUsergroup(context, args.usergroup)
    const answer = await callSlack(context, 'usergroups.users.list', { usergroup })
    const ids = asTexts(answer['users'])
    const shown = ids.slice(0, args.limit)
    await directory.users.warm(shown, args.limit, context)
    const members = shown.map((id) => ({ id, name: safeName(directory.user(id) ?? id) }))
    const head = `${members.length} of ${count(ids.length, 'member')} of ${usergroup}.`
    const lines = members.map(({ id, name }) => `${id} ${name}`)
    return {
      text: renderListing(head, lines),
      data: { ...provenance, usergroup, members, total: ids.length },
    }
  },
})

async function findUsergroup(context: SlackToolContext, given: string): Promise<string> {
  if (/^S[A-Z0-9]{2,30}$/.test(given)) return given
  const handle = given.replace(/^@/, '').toLowerCase()
  const answer = await callSlack(context, 'usergroups.list', {})
  const groups = asObjects(answer['usergroups'])
  const found = groups.find((group) => asText(group['handle'])?.toLowerCase() === handle)
  const id = asText(found?.['id'])
  if (id !== undefined) return id
  const handles = groups.map((group) => `@${asText(group['handle']) ?? ''}`)
  throw new AppError('SLACK_NAME_NOT_FOUND', {
    details: {
      kind: 'usergroup',
      given: `@${handle}`,
      candidates: candidatesFor(`@${handle}`, handles),
      hint: 'Find the user group with slack_list_usergroups.',
    },
  })
}
