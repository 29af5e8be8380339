/**
 * Slack's message text ("mrkdwn"): three escaped characters, and control sequences between angle brackets.
 * https://docs.slack.dev/messaging/formatting-message-text
 */

/** What ids are called; undefined where nobody has looked them up. */
export interface Names {
  user(id: string): string | undefined
  channel(id: string): string | undefined
}

/** Names for text whose ids nobody looked up. */
export const noNames: Names = { user: () => undefined, channel: () => undefined }

/** The three characters that Slack wants escaped, and no others. */
export function escapeText(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
}

/** The reverse of `escapeText`; `&amp;` last, or `&amp;lt;` would become `<`. */
export function unescapeText(text: string): string {
  return text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&')
}

/** A control sequence cannot hold angle brackets or line breaks; what does is plain text. */
const controlSequence = /<([^<>\n]+)>/g

/** Message text as a person sees it: mentions and channels by name, links with their target, entities as characters. */
export function renderMrkdwn(text: string, names: Names): string {
  let rendered = ''
  let end = 0
  for (const match of text.matchAll(controlSequence)) {
    rendered += unescapeText(text.slice(end, match.index))
    rendered += renderControl(match[1] ?? '', names)
    end = match.index + match[0].length
  }
  return rendered + unescapeText(text.slice(end))
}

/** Names that know nobody and remember whom they were asked for: one rendering with them tells what has to be looked up. */
export interface RecordingNames extends Names {
  readonly users: ReadonlySet<string>
  readonly channels: ReadonlySet<string>
}

export function createRecordingNames(): RecordingNames {
  const users = new Set<string>()
  const channels = new Set<string>()
  const note = (ids: Set<string>, id: string) => {
    if (id !== '') ids.add(id)
    return undefined
  }
  return { users, channels, user: (id) => note(users, id), channel: (id) => note(channels, id) }
}

function renderControl(body: string, names: Names): string {
  const bar = body.indexOf('|')
  const target = bar === -1 ? body : body.slice(0, bar)
  const label = bar === -1 ? '' : unescapeText(body.slice(bar + 1))
  switch (target[0]) {
    case '@':
      return `@${names.user(target.slice(1)) ?? (label || target.slice(1))}`
    case '#':
      return `#${names.channel(target.slice(1)) ?? (label || target.slice(1))}`
    case '!':
      return renderSpecial(target.slice(1), label)
    default:
      return renderLink(unescapeText(target), label)
  }
}

function renderSpecial(command: string, label: string): string {
  const [name = '', id = ''] = command.split('^')
  if (name === 'date') return label || command
  if (name === 'subteam') return withSign(label || id)
  return withSign(label || name)
}

function withSign(name: string): string {
  return name.startsWith('@') ? name : `@${name}`
}

/** Label and target both: a label alone could claim another address than the one it leads to. */
export function renderLink(target: string, label: string): string {
  const bare = target.replace(/^mailto:|^tel:/, '')
  const isSame = label === '' || label === target || label === bare || `https://${label}` === target
  return isSame ? bare : `${label} (${bare})`
}
