import { argumentError } from './argument-error.ts'
import { imagesIn } from './markdown.ts'
import { refuseBroadcast } from './outgoing-text.ts'
import type { ToolSettings } from './tool-settings.ts'

type BlockSettings = Pick<ToolSettings, 'allowsBroadcasts' | 'imageHosts'>

/** Deeper or larger trees are nobody's message. */
const depthMax = 20
const nodesMax = 5000

/** Fields whose address Slack fetches by itself when it shows the message (T28). */
const fetchedFields: ReadonlySet<string> = new Set([
  'image_url',
  'thumb_url',
  'thumbnail_url',
  'video_url',
  'author_icon',
  'footer_icon',
  'provider_icon_url',
  'icon_url',
])

/**
 * Looks through every element of `blocks`: mentions of many people are refused, and so is everything that would make Slack fetch an address
 * outside the allow-list. Throws TOOL_ARGUMENTS_INVALID naming the path.
 */
export function checkBlocks(blocks: readonly unknown[], settings: BlockSettings): void {
  let nodeCount = 0
  const visit = (value: unknown, path: string, depth: number): void => {
    nodeCount++
    if (depth > depthMax || nodeCount > nodesMax) throw tooLarge(path)
    if (typeof value === 'string') refuseBroadcast(path, value, settings.allowsBroadcasts)
    else if (isTree(value)) {
      checkElement(value, path, settings)
      for (const [key, member] of Object.entries(value)) visit(member, `${path}.${key}`, depth + 1)
    }
  }
  visit(blocks, 'blocks', 0)
}

/** An object or a list: of a list, the indexes are the keys. */
function isTree(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function checkElement(
  element: Readonly<Record<string, unknown>>,
  path: string,
  settings: BlockSettings,
): void {
  const { type } = element
  const isBroadcast = type === 'broadcast' || type === 'usergroup'
  if (isBroadcast && !settings.allowsBroadcasts) refuseBroadcast(path, '@channel', false)
  if (type === 'markdown' && typeof element['text'] === 'string') {
    checkMarkdownImages(`${path}.text`, element['text'], settings.imageHosts)
  }
  for (const [key, value] of Object.entries(element)) {
    if (fetchedFields.has(key)) requireImageHost(`${path}.${key}`, value, settings.imageHosts)
  }
}

/** Refuses images of markdown whose host is not allowed. */
export function checkMarkdownImages(field: string, markdown: string, imageHosts: readonly string[]): void {
  if (!markdown.includes('![')) return
  for (const address of imagesIn(markdown)) requireImageHost(field, address, imageHosts)
}

function requireImageHost(field: string, address: unknown, imageHosts: readonly string[]): void {
  const url = typeof address === 'string' ? URL.parse(address) : null
  if (url?.protocol === 'https:' && imageHosts.includes(url.hostname)) return
  throw argumentError({
    field,
    given: url?.hostname ?? 'no address',
    accepted:
      imageHosts.length === 0
        ? 'no image addresses: Slack would fetch them (use slack_upload_file, or a link)'
        : `https images of ${imageHosts.join(', ')}`,
    example: '[the chart](https://example.com/chart)',
  })
}

function tooLarge(path: string) {
  return argumentError({
    field: path,
    given: 'a tree too deep or too large',
    accepted: `at most ${nodesMax} values, ${depthMax} deep`,
    example: '[{"type":"section","text":{"type":"mrkdwn","text":"Hello"}}]',
  })
}
