import type { JsonObject } from '../base/json-object.ts'
import { asNumber, asObject, asObjects, asText } from './json-fields.ts'
import type { SlackMessage } from './message.ts'
import { type Names, renderLink, renderMrkdwn } from './text.ts'
import { joinLines, prefixLines, renderBlocks, renderTextObject } from './text-blocks.ts'

/**
 * What a message says, as text: what Slack shows to a person, with attachments and files. Never empty, so that a bot message of blocks alone
 * still reaches the model.
 */
export function renderMessage(message: SlackMessage, names: Names): string {
  // Slack shows the blocks where there are any; `text` is then only the notification, and may say something else.
  const shown = renderBlocks(message.blocks, names) || renderMrkdwn(message.text, names)
  const body = joinLines([
    shown,
    ...message.attachments.map((attachment) => prefixLines(renderAttachment(attachment, names), '| ')),
    ...message.files.map(renderFile),
  ])
  return body || `[no text${message.subtype === undefined ? '' : `: ${message.subtype}`}]`
}

/** A legacy attachment, an unfurled link or a shared message. */
export function renderAttachment(attachment: JsonObject, names: Names): string {
  const text = (field: string) => renderMrkdwn(asText(attachment[field]) ?? '', names)
  const title = text('title')
  const target = asText(attachment['title_link']) ?? asText(attachment['from_url'])
  const lines = joinLines([
    text('pretext'),
    text('author_name'),
    target === undefined ? title : renderLink(target, title),
    // A shared message comes twice: as text and as the blocks of the original.
    text('text') || renderShared(attachment, names),
    ...asObjects(attachment['fields']).map((field) => renderField(field, names)),
    renderBlocks(asObjects(attachment['blocks']), names),
    text('footer'),
  ])
  return (
    lines || text('fallback') || (asText(attachment['image_url']) === undefined ? '[attachment]' : '[image]')
  )
}

function renderShared(attachment: JsonObject, names: Names): string {
  const originals = asObjects(attachment['message_blocks'])
  return joinLines(
    originals.map(({ message }) => renderBlocks(asObjects(asObject(message)['blocks']), names)),
  )
}

function renderField(field: JsonObject, names: Names): string {
  const title = renderTextObject(field['title'], names)
  const value = renderMrkdwn(asText(field['value']) ?? '', names)
  return title === '' ? value : `${title}: ${value}`
}

/** One line for a file: what it is, how big, and the id to read it by. */
export function renderFile(file: JsonObject): string {
  const id = asText(file['id'])
  const name = asText(file['title']) ?? asText(file['name'])
  if (name === undefined) return `[file${id === undefined ? ' removed' : ` ${id}`}]`
  const type = asText(file['pretty_type']) ?? asText(file['filetype'])
  const size = asNumber(file['size'])
  const facts = [type, size === undefined ? undefined : renderSize(size), id]
  return `[file: ${[name, ...facts.filter((fact) => fact !== undefined)].join(', ')}]`
}

const kilo = 1000

function renderSize(byteCount: number): string {
  if (byteCount < kilo) return `${byteCount} B`
  if (byteCount < kilo * kilo) return `${Math.round(byteCount / kilo)} kB`
  return `${(byteCount / kilo / kilo).toFixed(1)} MB`
}
