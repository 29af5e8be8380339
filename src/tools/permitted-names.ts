import type { Names } from '../slack/text.ts'
import type { SlackToolContext } from './tool-context.ts'

type NamingContext = Pick<SlackToolContext, 'directory' | 'policy' | 'principal' | 'signal'>

/** The names that stand for ids in text: of everybody who is known, and of those of `channelIds` that the principal may read. */
export async function permittedNames(context: NamingContext, channelIds: Iterable<string>): Promise<Names> {
  const { directory } = context
  const permitted = await permittedChannels(context, channelIds)
  return {
    user: (id) => directory.user(id),
    channel: (id) => (permitted.has(id) ? directory.channel(id) : undefined),
  }
}

/** Names are an ornament: where the policy cannot be asked, the ids stay. */
async function permittedChannels(
  { directory, policy, principal, signal }: NamingContext,
  channelIds: Iterable<string>,
): Promise<ReadonlySet<string>> {
  const known = [...channelIds]
    .map((id) => directory.channels.peek(id))
    .filter((channel) => channel !== undefined)
  try {
    const allowed = await policy.allowed(principal, 'read', known, signal)
    return new Set(allowed.map(({ id }) => id))
  } catch (error) {
    if (signal.aborted) throw error
    return new Set()
  }
}
