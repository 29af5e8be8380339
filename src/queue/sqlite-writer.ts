/**
 * The thread that owns the file: a commit that hangs on a slow or dead disk stops this thread and not the server. An entry point of its own
 * in the compiled binary; the only file that imports bun:sqlite.
 */
import { Database } from 'bun:sqlite'
import type { SqlDatabase, SqlStatement } from './sqlite-database.ts'
import type { WriterAnswer, WriterEnvelope } from './sqlite-protocol.ts'
import { SqliteWriter } from './sqlite-writer-loop.ts'

declare const self: {
  onmessage: ((message: { readonly data: WriterEnvelope }) => void) | null
  postMessage(answer: WriterAnswer): void
}

/** One statement per text, finalized with the connection: SQLite keeps a closed file open, and its WAL, while one is left. */
function openDatabase(path: string): SqlDatabase {
  const db = new Database(path)
  const statements = new Map<string, SqlStatement & { finalize(): void }>()
  return {
    prepare(sql) {
      const statement = statements.get(sql) ?? db.prepare(sql)
      statements.set(sql, statement)
      return statement
    },
    run: (sql) => db.run(sql),
    close() {
      for (const statement of statements.values()) statement.finalize()
      db.close()
    },
  }
}

const writer = new SqliteWriter(openDatabase)
self.onmessage = ({ data }) => self.postMessage(writer.answer(data))
