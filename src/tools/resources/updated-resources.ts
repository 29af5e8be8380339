import type { SlackNotice } from '../../base/event-bus.ts'
import type { Principal } from '../../mcp/registry.ts'
import type { ToolServices } from '../tool-context.ts'

/** The addresses of resources that a Slack event makes out of date, as a client may have subscribed to them: by id, and by name where it is known. */
export function updatedResources(
  notice: SlackNotice,
  { directory }: Pick<ToolServices, 'directory'>,
): readonly string[] {
  const { type, channelId, userId, ts, threadTs } = notice
  if (type === 'emoji_changed') return ['slack://emojis']
  if (userEvents.has(type))
    return userId === undefined ? [] : addresses('users', userId, handleOf(directory, userId))
  if (channelId === undefined || !messageEvents.has(type)) return []
  const channels = addresses('channels', channelId, directory.channel(channelId))
  const head = threadTs ?? ts
  return head === undefined ? channels : [...channels, ...channels.map((uri) => `${uri}/threads/${head}`)]
}

const messageEvents: ReadonlySet<string> = new Set([
  'message',
  'app_mention',
  'reaction_added',
  'reaction_removed',
])
const userEvents: ReadonlySet<string> = new Set([
  'user_change',
  'user_profile_changed',
  'user_status_changed',
])

function handleOf(directory: ToolServices['directory'], userId: string): string | undefined {
  return directory.users.peek(userId)?.handle
}

function addresses(kind: string, id: string, name: string | undefined): readonly string[] {
  return [id, ...(name === undefined ? [] : [name])].map(
    (key) => `slack://${kind}/${encodeURIComponent(key)}`,
  )
}

/** Whether a subscriber may hear of the event: the same question as for reading its channel. */
export async function mayHear(
  notice: SlackNotice,
  principal: Principal,
  { policy }: Pick<ToolServices, 'policy'>,
  signal: AbortSignal,
): Promise<boolean> {
  const { channelId } = notice
  return (
    channelId === undefined || (await policy.violated(principal, 'read', channelId, signal)) === undefined
  )
}
