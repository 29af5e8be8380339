import type { JsonObject } from '../base/json-object.ts'
import type { SlackIdentity } from '../slack/api.ts'
import { asText } from '../slack/json-fields.ts'
import type { SlackMessage } from '../slack/message.ts'
import type { SlackUser } from '../slack/user.ts'
import type { SlackToolContext } from './tool-context.ts'

/** Where an author belongs. `unclear`: to another workspace, and whether that is of our organisation was not told. */
type Origin = 'home' | 'elsewhere' | 'unclear'

/** What tells who wrote something. */
type Authorship = Pick<SlackMessage, 'userId' | 'botId' | 'teamId' | 'subtype'>

/**
 * Where Slack says that the author is at home. What names no team counts as ours: old messages and those of Slack itself name none, while the
 * team of whoever writes from elsewhere (Slack Connect) is always there.
 */
export function originOf(
  { teamId }: Pick<Authorship, 'teamId'>,
  author: Pick<SlackUser, 'teamId' | 'enterpriseId'> | undefined,
  { teamId: ourTeamId, enterpriseId: ourEnterpriseId }: Pick<SlackIdentity, 'teamId' | 'enterpriseId'>,
): Origin {
  const theirTeamId = teamId ?? author?.teamId
  if (theirTeamId === undefined || theirTeamId === ourTeamId) return 'home'
  if (ourEnterpriseId === undefined) return 'elsewhere'
  // Workspaces of one organisation are no strangers to each other.
  if (theirTeamId === ourEnterpriseId || author?.enterpriseId === ourEnterpriseId) return 'home'
  return author === undefined ? 'unclear' : 'elsewhere'
}

type HidingContext = Pick<SlackToolContext, 'slack' | 'directory' | 'signal' | 'progress' | 'settings'>

/** People who are looked up to know whether they are kept back. */
const lookupsMax = 50

/** Those of `items` whose authors the operator does not keep from models (T29). What this server's own bot wrote always stays. */
export async function withoutHidden<Item extends Authorship>(
  context: HidingContext,
  items: readonly Item[],
): Promise<readonly Item[]> {
  const { slack, directory, signal } = context
  const { hiddenAuthors } = context.settings
  if (hiddenAuthors.length === 0) return items
  // Asked where it is not known yet: without it nobody could be told apart from us.
  const identity = slack.identity() ?? (await slack.identify(signal))
  const userIds = items.map(({ userId }) => userId).filter((id) => id !== undefined)
  await directory.users.warm(userIds, lookupsMax, context)
  return items.filter((item) => {
    const author = item.userId === undefined ? undefined : directory.users.peek(item.userId)
    if (item.userId === identity.userId || (item.botId !== undefined && item.botId === identity.botId))
      return true
    const isBot = item.botId !== undefined || item.subtype === 'bot_message' || author?.isBot === true
    if (isBot && hiddenAuthors.includes('bots')) return false
    return !(hiddenAuthors.includes('external') && originOf(item, author, identity) !== 'home')
  })
}

/** The same for files, as Slack tells of them. */
export async function withoutHiddenFiles(
  context: HidingContext,
  files: readonly JsonObject[],
): Promise<readonly JsonObject[]> {
  const shown = await withoutHidden(
    context,
    files.map((file) => ({ ...authorshipOf(file), file })),
  )
  return shown.map(({ file }) => file)
}

function authorshipOf(file: JsonObject): Authorship {
  return {
    userId: asText(file['user']),
    botId: asText(file['bot_id']),
    teamId: asText(file['user_team']) ?? asText(file['source_team']),
    subtype: undefined,
  }
}

/** What a result says of those that were kept back: nothing where there are none. */
export function hiddenNote(hiddenCount: number): readonly string[] {
  return hiddenCount === 0 ? [] : [`${hiddenCount} hidden by the operator (MCP_HIDE_AUTHORS).`]
}
