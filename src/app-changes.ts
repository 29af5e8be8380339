import type { Clock } from './base/clock.ts'
import { createEventBus, type EventBus, type SlackNotice } from './base/event-bus.ts'
import type { ChangeNotice } from './mcp/registry.ts'
import type { Logger } from './observe/logger.ts'
import { withDeadline } from './resilience/deadline.ts'

/** How long a look at a channel's name may take before a notice is withheld. */
const policyDeadlineMs = 5000

/** Says whether a principal may read a channel, given by id or name. */
export type MayReadChannel = (channel: string, signal: AbortSignal) => Promise<boolean>

/** The name of a channel as far as it is known without asking; clients may have subscribed by it. */
export type KnownName = (channelId: string) => string | undefined

/** Where the two halves meet: an event of Slack becomes news of the resources that it changed. */
export function createChangeBus(
  notices: EventBus<SlackNotice>,
  nameOf: KnownName,
  log: Logger,
): EventBus<ChangeNotice> {
  const changes = createEventBus<ChangeNotice>((error) => log.error('mcp_change_listener_failed', { error }))
  notices.subscribe((notice) => {
    for (const uri of changedResources(notice, nameOf)) changes.publish({ kind: 'resource_updated', uri })
  })
  return changes
}

/** The resources that show something else after this event: a channel by its id and, where it is known, by its name. */
export function changedResources(notice: SlackNotice, nameOf: KnownName): readonly string[] {
  const { type, channelId, userId, event } = notice
  switch (type) {
    case 'message':
    case 'reaction_added':
    case 'reaction_removed':
      return channelUris(channelId, nameOf, threadTsOf(notice))
    case 'channel_rename':
    case 'channel_archive':
    case 'channel_unarchive':
    case 'pin_added':
    case 'pin_removed':
      return channelUris(channelId, nameOf, undefined)
    case 'user_change':
    case 'user_profile_changed':
      return userUris(userId, event['user'])
    case 'emoji_changed':
      return ['slack://emojis']
    default:
      return []
  }
}

function channelUris(
  channelId: string | undefined,
  nameOf: KnownName,
  threadTs: string | undefined,
): readonly string[] {
  if (channelId === undefined) return []
  const name = nameOf(channelId)
  return [channelId, ...(name === undefined ? [] : [name, encodeURIComponent(`#${name}`)])].flatMap(
    (segment) => {
      const uri = `slack://channels/${segment}`
      return threadTs === undefined ? [uri] : [uri, `${uri}/threads/${threadTs}`]
    },
  )
}

/** A reply changes its thread, and an edited or deleted reply says so one level deeper. */
function threadTsOf({ event, threadTs }: SlackNotice): string | undefined {
  const inner = event['message'] ?? event['previous_message']
  const innerTs =
    typeof inner === 'object' && inner !== null && 'thread_ts' in inner ? inner.thread_ts : undefined
  const ts = threadTs ?? innerTs
  return typeof ts === 'string' ? ts : undefined
}

function userUris(userId: string | undefined, user: unknown): readonly string[] {
  const id = typeof user === 'object' && user !== null && 'id' in user ? user.id : userId
  return typeof id === 'string' ? [`slack://users/${id}`] : []
}

/** The channel that a resource shows, by id or name; undefined for resources of the whole workspace. */
export function channelOfResource(uri: string): string | undefined {
  const segment = /^slack:\/\/channels\/([^/]+)/.exec(uri)?.[1]
  if (segment === undefined) return undefined
  try {
    return decodeURIComponent(segment).replace(/^#/, '')
  } catch {
    return segment
  }
}

/** Whether the one whom `mayRead` describes may hear of a resource. A channel whose rights cannot be told in time counts as hidden. */
export async function mayHearOf(uri: string, mayRead: MayReadChannel, clock: Clock): Promise<boolean> {
  const channel = channelOfResource(uri)
  if (channel === undefined) return true
  try {
    return await withDeadline({ clock, afterMs: policyDeadlineMs }, (signal) => mayRead(channel, signal))
  } catch {
    return false
  }
}
