import type { JsonObject } from '../base/json-object.ts'
import { asList, asNumber, asObject, asObjects, asText } from './json-fields.ts'
import { type Names, renderLink, renderMrkdwn, unescapeText } from './text.ts'

/**
 * Block Kit as text, so that no message of an app is empty. Blocks that are not known yet are walked for text.
 * https://docs.slack.dev/reference/block-kit
 */

/** Nesting that Slack itself never reaches; deeper is left out rather than followed. */
const depthMax = 24

type Render = (node: JsonObject, names: Names, depth: number) => string

/** `blocks` as lines of text; empty where they say nothing. */
export function renderBlocks(blocks: readonly unknown[], names: Names, depth = 0): string {
  return joinLines(blocks.map((block) => renderBlock(asObject(block), names, depth)))
}

function renderBlock(block: JsonObject, names: Names, depth: number): string {
  const render = blockRenderers[String(block['type'])]
  return render === undefined ? renderUnknown(block, names, depth) : render(block, names, depth + 1)
}

const blockRenderers: Readonly<Record<string, Render>> = {
  header: (block, names) => renderTextObject(block['text'], names),
  section: renderSection,
  context: (block, names, depth) => renderElements(block, names, depth, ' · '),
  actions: (block, names, depth) => labelled('actions', renderElements(block, names, depth, ' | ')),
  context_actions: (block, names, depth) => labelled('actions', renderElements(block, names, depth, ' | ')),
  divider: () => '---',
  image: (block, names) => renderImage(block, names),
  video: (block, names) => renderVideo(block, names),
  input: (block, names) => labelled('input', renderTextObject(block['label'], names)),
  file: (block) => labelled('file', asText(block['external_id']) ?? ''),
  markdown: (block) => asText(block['text']) ?? '',
  rich_text: (block, names, depth) =>
    joinLines(asObjects(block['elements']).map((element) => renderRich(element, names, depth))),
  table: renderTable,
}

function renderSection(block: JsonObject, names: Names, depth: number): string {
  const fields = asList(block['fields']).map((field) => renderTextObject(field, names))
  const accessory = asObject(block['accessory'])
  return joinLines([
    renderTextObject(block['text'], names),
    ...fields,
    block['accessory'] === undefined ? '' : renderElement(accessory, names, depth),
  ])
}

function renderElements(block: JsonObject, names: Names, depth: number, separator: string): string {
  const elements = asObjects(block['elements']).map((element) => renderElement(element, names, depth))
  return elements.filter((element) => element !== '').join(separator)
}

/** An element of a section, context or actions block: text, image, button or menu. */
function renderElement(element: JsonObject, names: Names, depth: number): string {
  if (depth > depthMax) return ''
  switch (element['type']) {
    case 'mrkdwn':
    case 'plain_text':
      return renderTextObject(element, names)
    case 'image':
      return renderImage(element, names)
    case 'button':
    case 'workflow_button':
      return renderButton(element, names)
    default:
      return renderUnknown(element, names, depth)
  }
}

function renderButton(button: JsonObject, names: Names): string {
  const label = renderTextObject(button['text'], names)
  const url = asText(button['url'])
  return `[${url === undefined ? label : renderLink(url, label)}]`
}

function renderImage(image: JsonObject, names: Names): string {
  const title = renderTextObject(image['title'], names)
  return labelled('image', title || (asText(image['alt_text']) ?? ''))
}

function renderVideo(video: JsonObject, names: Names): string {
  const title = renderTextObject(video['title'], names) || (asText(video['alt_text']) ?? '')
  const url = asText(video['title_url'])
  return joinLines([
    labelled('video', url === undefined ? title : renderLink(url, title)),
    renderTextObject(video['description'], names),
  ])
}

function renderTable(table: JsonObject, names: Names, depth: number): string {
  const rows = asList(table['rows']).map((row) => {
    // Rows are lists of cells in the table block; newer blocks wrap them.
    const cells = Array.isArray(row) ? asObjects(row) : asObjects(asObject(row)['cells'])
    return cells.map((cell) => renderCell(cell, names, depth)).join(' | ')
  })
  return joinLines(rows)
}

