import { compact } from '../../slack/json-fields.ts'
import type { SlackUser } from '../../slack/user.ts'
import { safeName } from '../message-view.ts'
import { localTimeIn } from '../time-expression.ts'

/** A person as a model gets it. */
export interface UserView {
  readonly id: string
  readonly handle: string
  readonly name: string
  readonly real_name?: string
  readonly title?: string
  readonly email?: string
  readonly timezone?: string
  readonly local_time?: string
  readonly status?: string
  readonly is_bot?: true
  readonly is_deleted?: true
  readonly is_guest?: true
  readonly is_admin?: true
}

export function viewUser(user: SlackUser, nowMs: number): UserView {
  const text = (value: string | undefined) => (value === undefined ? undefined : safeName(value))
  const mark = (is: boolean): true | undefined => (is ? true : undefined)
  return compact({
    id: user.id,
    handle: safeName(user.handle),
    name: safeName(user.name),
    real_name: user.realName === user.name ? undefined : text(user.realName),
    title: text(user.title),
    email: text(user.email),
    timezone: text(user.timezone),
    local_time: localTime(user.timezone, nowMs),
    status: text(user.status),
    is_bot: mark(user.isBot),
    is_deleted: mark(user.isDeleted),
    is_guest: mark(user.isGuest),
    is_admin: mark(user.isAdmin),
  })
}

/** What the clocks of that person show; undefined where Slack names a zone that this machine does not know. */
function localTime(timezone: string | undefined, nowMs: number): string | undefined {
  if (timezone === undefined) return undefined
  try {
    const local = localTimeIn(timezone)
    return `${local.day(nowMs)} ${local.time(nowMs)}`
  } catch {
    return undefined
  }
}

/** One line for a person. */
export function renderUser(view: UserView): string {
  const facts = [
    view.real_name,
    view.title,
    view.email,
    view.timezone === undefined ? undefined : `${view.timezone} ${view.local_time ?? ''}`.trim(),
    view.status,
    view.is_bot === true ? 'bot' : undefined,
    view.is_guest === true ? 'guest' : undefined,
    view.is_admin === true ? 'admin' : undefined,
    view.is_deleted === true ? 'deactivated' : undefined,
  ].filter((fact) => fact !== undefined)
  return `${view.id} @${view.handle} ${view.name}${facts.length === 0 ? '' : ` [${facts.join(', ')}]`}`
}
