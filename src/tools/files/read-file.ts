import { Type } from '@sinclair/typebox'
import { AppError } from '../../base/errors.ts'
import type { JsonObject } from '../../base/json-object.ts'
import { truncate } from '../../base/text.ts'
import type { ContentBlock } from '../../mcp/registry.ts'
import { asObject, asText, compact } from '../../slack/json-fields.ts'
import { argumentError } from '../argument-error.ts'
import { answers, optional } from '../fields.ts'
import { indentRest, type Provenance, provenance, renderListing } from '../message-page.ts'
import { safeText, viewFile } from '../message-view.ts'
import { callSlack } from '../slack-call.ts'
import { defineSlackTool } from '../slack-tool.ts'
import type { SlackToolContext } from '../tool-context.ts'
import { type ListedFile, requireReadableFile, viewListedFile } from './file-access.ts'
import { decodeText, mayBeText } from './file-text.ts'

interface FileContents extends ListedFile, Provenance {
  readonly content: 'text' | 'image' | 'none'
  readonly text?: string
  readonly is_cut?: true
}

/** Text that a model can still read; images that clients still take. */
const textCharactersMax = 100_000
const textBytesMax = 1024 * 1024
const imageBytesMax = 5 * 1024 * 1024
const imageTypes: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])

export const readFile = defineSlackTool({
  name: 'slack_read_file',
  title: 'Read a file',
  description: 'Text of a text file (up to 100,000 characters), or an image (up to 5 MiB).',
  toolset: 'files',
  effect: 'read',
  scopes: ['files:read'],
  cost: { methods: ['files.info'], warm: '1 + download', cold: '1 + download' },
  examples: { file: 'F0123456789' },
  input: Type.Object(
    { file: Type.String({ minLength: 3, maxLength: 300, description: 'File id or permalink' }) },
    { additionalProperties: false },
  ),
  output: answers<FileContents>({ id: Type.String(), text: optional(Type.String()) }),
  async run(args, context) {
    const answer = await callSlack(context, 'files.info', { file: fileIdOf(args.file) })
    const file = asObject(answer['file'])
    await requireReadableFile(context, file)
    const view = viewListedFile(file, context)
    const mimeType = asText(file['mimetype']) ?? ''
    if (imageTypes.has(mimeType)) return await readImage(context, file, view, mimeType)
    if (mayBeText(mimeType, file)) return await readText(context, file, view)
    return notShown(view, `Its type (${mimeType}) cannot be shown.`)
  },
})

function fileIdOf(given: string): string {
  const id =
    /^F[A-Z0-9]{2,30}$/.exec(given)?.[0] ?? /\/files\/[A-Z0-9]+\/(F[A-Z0-9]{2,30})(?:\/|$)/.exec(given)?.[1]
  if (id !== undefined) return id
  throw argumentError({ field: 'file', given, accepted: 'a file id or permalink', example: 'F0123456789' })
}

function notShown(view: ListedFile, why: string) {
  const data: FileContents = { ...provenance, ...view, content: 'none' }
  return { text: renderListing(`${renderHead(view)} ${why}`, []), data }
}

async function readText(context: SlackToolContext, file: JsonObject, view: ListedFile) {
  const { bytes, isCut } = await download(context, file, textBytesMax)
  const decoded = decodeText(bytes, isCut)
  if (decoded === undefined) return notShown(view, 'It is not text.')
  const whole = safeText(decoded)
  const text = truncate(whole, textCharactersMax)
  const isShort = isCut || text.length < whole.length
  const data: FileContents = compact({
    ...provenance,
    ...view,
    content: 'text' as const,
    text,
    is_cut: isShort ? (true as const) : undefined,
  })
  const head = `${renderHead(view)}${isShort ? ' The rest is cut.' : ''}`
  return { text: renderListing(head, [`  ${indentRest(text)}`]), data }
}

async function readImage(context: SlackToolContext, file: JsonObject, view: ListedFile, mimeType: string) {
  const { bytes, isCut } = await download(context, file, imageBytesMax)
  // Half an image is none.
  if (isCut) return notShown(view, 'It is larger than 5 MiB.')
  const data: FileContents = { ...provenance, ...view, content: 'image' }
  const image: ContentBlock = { type: 'image', data: Buffer.from(bytes).toString('base64'), mimeType }
  return { text: renderListing(renderHead(view), []), data, blocks: [image] }
}

/** Asking what the file is, fetching it. */
const stepCount = 2

async function download(context: SlackToolContext, file: JsonObject, bytesMax: number) {
  const { files, signal } = context
  const url = asText(file['url_private_download']) ?? asText(file['url_private'])
  // Without an address the file lies elsewhere (a Google document, say) or was removed.
  if (files === undefined || url === undefined) {
    throw new AppError('SLACK_REFUSED', { details: { slack_error: 'file_not_accessible' } })
  }
  const { name = 'the file' } = viewFile(file)
  context.progress({ progress: 1, total: stepCount, message: `Fetching ${name}` })
  return await files.download(url, bytesMax, signal)
}

function renderHead(view: ListedFile): string {
  return `File ${view.id} ${view.name ?? ''}`.trim().concat('.')
}