function renderCell(cell: JsonObject, names: Names, depth: number): string {
  const text = cell['type'] === 'rich_text' ? renderBlock(cell, names, depth) : (asText(cell['text']) ?? '')
  return text.replace(/\n+/g, ' ')
}

/** A text object, by its own type, or a plain string where older payloads have one. */
export function renderTextObject(value: unknown, names: Names): string {
  if (typeof value === 'string') return unescapeText(value)
  const { type, text } = asObject(value)
  const content = asText(text) ?? ''
  return type === 'mrkdwn' ? renderMrkdwn(content, names) : unescapeText(content)
}

function renderRich(element: JsonObject, names: Names, depth: number): string {
  if (depth > depthMax) return ''
  const children = asObjects(element['elements'])
  switch (element['type']) {
    case 'rich_text_list':
      return renderRichList(element, children, names, depth + 1)
    case 'rich_text_quote':
      return prefixLines(renderInlines(children, names), '> ')
    case 'rich_text_preformatted':
      return `\`\`\`\n${renderInlines(children, names)}\n\`\`\``
    case 'rich_text_section':
      return renderInlines(children, names)
    default:
      return renderInline(element, names) || renderUnknown(element, names, depth)
  }
}

function renderRichList(list: JsonObject, items: readonly JsonObject[], names: Names, depth: number): string {
  const indent = '  '.repeat(Math.min(asNumber(list['indent']) ?? 0, depthMax))
  const first = (asNumber(list['offset']) ?? 0) + 1
  const lines = items.map((item, index) => {
    const mark = list['style'] === 'ordered' ? `${first + index}. ` : '• '
    return `${indent}${mark}${renderRich(item, names, depth)}`
  })
  return joinLines(lines)
}

function renderInlines(elements: readonly JsonObject[], names: Names): string {
  return elements.map((element) => renderInline(element, names)).join('')
}

/** One piece of a rich text line. Styles are left out: they cost a reader more than they tell. */
function renderInline(element: JsonObject, names: Names): string {
  const id = (field: string) => asText(element[field]) ?? ''
  switch (element['type']) {
    case 'text':
      return typeof element['text'] === 'string' ? element['text'] : ''
    case 'link':
      return renderLink(id('url'), id('text'))
    case 'user':
      return `@${names.user(id('user_id')) ?? id('user_id')}`
    case 'channel':
      return `#${names.channel(id('channel_id')) ?? id('channel_id')}`
    case 'usergroup':
      return `@${id('usergroup_id')}`
    case 'broadcast':
      return `@${id('range')}`
    case 'emoji':
      return `:${id('name')}:`
    case 'date':
      return id('fallback') || String(asNumber(element['timestamp']) ?? '')
    case 'color':
      return id('value')
    case 'team':
      return id('team_id')
    default:
      return ''
  }
}

/** What a block of an unknown type says: every text inside it, in order. */
function renderUnknown(node: JsonObject, names: Names, depth: number): string {
  if (depth > depthMax) return ''
  const parts: string[] = []
  for (const [key, value] of Object.entries(node)) {
    if (Array.isArray(value)) {
      parts.push(...value.map((member) => renderBlock(asObject(member), names, depth + 1)))
    } else if (typeof value === 'object' && value !== null) {
      parts.push(renderNested(asObject(value), names, depth + 1))
    } else if (textKeys.has(key)) parts.push(asText(value) ?? '')
  }
  return joinLines(parts)
}

const textKeys: ReadonlySet<string> = new Set(['text', 'title', 'alt_text', 'label', 'description', 'name'])

function renderNested(node: JsonObject, names: Names, depth: number): string {
  const isText = node['type'] === 'mrkdwn' || node['type'] === 'plain_text'
  return isText ? renderTextObject(node, names) : renderBlock(node, names, depth)
}

function labelled(label: string, text: string): string {
  return text === '' ? `[${label}]` : `[${label}: ${text}]`
}

/** The lines that say something, one below the other. */
export function joinLines(lines: readonly string[]): string {
  return lines.filter((line) => line !== '').join('\n')
}

export function prefixLines(text: string, prefix: string): string {
  return text === '' ? '' : text.replace(/^/gm, prefix)
}
