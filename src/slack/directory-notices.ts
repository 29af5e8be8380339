import type { SlackNotice } from '../base/event-bus.ts'
import type { Directory } from './directory.ts'
import { asObject, asText } from './json-fields.ts'

/** Corrects `directory` by an event: what it says whole is taken over, what it only hints at is forgotten and asked for when needed. */
export function applyNotice(directory: Directory, notice: SlackNotice, selfUserId: string | undefined): void {
  const { event, channelId } = notice
  switch (notice.type) {
    case 'user_change':
    case 'user_profile_changed':
    case 'user_status_changed':
    case 'team_join':
      directory.users.learn(event['user'])
      return
    case 'channel_created':
      directory.channels.learn(event['channel'])
      return
    case 'channel_rename':
    case 'group_rename':
      rename(directory, asObject(event['channel']))
      return
    case 'member_joined_channel':
    case 'member_left_channel':
      member(directory, notice, selfUserId)
      return
    case 'channel_id_changed':
      forget(directory, asText(event['old_channel_id']))
      return
    case 'message':
      if (event['subtype'] === 'channel_convert_to_private') directory.memberships.forgetAll()
      if (changingSubtypes.has(asText(event['subtype']) ?? '')) forget(directory, channelId)
      return
    default:
      if (changingTypes.has(notice.type)) forget(directory, channelId)
  }
}

const changingTypes: ReadonlySet<string> = new Set([
  'channel_archive',
  'channel_unarchive',
  'channel_deleted',
  'channel_left',
  'channel_shared',
  'channel_unshared',
  'group_archive',
  'group_unarchive',
  'group_deleted',
  'group_left',
  'im_close',
])

const changingSubtypes: ReadonlySet<string> = new Set([
  'channel_topic',
  'channel_purpose',
  'channel_name',
  'channel_archive',
  'channel_unarchive',
  'channel_convert_to_private',
  'group_topic',
  'group_purpose',
  'group_name',
])

/** A rename names the channel but says little else: what is known of it besides stays. */
function rename(directory: Directory, raw: Readonly<Record<string, unknown>>): void {
  const id = asText(raw['id'])
  const name = asText(raw['name'])
  if (id === undefined) return
  const known = directory.channels.peek(id)
  if (known !== undefined && name !== undefined) directory.channels.keep({ ...known, name })
  else directory.channels.forget(id)
}

function member(directory: Directory, notice: SlackNotice, selfUserId: string | undefined): void {
  const { channelId, userId } = notice
  if (channelId === undefined) return
  const hasJoined = notice.type === 'member_joined_channel'
  if (userId !== undefined) directory.memberships[hasJoined ? 'joined' : 'left'](userId, channelId)
  const known = directory.channels.peek(channelId)
  if (known === undefined) return
  const memberCount = known.memberCount === undefined ? undefined : known.memberCount + (hasJoined ? 1 : -1)
  const isMember = userId === selfUserId ? hasJoined : known.isMember
  directory.channels.keep({ ...known, memberCount, isMember })
}

function forget(directory: Directory, id: string | undefined): void {
  if (id !== undefined) directory.channels.forget(id)
}
