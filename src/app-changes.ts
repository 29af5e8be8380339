import type { Clock } from './base/clock.ts'
import { createEventBus, type EventBus, type SlackNotice } from './base/event-bus.ts'
import type { ChangeNotice } from './mcp/registry.ts'
import type { Logger } from './observe/logger.ts'
import { withDeadline } from './resilience/deadline.ts'

/** How long a look at a channel's name may take before a notice is withheld. */
const policyDeadlineMs = 5000

/** Says whether a principal may read a channel. */
export type MayReadChannel = (channelId: string, signal: AbortSignal) => Promise<boolean>

/** Where the two halves meet: an event of Slack becomes news of the resources that it changed. */
export function createChangeBus(notices: EventBus<SlackNotice>, log: Logger): EventBus<ChangeNotice> {
  const changes = createEventBus<ChangeNotice>((error) => log.error('mcp_change_listener_failed', { error }))
  notices.subscribe((notice) => {
    for (const uri of changedResources(notice)) changes.publish({ kind: 'resource_updated', uri })
  })
  return changes
}

/** The resources that show something else after this event. */
export function changedResources(notice: SlackNotice): readonly string[] {
  const { type, channelId, userId, event } = notice
  switch (type) {
    case 'message':
    case 'reaction_added':
    case 'reaction_removed':
      return channelId === undefined ? [] : [channelUri(channelId), ...threadUris(notice, channelId)]
    case 'channel_rename':
    case 'channel_archive':
    case 'channel_unarchive':
    case 'pin_added':
    case 'pin_removed':
      return channelId === undefined ? [] : [channelUri(channelId)]
    case 'user_change':
    case 'user_profile_changed':
      return userUris(userId, event['user'])
    case 'emoji_changed':
      return ['slack://emojis']
    default:
      return []
  }
}

const channelUri = (channelId: string) => `slack://channels/${channelId}`

/** A reply changes its thread, and an edited or deleted reply says so one level deeper. */
function threadUris({ event, threadTs }: SlackNotice, channelId: string): readonly string[] {
  const inner = event['message'] ?? event['previous_message']
  const innerTs =
    typeof inner === 'object' && inner !== null && 'thread_ts' in inner ? inner.thread_ts : undefined
  const ts = threadTs ?? innerTs
  return typeof ts === 'string' ? [`${channelUri(channelId)}/threads/${ts}`] : []
}

function userUris(userId: string | undefined, user: unknown): readonly string[] {
  const id = typeof user === 'object' && user !== null && 'id' in user ? user.id : userId
  return typeof id === 'string' ? [`slack://users/${id}`] : []
}

/** The channel that a resource shows; undefined for resources of the whole workspace. */
export function channelOfResource(uri: string): string | undefined {
  return /^slack:\/\/channels\/([^/]+)/.exec(uri)?.[1]
}

/** Whether the one whom `mayRead` describes may hear of a resource. A channel whose rights cannot be told in time counts as hidden. */
export async function mayHearOf(uri: string, mayRead: MayReadChannel, clock: Clock): Promise<boolean> {
  const channelId = channelOfResource(uri)
  if (channelId === undefined) return true
  try {
    return await withDeadline({ clock, afterMs: policyDeadlineMs }, (signal) => mayRead(channelId, signal))
  } catch {
    return false
  }
}
