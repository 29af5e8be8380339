import { Zip, ZipPassThrough } from 'fflate'
import { pack } from 'tar-stream'

/** A file, or a folder where the path ends in a slash, as it goes into an archive. */
export interface PackedFile {
  readonly path: string
  readonly bytes: Uint8Array
  /** Permissions: 0o755 for what runs. */
  readonly mode: number
}

/** A file of text, in UTF-8. */
export function textFile(path: string, text: string, mode = 0o644): PackedFile {
  return { path, bytes: new TextEncoder().encode(text), mode }
}

/**
 * A .tar.gz that is the same bytes for the same files and date wherever it is made: owned by root, in the order given, compressed by libdeflate,
 * whose output does not depend on the processor as that of zlib's faster descendants does.
 */
export async function packTarGz(files: readonly PackedFile[], modifiedAtMs: number): Promise<Uint8Array> {
  const archive = pack()
  for (const { path, bytes, mode } of files) {
    const header = { name: path, mode, mtime: new Date(modifiedAtMs), uname: 'root', gname: 'root' }
    if (path.endsWith('/')) archive.entry({ ...header, type: 'directory' })
    else archive.entry(header, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  }
  archive.finalize()
  const parts: Uint8Array[] = []
  for await (const part of archive as AsyncIterable<Uint8Array>) parts.push(part)
  return Bun.gzipSync(Buffer.concat(parts), compression)
}

/** The best that libdeflate does at a speed of tens of megabytes a second; its highest levels take five times as long for two percent. */
const compression = { level: 6, library: 'libdeflate' } as const

/** An entry that libdeflate compresses. */
class DeflatedEntry extends ZipPassThrough {
  constructor(path: string, mode: number, modifiedAt: Date) {
    super(path)
    this.compression = deflate
    this.os = unix
    this.attrs = mode << 16
    this.mtime = modifiedAt
  }

  protected override process(bytes: Uint8Array<ArrayBuffer>, isLast: boolean): void {
    this.ondata(null, Bun.deflateSync(bytes, compression), isLast)
  }
}

/** APPNOTE.TXT 4.4.5 and 4.4.2.2. */
const deflate = 8
const unix = 3

/** A .zip that is the same bytes for the same files and date wherever it is made. Programs stay executable where it is unpacked on a Unix. */
export function packZip(files: readonly PackedFile[], modifiedAtMs: number): Uint8Array {
  const parts: Uint8Array[] = []
  const archive = new Zip((error, part) => {
    if (error !== null) throw error
    parts.push(part)
  })
  for (const { path, bytes, mode } of files) {
    const entry = new DeflatedEntry(path, mode, asZipDate(modifiedAtMs))
    archive.add(entry)
    entry.push(new Uint8Array(bytes), true)
  }
  archive.end()
  return Buffer.concat(parts)
}

/** A zip holds a date without a zone, which is written as of this machine: so its clock has to show what the date shows in UTC. */
function asZipDate(modifiedAtMs: number): Date {
  const date = new Date(Math.max(modifiedAtMs, earliestZipDateMs))
  return new Date(
    date.getUTCFullYear(),
    date.getUTCMonth(),
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
  )
}

const earliestZipDateMs = Date.UTC(1980, 0, 1)
