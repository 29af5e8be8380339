import type { StoredFile } from './seed-messages.ts'
import type { Upload, WorkspaceState } from './workspace-state.ts'

/** Files of people and models: how they come in, and how long they stay. A demo may run for days, so the oldest leave. */

const uploadsMax = 20
const filesBytesMax = 32 * 1024 * 1024

/** A file in the making, with the address that its bytes go to. */
export function beginUpload({ ids, uploads }: WorkspaceState, name: string): Upload {
  const [oldest] = uploads.keys()
  if (uploads.size >= uploadsMax && oldest !== undefined) uploads.delete(oldest)
  const upload: Upload = { id: `F0${ids.uuid().slice(-9).toUpperCase()}`, key: ids.token(18), name }
  uploads.set(upload.id, upload)
  return upload
}

/** What a message shares; where and by whom, the message says. */
export type FileDraft = Pick<StoredFile, 'id' | 'name' | 'title' | 'text' | 'bytes'>

/** The file of a finished upload, which is over with that; undefined where no bytes came. */
export function finishUpload({ uploads }: WorkspaceState, id: string, title: string): FileDraft | undefined {
  const upload = uploads.get(id)
  if (upload?.bytes === undefined) return undefined
  uploads.delete(id)
  const text = asText(upload.bytes)
  const content = text === undefined ? { text: '', bytes: upload.bytes } : { text }
  return { id, name: upload.name, title, ...content }
}

/** Puts shared files to the others. */
export function keepFiles(state: WorkspaceState, shared: readonly StoredFile[]): void {
  const { files } = state
  files.push(...shared)
  let bytes = files.reduce((sum, file) => sum + sizeOf(file), 0)
  while (bytes > filesBytesMax) {
    const [oldest] = files.splice(0, 1)
    if (oldest === undefined) return
    bytes -= sizeOf(oldest)
  }
}

/** In bytes. */
export function sizeOf({ text, bytes }: Pick<StoredFile, 'text' | 'bytes'>): number {
  return bytes?.byteLength ?? Buffer.byteLength(text)
}

function asText(bytes: Uint8Array<ArrayBuffer>): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
