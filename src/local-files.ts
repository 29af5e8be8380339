import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { FileFacts, LocalFiles } from './cli/cli-context.ts'
import { systemCode } from './cli/system-reason.ts'

/** Folders that are made on the way hold configuration: nobody else's business. */
const folderMode = 0o700

const permissions = 0o777

/** The files of this machine, for commands that look at them or write them. `id` tells unfinished files of two processes apart. */
export function createLocalFiles(id: string): LocalFiles {
  return {
    facts(path) {
      const stats = statsOf(path)
      if (stats === undefined) return undefined
      if (stats === 'hidden') return { kind: 'hidden', mode: 0, isWritable: false }
      const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : 'other'
      return { kind, mode: stats.mode & permissions, isWritable: isWritable(path) } satisfies FileFacts
    },
    replace: (path, text, mode) => replace(path, Buffer.from(text), { mode, id }),
    checkReplaceable(path) {
      accessSync(nearestFolder(dirname(targetOf(path))), constants.W_OK | constants.X_OK)
    },
    copy: (from, to) => replace(to, readFileSync(from), { mode: statSync(from).mode & permissions, id }),
    makeScratch: (folder) => mkdtempSync(join(folder, '.check-')),
    removeScratch: (folder) => rmSync(folder, { recursive: true, force: true }),
  }
}

/** With a file where a folder should be there is nothing either. */
const nothingThere: readonly unknown[] = ['ENOENT', 'ENOTDIR']

function statsOf(path: string): Stats | 'hidden' | undefined {
  try {
    return statSync(path)
  } catch (error) {
    return nothingThere.includes(systemCode(error)) ? undefined : 'hidden'
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** Written beside the target and renamed over it once the bytes are on the disk: a reader sees the old file or the new one, whatever happens between. */
function replace(
  path: string,
  bytes: Uint8Array,
  { mode, id }: { readonly mode: number; readonly id: string },
): void {
  const target = targetOf(path)
  mkdirSync(dirname(target), { recursive: true, mode: folderMode })
  const unfinished = `${target}.${id}.tmp`
  try {
    // `wx`: never through a link that somebody else put there. The mode holds from the first byte on.
    const descriptor = openSync(unfinished, 'wx', mode)
    try {
      writeAll(descriptor, bytes)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    chmodSync(unfinished, mode)
    renameSync(unfinished, target)
  } catch (error) {
    rmSync(unfinished, { force: true })
    throw error
  }
}

/** The folder, or of those above it the first that is there. */
function nearestFolder(path: string): string {
  const above = dirname(path)
  return above === path || statSync(path, { throwIfNoEntry: false }) !== undefined
    ? path
    : nearestFolder(above)
}

/** Dotfiles are often links into a repository: what they lead to is replaced, or made, and the link stays. */
function targetOf(path: string): string {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return realpathSync(path)
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return path
  return targetOf(resolve(realpathSync(dirname(path)), readlinkSync(path)))
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(descriptor, bytes, written, bytes.length - written)
  }
}
