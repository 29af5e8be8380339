import type { Call, MethodTable } from './method.ts'
import { Refusal } from './refusal.ts'
import { type Rendered, renderBotIcons, workspaceUrl } from './render-people.ts'
import { customEmoji, demoTeam, userGroupSeeds } from './seed-table.ts'
import type { WorkspaceState } from './workspace-state.ts'

/** What the workspace says of itself and of the caller. */
export const workspaceMethods: MethodTable = {
  'api.test': { scopes: [], isPublic: true, run: echo },
  'auth.test': { scopes: [], run: authTest },
  'team.info': { scopes: ['team:read'], run: teamInfo },
  'bots.info': { scopes: ['users:read'], run: botInfo },
  'emoji.list': { scopes: ['emoji:read'], run: listEmoji },
  'usergroups.list': { scopes: ['usergroups:read'], run: listUserGroups },
  'usergroups.users.list': { scopes: ['usergroups:read'], run: listUsersOfGroup },
}

/** Answers with the arguments; with `error` among them, refuses with it. */
function echo({ params }: Call): Rendered {
  const args = params.all()
  const error = params.text('error')
  if (error !== undefined) throw new Refusal(error, { fields: { args } })
  return { args }
}

function authTest({ grant, state }: Call): Rendered {
  const person = state.people.byId(grant.userId)
  return {
    url: workspaceUrl,
    team: demoTeam.name,
    user: person?.name,
    team_id: demoTeam.id,
    user_id: grant.userId,
    ...(person?.bot !== undefined && { bot_id: person.bot.id }),
    is_enterprise_install: false,
  }
}

const iconSizes = [34, 44, 68, 88, 102, 132] as const

function teamInfo(): Rendered {
  const images = iconSizes.map((size) => [`image_${size}`, `${workspaceUrl}icons/team_${size}.png`])
  return {
    team: {
      id: demoTeam.id,
      name: demoTeam.name,
      domain: demoTeam.domain,
      email_domain: demoTeam.emailDomain,
      icon: { ...Object.fromEntries(images), image_default: true },
    },
  }
}

function botInfo({ params, state }: Call): Rendered {
  const person = state.people.byBotId(params.required('bot'))
  if (person?.bot === undefined) throw new Refusal('bot_not_found')
  return {
    bot: {
      id: person.bot.id,
      deleted: false,
      name: person.name,
      updated: state.startedAtSeconds,
      app_id: person.bot.appId,
      user_id: person.id,
      icons: renderBotIcons(person.id),
    },
  }
}

function listEmoji({ state }: Call): Rendered {
  const emoji = Object.entries(customEmoji).map(([name, value]) => [
    name,
    value.startsWith('alias:') ? value : `${workspaceUrl}emoji/${name}/${value}`,
  ])
  return { emoji: Object.fromEntries(emoji), cache_ts: `${state.startedAtSeconds}.000000` }
}

function listUserGroups({ params, state }: Call): Rendered {
  const usergroups = userGroupSeeds.map((group) => ({
    id: group.id,
    team_id: demoTeam.id,
    is_usergroup: true,
    is_subteam: true,
    name: group.name,
    description: '',
    handle: group.handle,
    is_external: false,
    date_create: state.startedAtSeconds,
    date_update: state.startedAtSeconds,
    date_delete: 0,
    auto_type: null,
    auto_provision: false,
    enterprise_subteam_id: '',
    created_by: memberIds(group, state)[0],
    updated_by: memberIds(group, state)[0],
    deleted_by: null,
    prefs: { channels: [], groups: [] },
    ...(params.isTrue('include_count') && { user_count: group.members.length }),
    ...(params.isTrue('include_users') && { users: memberIds(group, state) }),
  }))
  return { usergroups }
}

function listUsersOfGroup({ params, state }: Call): Rendered {
  const id = params.required('usergroup')
  const group = userGroupSeeds.find((seed) => seed.id === id)
  if (group === undefined) throw new Refusal('no_such_subteam')
  return { users: memberIds(group, state) }
}

function memberIds(
  { members }: (typeof userGroupSeeds)[number],
  { people }: Pick<WorkspaceState, 'people'>,
): readonly string[] {
  return members.flatMap((name) => people.byName(name)?.id ?? [])
}
