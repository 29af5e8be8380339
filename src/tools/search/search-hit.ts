import { truncate } from '../../base/text.ts'
import { parseMessage, type SlackMessage } from '../../slack/message.ts'
import type { Names } from '../../slack/text.ts'
import { withoutHidden } from '../hidden-authors.ts'
import { type ChannelLabel, indentRest, renderLabel } from '../message-page.ts'
import { learnNames, safeName, safeText, viewMessage } from '../message-view.ts'
import { localTimeIn, tsMs } from '../time-expression.ts'
import type { SlackToolContext } from '../tool-context.ts'

/** A message that Slack found, from either search method. */
export interface SearchMatch {
  readonly channelId: string
  readonly channelName: string | undefined
  readonly permalink: string | undefined
  readonly message: SlackMessage
}

/** A hit as a model gets it. */
export interface SearchHit {
  readonly channel: ChannelLabel
  readonly ts: string
  readonly author: string
  readonly text: string
  readonly permalink?: string
}

/** Of one hit; the whole is one slack_get_message away. */
const hitCharactersMax = 1000

export interface AllowedHits {
  readonly hits: readonly SearchHit[]
  /** Hits in channels that may be read, whose authors the operator keeps from models. */
  readonly hiddenCount: number
}

/**
 * Those hits that the principal may read. Search sees with the eyes of a person, so each is asked of the policy. How many it keeps back is not told:
 * a query would ask, word by word, what stands in channels that may not be read.
 */
export async function viewAllowedHits(
  context: SlackToolContext,
  matches: readonly SearchMatch[],
): Promise<AllowedHits> {
  const { policy, principal, signal } = context
  const allowed: SearchMatch[] = []
  for (const match of matches) {
    if ((await policy.violated(principal, 'read', match.channelId, signal)) === undefined) allowed.push(match)
  }
  const shown = await withoutHidden(
    context,
    allowed.map((match) => ({ ...match.message, match })),
  )
  const names = await learnNames(context, shown)
  const hits = shown.map(({ match }) => viewHit(context, names, match))
  return { hits, hiddenCount: allowed.length - shown.length }
}

function viewHit(context: SlackToolContext, names: Names, match: SearchMatch): SearchHit {
  const { channelId } = match
  const view = viewMessage(context, { channelId, names, format: 'concise' }, match.message)
  const name = match.channelName ?? context.directory.channel(match.channelId)
  return {
    channel: { id: match.channelId, ...(name === undefined ? {} : { name: safeName(name) }) },
    ts: match.message.ts,
    author: view.author,
    text: truncate(view.text, hitCharactersMax),
    ...(match.permalink === undefined ? {} : { permalink: safeText(match.permalink) }),
  }
}

export function renderHit(hit: SearchHit, timezone: string): string {
  const local = localTimeIn(timezone)
  const atMs = tsMs(hit.ts)
  const at = Number.isFinite(atMs) ? `${local.day(atMs)} ${local.time(atMs)}` : ''
  return `${hit.ts} ${at} ${renderLabel(hit.channel)} ${hit.author}: ${indentRest(hit.text)}`
}

/** A match of search.messages and of assistant.search.context: the same facts under other names. */
export function asMatch(
  raw: Readonly<Record<string, unknown>>,
  channel: {
    readonly id: string
    readonly name: string | undefined
    readonly permalink: string | undefined
  },
): SearchMatch {
  return {
    channelId: channel.id,
    channelName: channel.name,
    permalink: channel.permalink,
    message: parseMessage(raw),
  }
}
