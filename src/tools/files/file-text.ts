import type { JsonObject } from '../../base/json-object.ts'

const textTypes: ReadonlySet<string> = new Set([
  'application/javascript',
  'application/json',
  'application/sql',
  'application/toml',
  'application/x-yaml',
  'application/xml',
  'application/yaml',
])

/** Types that tell nothing: whether it is text is seen when it is read. */
const unknownTypes: ReadonlySet<string> = new Set(['', 'application/octet-stream', 'binary/octet-stream'])

/** Whether it is worth reading as text; `mode` tells of snippets, whatever their type. */
export function mayBeText(mimeType: string, file: JsonObject): boolean {
  const isNamedText = mimeType.startsWith('text/') || textTypes.has(mimeType)
  return isNamedText || unknownTypes.has(mimeType) || file['mode'] === 'snippet'
}

/** UTF-8 without NUL bytes; undefined for everything else. A character that the limit tore apart at the end is left out. */
export function decodeText(bytes: Uint8Array<ArrayBuffer>, isCut: boolean): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: isCut })
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}
