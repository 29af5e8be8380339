import { asObject, asText } from './json-fields.ts'

/** A person or bot of the workspace, as Slack answers it in users.list and .info. */
export interface SlackUser {
  readonly id: string
  /** The handle: unique, lower case, without `@`. */
  readonly handle: string
  /** What Slack shows beside the messages; falls back to the real name and the handle. */
  readonly name: string
  readonly realName: string | undefined
  readonly displayName: string | undefined
  readonly title: string | undefined
  /** Only where the token has users:read.email. */
  readonly email: string | undefined
  readonly timezone: string | undefined
  readonly status: string | undefined
  readonly teamId: string | undefined
  /** The organisation, for people of an Enterprise Grid. */
  readonly enterpriseId: string | undefined
  readonly isBot: boolean
  readonly isDeleted: boolean
  readonly isGuest: boolean
  /** Whether Slack said that the person is no guest: what it left unsaid is no proof. */
  readonly isFullMember: boolean
  readonly isAdmin: boolean
}

/** A user from what Slack sent; undefined where it has no id. Never throws. */
export function parseUser(value: unknown): SlackUser | undefined {
  const raw = asObject(value)
  const id = asText(raw['id'])
  if (id === undefined) return undefined
  const profile = asObject(raw['profile'])
  const handle = asText(raw['name']) ?? id
  const displayName = asText(profile['display_name'])
  const realName = asText(profile['real_name']) ?? asText(raw['real_name'])
  const isGuest = raw['is_restricted'] === true || raw['is_ultra_restricted'] === true
  return {
    id,
    handle,
    name: displayName ?? realName ?? handle,
    realName,
    displayName,
    title: asText(profile['title']),
    email: asText(profile['email']),
    timezone: asText(raw['tz']),
    status: asText(profile['status_text']),
    teamId: asText(raw['team_id']) ?? asText(profile['team']),
    enterpriseId: asText(asObject(raw['enterprise_user'])['enterprise_id']),
    isBot: raw['is_bot'] === true,
    isDeleted: raw['deleted'] === true,
    isGuest,
    isFullMember: raw['is_restricted'] === false && !isGuest,
    isAdmin: raw['is_admin'] === true || raw['is_owner'] === true,
  }
}
