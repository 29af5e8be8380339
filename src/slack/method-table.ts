/**
 * Slack's rate tiers: calls a minute that a method is granted per workspace and app. Exact numbers and bursts are Slack's secret
 * (docs.slack.dev/apis/web-api/rate-limits); these are its published lower bounds, with 60 for the special ones ("design for one a second").
 */
export const callsPerMinuteByTier = { tier1: 1, tier2: 20, tier3: 50, tier4: 100, special: 60 } as const

export interface MethodRow {
  /** Whether a call changes anything in Slack. Only reads are repeated when nobody knows what became of a call. */
  readonly effect: 'read' | 'write'
  readonly tier: keyof typeof callsPerMinuteByTier
  /** Whether doing it a second time leaves Slack as after the first: what a caller may be told after an unknown outcome. */
  readonly repeat: 'harmless' | 'does_it_twice'
}

const read = (tier: MethodRow['tier']): MethodRow => ({ effect: 'read', tier, repeat: 'harmless' })
const write = (tier: MethodRow['tier']): MethodRow => ({ effect: 'write', tier, repeat: 'harmless' })
/** A second call posts, schedules or adds a second one. */
const post = (tier: MethodRow['tier']): MethodRow => ({ effect: 'write', tier, repeat: 'does_it_twice' })

/**
 * The Web API methods that this product calls; there is no way to call another one, so that no argument of a caller can choose the path that
 * the token is sent to (T23). Tiers as Slack published them in March 2026. `assistant.search.context` has a tier of its own that Slack does not number.
 */
export const methodTable = {
  'assistant.search.context': read('special'),
  'auth.test': read('special'),
  'bookmarks.add': post('tier2'),
  'bookmarks.list': read('tier3'),
  'bookmarks.remove': write('tier2'),
  'bots.info': read('tier3'),
  'chat.delete': write('tier3'),
  'chat.deleteScheduledMessage': write('tier3'),
  'chat.getPermalink': read('special'),
  'chat.postMessage': post('special'),
  'chat.scheduleMessage': post('tier3'),
  'chat.scheduledMessages.list': read('tier3'),
  'chat.update': write('tier3'),
  'conversations.create': write('tier2'),
  'conversations.history': read('tier3'),
  'conversations.info': read('tier3'),
  'conversations.invite': write('tier3'),
  'conversations.join': write('tier3'),
  'conversations.list': read('tier2'),
  'conversations.mark': write('tier3'),
  'conversations.members': read('tier4'),
  'conversations.open': write('tier3'),
  'conversations.replies': read('tier3'),
  'conversations.setTopic': write('tier2'),
  'emoji.list': read('tier2'),
  'files.completeUploadExternal': post('tier4'),
  // An upload URL that is never used expires by itself.
  'files.getUploadURLExternal': write('tier4'),
  'files.info': read('tier4'),
  'files.list': read('tier3'),
  'pins.add': write('tier2'),
  'pins.list': read('tier2'),
  'pins.remove': write('tier2'),
  'reactions.add': write('tier3'),
  'reactions.get': read('tier3'),
  'reactions.remove': write('tier2'),
  'search.messages': read('tier2'),
  'team.info': read('tier3'),
  'usergroups.list': read('tier2'),
  'usergroups.users.list': read('tier2'),
  'users.conversations': read('tier2'),
  'users.info': read('tier4'),
  'users.list': read('tier2'),
  'users.lookupByEmail': read('tier3'),
} as const satisfies Record<string, MethodRow>

export type SlackMethod = keyof typeof methodTable

/** Throws a TypeError for a method that is not in the table: only a defect of ours asks for one. */
export function parseSlackMethod(method: string): SlackMethod {
  if (!isSlackMethod(method))
    throw new TypeError(`Not a Slack method that this server calls: ${JSON.stringify(method)}`)
  return method
}

function isSlackMethod(method: string): method is SlackMethod {
  return Object.hasOwn(methodTable, method)
}
