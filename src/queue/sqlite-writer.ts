/**
 * The thread that owns the file: a commit that hangs on a slow or dead disk stops this thread and not the server. An entry point of its own
 * in the compiled binary; the only file that imports bun:sqlite.
 */
import { Database } from 'bun:sqlite'
import type { WriterAnswer, WriterEnvelope } from './sqlite-protocol.ts'
import { SqliteWriter } from './sqlite-writer-loop.ts'

declare const self: {
  onmessage: ((message: { readonly data: WriterEnvelope }) => void) | null
  postMessage(answer: WriterAnswer): void
}

const writer = new SqliteWriter((path) => new Database(path))
self.onmessage = ({ data }) => self.postMessage(writer.answer(data))
