import { packEvents, unpackEvents } from './packed-events.ts'
import { damaged, integer, type OpenSqlDatabase, type SqlDatabase } from './sqlite-database.ts'
import { DirectoryError, StateDirectory } from './sqlite-directory.ts'
import type {
  FileRepair,
  OpenRequest,
  PackedCommitReply,
  PackedCommitRequest,
  WriterAnswer,
  WriterEnvelope,
  WriterFailure,
  WriterKind,
  WriterReply,
} from './sqlite-protocol.ts'
import { salvage } from './sqlite-salvage.ts'
import { NewerSchemaError, prepareSchema, refuseNewerSchema, schemaVersion } from './sqlite-schema.ts'
import { SqliteStore } from './sqlite-store.ts'

/** What is left of the WAL's length after a checkpoint, bytes. */
const walBytesMax = 64 * 1024 * 1024
/** Page cache, KiB. The index of ids is written all over; what is not cached is read back for each insert. */
const cacheKib = 16_000

/** After these the connection is not to be trusted: an fsync that failed once may report success when it is repeated (F16). */
const fatalCodePattern = /^SQLITE_(IOERR|CORRUPT|NOTADB|CANTOPEN|CONSTRAINT_(UNIQUE|PRIMARYKEY|ROWID))/
/** A key is made by us and looked for before: one that is there already stands in an index that does not agree with its table. */
const unreadableCodePattern = /^SQLITE_(CORRUPT|NOTADB|CONSTRAINT_(UNIQUE|PRIMARYKEY|ROWID))/

interface Opened {
  readonly request: OpenRequest
  readonly directory: StateDirectory
}

interface Connection {
  readonly db: SqlDatabase
  readonly store: SqliteStore
}

/** Answers the main thread's questions, one after the other, over one file in one directory. */
export class SqliteWriter {
  readonly #openDatabase: OpenSqlDatabase
  #opened: Opened | undefined
  #connection: Connection | undefined
  /** Something failed and nothing was written since: a ping must write before it may say that all is well. */
  #hasFailed = false
  /** SQLite cannot read the file. */
  #isDamaged = false
  /** A repair that the main thread has not heard of. */
  #repair: FileRepair | undefined

  constructor(openDatabase: OpenSqlDatabase) {
    this.#openDatabase = openDatabase
  }

  answer(envelope: WriterEnvelope): WriterAnswer {
    const { callId } = envelope
    try {
      const reply = this.#reply(envelope)
      if (envelope.kind === 'commit' || envelope.kind === 'ping') this.#hasFailed = false
      const repair = this.#repair
      this.#repair = undefined
      return repair === undefined ? { callId, reply } : { callId, reply, repair }
    } catch (error) {
      this.#hasFailed = true
      const failure = describe(error)
      if (fatalCodePattern.test(failure.code)) this.#disconnect()
      if (unreadableCodePattern.test(failure.code)) this.#isDamaged = true
      return { callId, failure }
    }
  }

  #reply(envelope: WriterEnvelope): WriterReply<WriterKind> {
    const { kind, nowMs } = envelope
    if (kind === 'open') return this.#open(envelope.request, nowMs)
    if (kind === 'close') return this.#close()
    const store = this.#store(nowMs)
    switch (kind) {
      case 'commit':
        return commitPacked(store, envelope.request, nowMs)
      case 'openGroup':
        return store.openGroup(envelope.request, nowMs)
      case 'ping':
        store.ping(nowMs, this.#hasFailed)
        return null
      case 'depth':
        return store.depth()
      case 'groups':
        return store.groups()
      case 'removeGroup':
        return store.removeGroup(envelope.request, envelope.request.hasMembers, nowMs)
      case 'deadLetters':
        return store.deadLetters(envelope.request)
      case 'deadLetterPage':
        return store.deadLetterPage(envelope.request)
      case 'replay':
        return store.replay(envelope.request, nowMs)
      case 'removeDeadLetter':
        return store.removeDeadLetter(envelope.request, nowMs)
      case 'recent':
        return store.recent(envelope.request.topic, envelope.request.limit)
      case 'find':
        return store.find(envelope.request)
      case 'purge':
        return store.purge(envelope.request, nowMs)
      case 'sweep':
        return store.sweep(nowMs)
    }
  }

