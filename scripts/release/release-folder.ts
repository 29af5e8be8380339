import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { renderChecksums, sha256Of } from './checksums.ts'

/** The files of a release while they are made. They stand at their place together or not at all. */
export class ReleaseFolder {
  readonly #outdir: string
  readonly #draft: string
  readonly #sums = new Map<string, string>()

  /** Nothing is at `outdir` yet, nor is what lies there touched before `finish`. */
  constructor(outdir: string) {
    this.#outdir = outdir
    mkdirSync(dirname(outdir), { recursive: true })
    this.#draft = mkdtempSync(join(dirname(outdir), `.${basename(outdir)}-`))
  }

  /** A folder beside the files, for what is no part of the release. */
  get scratch(): string {
    return join(this.#draft, '.scratch')
  }

  /** The SHA-256 of the file as it was written. */
  add(name: string, content: Uint8Array | string, mode = 0o644): string {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
    const path = join(this.#draft, name)
    writeFileSync(path, bytes)
    chmodSync(path, mode)
    const sum = sha256Of(bytes)
    this.#sums.set(name, sum)
    return sum
  }

  /** Writes checksums.txt and puts the files where they belong, in the place of an earlier release. */
  finish(): void {
    writeFileSync(join(this.#draft, checksumsName), renderChecksums(this.#sums))
    rmSync(this.scratch, { recursive: true, force: true })
    // mkdtemp makes folders for their owner alone.
    chmodSync(this.#draft, 0o755)
    rmSync(this.#outdir, { recursive: true, force: true })
    renameSync(this.#draft, this.#outdir)
  }

  /** Leaves nothing of what was made; after `finish` it does nothing. */
  discard(): void {
    rmSync(this.#draft, { recursive: true, force: true })
  }
}

/** Lists every other file of the release. */
export const checksumsName = 'checksums.txt'
