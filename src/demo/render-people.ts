import type { Person } from './people.ts'
import { demoTeam, slackbotId } from './seed-table.ts'

/** An object as the Web API answers it. */
export type Rendered = Readonly<Record<string, unknown>>

export const workspaceUrl = `https://${demoTeam.domain}.slack.com/`

export interface PersonRendering {
  /** Slack leaves the address out where the token lacks users:read.email. */
  readonly hasEmail: boolean
  readonly updatedAtSeconds: number
}

/** A member of users.list, users.info and users.lookupByEmail. */
export function renderPerson(person: Person, rendering: PersonRendering): Rendered {
  const base = {
    id: person.id,
    team_id: demoTeam.id,
    name: person.name,
    deleted: person.isDeleted,
    profile: renderProfile(person, rendering),
    is_bot: person.bot !== undefined,
    is_app_user: false,
    updated: rendering.updatedAtSeconds,
  }
  // Slack tells much less of somebody who left.
  if (person.isDeleted) return base
  return {
    ...base,
    color: person.color,
    real_name: person.realName,
    tz: person.timezone.name,
    tz_label: person.timezone.label,
    tz_offset: person.timezone.offsetSeconds,
    is_admin: person.isAdmin,
    is_owner: person.isOwner,
    is_primary_owner: person.isOwner,
    is_restricted: person.isGuest,
    is_ultra_restricted: false,
    is_email_confirmed: person.email !== '',
    who_can_share_contact_card: 'EVERYONE',
  }
}

function renderProfile(person: Person, { hasEmail }: PersonRendering): Rendered {
  const [firstName = '', ...lastNames] = person.realName.split(' ')
  const displayName = person.bot === undefined && person.id !== slackbotId ? person.name : ''
  return {
    title: person.title,
    phone: '',
    skype: '',
    real_name: person.realName,
    real_name_normalized: person.realName,
    display_name: displayName,
    display_name_normalized: displayName,
    fields: null,
    status_text: person.status.text,
    status_emoji: person.status.emoji,
    status_emoji_display_info: [],
    status_expiration: 0,
    avatar_hash: `g${person.id.toLowerCase()}`,
    ...(person.bot !== undefined && {
      api_app_id: person.bot.appId,
      always_active: true,
      bot_id: person.bot.id,
    }),
    ...(hasEmail && person.email !== '' && { email: person.email }),
    first_name: firstName,
    last_name: lastNames.join(' '),
    ...renderImages(person.id),
    status_text_canonical: '',
    team: demoTeam.id,
  }
}

const avatarSizes = [24, 32, 48, 72, 192, 512] as const

function renderImages(userId: string): Rendered {
  return Object.fromEntries(
    avatarSizes.map((size) => [`image_${size}`, `${workspaceUrl}avatars/${userId}_${size}.png`]),
  )
}

/** The bot behind a bot user, as messages carry it. */
export function renderBotProfile(person: Person, updatedAtSeconds: number): Rendered | undefined {
  if (person.bot === undefined) return undefined
  return {
    id: person.bot.id,
    deleted: false,
    name: person.name,
    updated: updatedAtSeconds,
    app_id: person.bot.appId,
    icons: renderBotIcons(person.id),
    team_id: demoTeam.id,
  }
}

export function renderBotIcons(userId: string): Rendered {
  return {
    image_36: `${workspaceUrl}avatars/${userId}_36.png`,
    image_48: `${workspaceUrl}avatars/${userId}_48.png`,
    image_72: `${workspaceUrl}avatars/${userId}_72.png`,
  }
}