  #open(request: OpenRequest, nowMs: number): null {
    const directory = StateDirectory.open(request.directory, request.pid, this.#openDatabase)
    this.#opened = { request, directory }
    try {
      this.#store(nowMs)
      if (this.#connection !== undefined && isReadOnly(this.#connection.db)) throw damaged('header')
      return null
    } catch (error) {
      this.#disconnect()
      if (unreadableCodePattern.test(describe(error).code)) {
        this.#isDamaged = true
        this.#store(nowMs)
        return null
      }
      this.#close()
      throw error
    }
  }

  #close(): null {
    this.#disconnect()
    this.#opened?.directory.close()
    this.#opened = undefined
    return null
  }

  #disconnect(): void {
    this.#connection?.db.close()
    this.#connection = undefined
  }

  /** The open store; after a failure that broke the connection a new one, where the file itself is damaged over a new file. */
  #store(nowMs: number): SqliteStore {
    if (this.#connection !== undefined) return this.#connection.store
    if (this.#opened === undefined) throw new Error('Not open')
    const { request, directory } = this.#opened
    const asidePath = this.#isDamaged ? directory.moveDatabaseAside(nowMs) : undefined
    const db = this.#openDatabase(directory.databasePath)
    try {
      db.run(`PRAGMA busy_timeout = ${request.lockWaitMs}`)
      refuseNewerSchema(db)
      configure(db)
      prepareSchema(db)
      if (asidePath !== undefined) this.#rescue(asidePath, db)
      if (this.#hasFailed) checkpoint(db)
      this.#connection = { db, store: new SqliteStore(db, request.limits, nowMs) }
      return this.#connection.store
    } catch (error) {
      db.close()
      throw error
    }
  }

  /** A file that cannot be read must not keep the server from taking events: it is kept for a person, and what it still tells is taken over. */
  #rescue(asidePath: string, fresh: SqlDatabase): void {
    const damaged = this.#openDatabase(asidePath)
    try {
      this.#repair = { asidePath, rescued: salvage(damaged, fresh) }
    } finally {
      damaged.close()
    }
    this.#isDamaged = false
  }
}

function commitPacked(store: SqliteStore, request: PackedCommitRequest, nowMs: number): PackedCommitReply {
  const { taken, ...reply } = store.commit({ ...request, publishes: unpackEvents(request.publishes) }, nowMs)
  return {
    ...reply,
    taken: taken.map(
      (events) =>
        events && {
          seqs: events.map(({ seq }) => seq),
          attempts: events.map(({ attempt }) => attempt),
          events: packEvents(events.map(({ event }) => event)),
        },
    ),
  }
}

function configure(db: SqlDatabase): void {
  db.run('PRAGMA journal_mode = WAL')
  // FULL syncs the WAL at every commit: NORMAL may lose the last ones when the power fails, after we have answered 200.
  db.run('PRAGMA synchronous = FULL')
  db.run(`PRAGMA journal_size_limit = ${walBytesMax}`)
  db.run(`PRAGMA cache_size = -${cacheKib}`)
  db.run('PRAGMA cell_size_check = ON')
}

/** Said of a file that was made writable in a folder that was just written to, this is a flipped bit in its header (byte 18) and not the disk. */
function isReadOnly(db: SqlDatabase): boolean {
  try {
    db.run('BEGIN IMMEDIATE')
    try {
      // BEGIN alone is not refused.
      db.run(`PRAGMA user_version = ${schemaVersion}`)
    } finally {
      db.run('ROLLBACK')
    }
    return false
  } catch (error) {
    return describe(error).code === 'SQLITE_READONLY'
  }
}

/**
 * Copies the WAL into the file and syncs both. After a failed sync the WAL holds transactions that were refused and may be on the disk or not: once
 * read back they count as stored, so they have to be made durable before anybody is told that they are duplicates.
 */
function checkpoint(db: SqlDatabase): void {
  if (integer(db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get(), 'busy') === 0) return
  throw Object.assign(new Error('Somebody reads the file: its WAL cannot be copied'), { code: 'SQLITE_BUSY' })
}

function describe(error: unknown): WriterFailure {
  if (error instanceof DirectoryError) {
    return { code: `DIRECTORY_${error.fault.toUpperCase()}`, message: error.message, details: error.details }
  }
  if (error instanceof NewerSchemaError) {
    return {
      code: 'DIRECTORY_NEWER_SCHEMA',
      message: error.message,
      details: { schema_version: error.version },
    }
  }
  const code = error instanceof Error ? (error as { readonly code?: unknown }).code : undefined
  return {
    code: typeof code === 'string' ? code : 'UNKNOWN',
    message: error instanceof Error ? error.message : String(error),
    details: {},
  }
}
