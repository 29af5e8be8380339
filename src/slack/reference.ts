/**
 * What people and models write where an id is taken: ids, names, e-mail addresses, links to messages, mentions copied from a text.
 * Patterns are strict, because what passes here goes into a Slack call (T23).
 */
export type UserReference =
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'email'; readonly email: string }
  | { readonly kind: 'name'; readonly name: string }

export type ConversationReference =
  | {
      readonly kind: 'id'
      readonly id: string
      /** The message that a permalink leads to, and the head of its thread. */
      readonly ts?: string
      readonly threadTs?: string
    }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'user'; readonly user: UserReference }

export const conversationIdPattern = /^[CDG][A-Z0-9]{2,30}$/
export const userIdPattern = /^[UWB][A-Z0-9]{2,30}$/
/** `<10 digits>.<6 digits>`: text, never a number, or digits are lost. */
export const tsPattern = /^\d{10}\.\d{6}$/
const emailPattern = /^[^\s@<>|]{1,64}@[^\s@<>|]{1,190}\.[^\s@<>|]{2,63}$/
/** Slack allows 80 characters without spaces, punctuation or capitals; letters of any script. */
const channelNamePattern = /^[^\s#@<>|,.:;!?/\\"'`*]{1,80}$/u
/** Handles, display names and real names: 80 characters on one line. */
const userNamePattern = /^[^<>|\p{Cc}]{1,80}$/u
const referenceCharactersMax = 300

/** A conversation as somebody wrote it; undefined where it can be none. */
export function parseConversationReference(text: string): ConversationReference | undefined {
  const given = text.trim()
  if (given === '' || given.length > referenceCharactersMax) return undefined
  if (conversationIdPattern.test(given)) return { kind: 'id', id: given }
  const mention = /^<#([CDG][A-Z0-9]{2,30})(\|[^<>]*)?>$/.exec(given)
  if (mention?.[1] !== undefined) return { kind: 'id', id: mention[1] }
  if (given.startsWith('https://') || given.startsWith('http://')) return parsePermalink(given)
  if (given.startsWith('#')) return asChannelName(given.slice(1))
  if (given.startsWith('@') || given.startsWith('<@') || given.includes('@') || userIdPattern.test(given)) {
    const user = parseUserReference(given)
    return user === undefined ? undefined : { kind: 'user', user }
  }
  return asChannelName(given)
}

/** A user as somebody wrote it; undefined where it can be none. */
export function parseUserReference(text: string): UserReference | undefined {
  const given = text.trim()
  if (given === '' || given.length > referenceCharactersMax) return undefined
  if (userIdPattern.test(given)) return { kind: 'id', id: given }
  const mention = /^<@([UWB][A-Z0-9]{2,30})(\|[^<>]*)?>$/.exec(given)
  if (mention?.[1] !== undefined) return { kind: 'id', id: mention[1] }
  const profile = /^https:\/\/[a-z0-9.-]+\/team\/([UW][A-Z0-9]{2,30})$/.exec(given)
  if (profile?.[1] !== undefined) return { kind: 'id', id: profile[1] }
  const address = given.replace(/^<?mailto:([^|>]*)(\|[^>]*)?>?$/, '$1')
  if (emailPattern.test(address)) return { kind: 'email', email: address }
  const name = given.startsWith('@') ? given.slice(1).trim() : given
  return userNamePattern.test(name) && !name.includes('@') && name !== '' ? { kind: 'name', name } : undefined
}

/**
 * Both forms of links to messages: `/archives/C…/p1712345678000100?thread_ts=…` and `/client/T…/C…`. The host is not looked at: nothing is
 * fetched from it, and an id of another workspace is refused by Slack.
 */
function parsePermalink(text: string): ConversationReference | undefined {
  const url = URL.parse(text)
  if (url === null) return undefined
  const archive = /^\/archives\/([CDG][A-Z0-9]{2,30})(?:\/p(\d{10})(\d{6}))?\/?$/.exec(url.pathname)
  const client = /^\/client\/[TE][A-Z0-9]{2,30}\/([CDG][A-Z0-9]{2,30})(?:\/.*)?$/.exec(url.pathname)
  const id = archive?.[1] ?? client?.[1]
  if (id === undefined) return undefined
  const threadTs = url.searchParams.get('thread_ts')
  return {
    kind: 'id',
    id,
    ...(archive?.[2] === undefined ? {} : { ts: `${archive[2]}.${archive[3]}` }),
    ...(threadTs !== null && tsPattern.test(threadTs) ? { threadTs } : {}),
  }
}

function asChannelName(text: string): ConversationReference | undefined {
  const name = text.normalize('NFC').toLowerCase()
  return channelNamePattern.test(name) ? { kind: 'name', name } : undefined
}

/** The link to a message, as Slack makes it, without asking Slack. `workspaceUrl` ends with a slash. */
export function permalinkOf(
  workspaceUrl: string,
  channelId: string,
  message: { readonly ts: string; readonly threadTs?: string | undefined },
): string {
  const link = `${workspaceUrl}archives/${channelId}/p${message.ts.replace('.', '')}`
  const isReply = message.threadTs !== undefined && message.threadTs !== message.ts
  return isReply ? `${link}?thread_ts=${message.threadTs}&cid=${channelId}` : link
}
