import type { JsonObject } from '../base/json-object.ts'

/** Slack's names for messages by where they were written, as the Events API spells them in subscriptions. */
const messageNames: Readonly<Record<string, string>> = {
  channel: 'message.channels',
  group: 'message.groups',
  im: 'message.im',
  mpim: 'message.mpim',
  app_home: 'message.app_home',
}

/** Whether it is `message.im` or another of the names that messages have by where they were written. */
export function isMessageName(name: string): boolean {
  return Object.values(messageNames).includes(name)
}

/** The names that an event answers to: its type, and `message.channels` and the like for messages. */
export function namesOf(type: string, event: JsonObject): readonly string[] {
  const channelType = event['channel_type']
  const name = type === 'message' && typeof channelType === 'string' ? messageNames[channelType] : undefined
  return name === undefined ? [type] : [type, name]
}

/** Whether an event is meant by `pattern`: a name (`app_mention`, `message.im`), a beginning (`reaction_*`), or `*` for all. */
export function isMatch(pattern: string, names: readonly string[]): boolean {
  if (!pattern.endsWith('*')) return names.includes(pattern)
  const beginning = pattern.slice(0, -1)
  return names.some((name) => name.startsWith(beginning))
}

/** A pattern is a name with an optional `*` at its end. Throws TypeError for anything else. */
export function parsePattern(pattern: string): string {
  if (/^(\*|[a-z][a-z0-9_.:]*\*?)$/.test(pattern)) return pattern
  throw new TypeError(
    `"${pattern}" is no event pattern: give a type (app_mention), message.im, reaction_*, or *`,
  )
}
