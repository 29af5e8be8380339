import {
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { OpenSqlDatabase, SqlDatabase } from './sqlite-database.ts'

const directoryMode = 0o700
const fileMode = 0o600
/** Every file that may lie in the folder under a name of ours. */
const ownNames = ['events.db', 'events.db-wal', 'events.db-shm', 'lock.db', 'lock.db-journal', 'server.pid']

export type DirectoryFault =
  | 'missing'
  | 'not_a_directory'
  | 'symlink'
  | 'other_owner'
  | 'not_writable'
  | 'newer_schema'
  | 'in_use'

export interface DirectoryErrorOptions {
  readonly details: Readonly<Record<string, string | number>>
  readonly cause?: unknown
}

/** Why a directory cannot be ours. */
export class DirectoryError extends Error {
  override readonly name = 'DirectoryError'
  readonly fault: DirectoryFault
  readonly details: DirectoryErrorOptions['details']

  constructor(fault: DirectoryFault, { details, cause }: DirectoryErrorOptions) {
    super(`The directory cannot be used: ${fault}`, { cause })
    this.fault = fault
    this.details = details
  }
}

/** The folder of one store, held by one process at a time. */
export class StateDirectory {
  readonly path: string
  readonly #lock: SqlDatabase

  private constructor(path: string, lock: SqlDatabase) {
    this.path = path
    this.#lock = lock
  }

  /**
   * Makes the folder inside its parent, which must exist, and takes hold of it. Refuses a folder or file of ours that is a symbolic link or
   * belongs to somebody else, and a folder that another process holds.
   */
  static open(path: string, pid: number, openDatabase: OpenSqlDatabase): StateDirectory {
    makeDirectory(path)
    const uid = probeOwner(path, pid)
    refuseForeign(path, lstatSync(path), uid)
    chmodSync(path, directoryMode)
    for (const name of ownNames) checkFile(join(path, name), uid)
    for (const name of ['events.db', 'lock.db']) makeFile(join(path, name))
    const directory = new StateDirectory(path, takeLock(path, openDatabase))
    writeFileSync(join(path, 'server.pid'), `${pid}\n`, { mode: fileMode })
    syncDirectory(path)
    syncDirectory(dirname(path))
    return directory
  }

  get databasePath(): string {
    return join(this.path, 'events.db')
  }

  /** Moves an unreadable database out of the way, for a person to look at; returns its new path. */
  moveDatabaseAside(nowMs: number): string {
    const asidePath = `${this.databasePath}.unreadable-${nowMs}`
    renameSync(this.databasePath, asidePath)
    for (const suffix of ['-wal', '-shm']) {
      if (lstatIfThere(this.databasePath + suffix) !== undefined) {
        renameSync(this.databasePath + suffix, asidePath + suffix)
      }
    }
    makeFile(this.databasePath)
    syncDirectory(this.path)
    return asidePath
  }

  /** Lets go of the folder. */
  close(): void {
    rmSync(join(this.path, 'server.pid'), { force: true })
    this.#lock.close()
  }
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: directoryMode })
  } catch (error) {
    switch (codeOf(error)) {
      case 'EEXIST':
        return
      case 'ENOENT':
        throw new DirectoryError('missing', { cause: error, details: { directory: dirname(path) } })
      case 'ENOTDIR':
        throw new DirectoryError('not_a_directory', { cause: error, details: { directory: dirname(path) } })
      default:
        throw new DirectoryError('not_writable', {
          cause: error,
          details: { directory: dirname(path), reason: codeOf(error) },
        })
    }
  }
}

/** The owner that a file made by us gets, which is how we learn who we are; shows at once whether the folder can be written. */
function probeOwner(path: string, pid: number): number {
  const probePath = join(path, `probe-${pid}`)
  refuseLinkOrFile(path)
  try {
    rmSync(probePath, { force: true })
    closeSync(openSync(probePath, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, fileMode))
    const { uid } = lstatSync(probePath)
    rmSync(probePath)
    return uid
  } catch (error) {
    throw new DirectoryError('not_writable', {
      cause: error,
      details: { directory: path, reason: codeOf(error) },
    })
  }
}

function refuseLinkOrFile(path: string): void {
  const stats = lstatSync(path)
  if (stats.isSymbolicLink()) throw new DirectoryError('symlink', { details: { directory: path } })
  if (!stats.isDirectory()) throw new DirectoryError('not_a_directory', { details: { directory: path } })
}

function refuseForeign(path: string, stats: Stats, uid: number): void {
  if (stats.isSymbolicLink()) throw new DirectoryError('symlink', { details: { directory: path } })
  if (stats.uid !== uid)
    throw new DirectoryError('other_owner', { details: { directory: path, owner: stats.uid } })
}

function checkFile(path: string, uid: number): void {
  const stats = lstatIfThere(path)
  if (stats === undefined) return
  refuseForeign(path, stats, uid)
  chmodSync(path, fileMode)
}

/** Made by us and not by SQLite, so that it never exists with another mode. Closed before SQLite opens it: see `takeLock`. */
function makeFile(path: string): void {
  if (lstatIfThere(path) !== undefined) return
  closeSync(openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, fileMode))
}

/**
 * An exclusive SQLite transaction on a file of its own that is never committed: the kernel lets go of it whenever the process ends, however
 * it ends. Nobody in this process may open and close `lock.db` meanwhile, since POSIX drops all locks of a file with any descriptor of it.
 */
function takeLock(path: string, openDatabase: OpenSqlDatabase): SqlDatabase {
  const lock = openDatabase(join(path, 'lock.db'))
  try {
    lock.run('BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock.close()
    if (codeOf(error) !== 'SQLITE_BUSY') throw error
    throw new DirectoryError('in_use', { cause: error, details: { directory: path, pid: readPid(path) } })
  }
}

/** Who holds the folder; 0 where it has not written that yet. */
function readPid(path: string): number {
  try {
    return Number.parseInt(readFileSync(join(path, 'server.pid'), 'utf8'), 10) || 0
  } catch {
    return 0
  }
}

/** A new name in a folder survives a power loss only once the folder itself was synced. */
function syncDirectory(path: string): void {
  const descriptor = openSync(path, constants.O_RDONLY)
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function lstatIfThere(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false })
}

function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as { readonly code?: unknown }).code : undefined
  return typeof code === 'string' ? code : 'UNKNOWN'
}
