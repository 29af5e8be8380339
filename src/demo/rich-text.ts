/**
 * What Slack makes of the text that was posted: bare `&`, `<` and `>` are escaped, bare links become control sequences, and the text is kept a
 * second time as a rich_text block. https://docs.slack.dev/messaging/formatting-message-text
 */

/** Mentions, channels, special mentions and links; every other `<` is text. */
const controlPattern = /<(?:[@#!][^<>\n]+|(?:https?:\/\/|mailto:|tel:)[^<>\n]+)>/g
const entityPattern = /&(?!amp;|lt;|gt;)/g
const barePattern = /https?:\/\/[^\s<>|]*[^\s<>|.,;:!?)"']/g

/** The text as Slack stores it. */
export function normaliseText(text: string): string {
  return splitByControls(text)
    .map(({ kind, text: part }) => (kind === 'control' ? part : normalisePlain(part)))
    .join('')
}

function normalisePlain(text: string): string {
  const escaped = text.replace(entityPattern, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
  // A `>` that opens a line is a quotation, but Slack keeps it escaped all the same.
  return escaped.replace(barePattern, (link) => `<${link}>`)
}

type Element = Readonly<Record<string, unknown>>

/** The one rich_text block that Slack adds to a message that was posted as plain text. `text` has been normalised. */
export function asRichText(text: string, blockId: string): Element {
  const elements = splitByControls(text).flatMap(({ kind, text: part }) =>
    kind === 'control' ? [asControlElement(part.slice(1, -1))] : asTextElements(part),
  )
  return {
    type: 'rich_text',
    block_id: blockId,
    elements: [{ type: 'rich_text_section', elements }],
  }
}

interface Part {
  readonly kind: 'text' | 'control'
  readonly text: string
}

function splitByControls(text: string): readonly Part[] {
  const parts: Part[] = []
  let end = 0
  for (const match of text.matchAll(controlPattern)) {
    if (match.index > end) parts.push({ kind: 'text', text: text.slice(end, match.index) })
    parts.push({ kind: 'control', text: match[0] })
    end = match.index + match[0].length
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) })
  return parts
}

function asControlElement(control: string): Element {
  const [target = '', label] = control.split('|')
  switch (target[0]) {
    case '@':
      return { type: 'user', user_id: target.slice(1) }
    case '#':
      return { type: 'channel', channel_id: target.slice(1) }
    case '!':
      return asBroadcastElement(target.slice(1))
    default:
      return {
        type: 'link',
        url: asPlainText(target),
        ...(label !== undefined && { text: asPlainText(label) }),
      }
  }
}

function asBroadcastElement(command: string): Element {
  const [name = '', id] = command.split('^')
  return name === 'subteam'
    ? { type: 'usergroup', usergroup_id: id ?? '' }
    : { type: 'broadcast', range: name }
}

const emojiPattern = /(?<!\d):([a-z0-9_'+-]+(?:::skin-tone-[2-6])?):/g

function asTextElements(text: string): readonly Element[] {
  const elements: Element[] = []
  let end = 0
  for (const match of text.matchAll(emojiPattern)) {
    if (match.index > end) elements.push({ type: 'text', text: asPlainText(text.slice(end, match.index)) })
    elements.push({ type: 'emoji', name: match[1] ?? '' })
    end = match.index + match[0].length
  }
  if (end < text.length) elements.push({ type: 'text', text: asPlainText(text.slice(end)) })
  return elements
}

function asPlainText(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}
