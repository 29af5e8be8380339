import { Type } from '@sinclair/typebox'
import type { JsonObject } from '../../base/json-object.ts'
import { asNumber, asObjects, asText, compact } from '../../slack/json-fields.ts'
import { answers, listField, optional } from '../fields.ts'
import { count, indentRest, type Provenance, provenance, renderListing } from '../message-page.ts'
import { safeName, safeText } from '../message-view.ts'
import { callSlack } from '../slack-call.ts'
import { defineSlackTool } from '../slack-tool.ts'

export interface UsergroupView {
  readonly id: string
  readonly handle: string
  readonly name: string
  readonly description?: string
  readonly member_count?: number
}

interface UsergroupPage extends Provenance {
  readonly usergroups: readonly UsergroupView[]
}

export const listUsergroups = defineSlackTool({
  name: 'slack_list_usergroups',
  title: 'List user groups',
  description: 'User groups of the workspace, by words where given.',
  toolset: 'channel_admin',
  effect: 'read',
  scopes: ['usergroups:read'],
  cost: { methods: ['usergroups.list'], warm: '1', cold: '1' },
  examples: { query: 'support' },
  input: Type.Object(
    { query: optional(Type.String({ minLength: 1, maxLength: 80 })) },
    { additionalProperties: false },
  ),
  output: answers<UsergroupPage>({ usergroups: listField }),
  async run(args, context) {
    const answer = await callSlack(context, 'usergroups.list', { include_count: true })
    const words = args.query?.toLowerCase().replace(/^@/, '')
    const usergroups = asObjects(answer['usergroups'])
      .map(viewUsergroup)
      .filter(
        ({ handle, name }) =>
          words === undefined || handle.toLowerCase().includes(words) || name.toLowerCase().includes(words),
      )
    const lines = usergroups.map(
      (group) =>
        `${group.id} @${group.handle} ${group.name} [${count(group.member_count ?? 0, 'member')}]${
          group.description === undefined ? '' : ` ${indentRest(group.description)}`
        }`,
    )
    const text = renderListing(`${count(usergroups.length, 'user group')}.`, lines)
    return { text, data: { ...provenance, usergroups } }
  },
})

function viewUsergroup(raw: JsonObject): UsergroupView {
  const description = asText(raw['description'])
  return compact({
    id: asText(raw['id']) ?? '',
    handle: safeName(asText(raw['handle']) ?? ''),
    name: safeName(asText(raw['name']) ?? ''),
    description: description === undefined ? undefined : safeText(description),
    member_count: asNumber(raw['user_count']) ?? asNumber(Number(raw['user_count'] ?? Number.NaN)),
  })
}
