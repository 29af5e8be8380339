import { type BinaryFacts, textAt } from './program-file.ts'

/** 64-bit Mach-O, as <mach-o/loader.h> and <kern/cs_blobs.h> of Apple's open sources describe it. */

const cpus: Readonly<Record<number, BinaryFacts['cpu']>> = { 16777223: 'x64', 16777228: 'arm64' }
const headerBytes = 32
const commands = { loadLibrary: 0x0c, codeSignature: 0x1d, buildVersion: 0x32 } as const
const magics = { signature: 0xfade0cc0, codeDirectory: 0xfade0c02 } as const
const sha256 = { type: 2, bytes: 32 } as const

interface Command {
  readonly type: number
  readonly at: number
}

/** Throws for another processor, and where a signature does not fit the bytes or Apple silicon lacks one: macOS kills such a program at its start. */
export function readMachO(view: DataView): BinaryFacts {
  const cpu = cpus[view.getUint32(4, true)]
  if (cpu === undefined) throw new Error('This Mach-O file is for a processor that we build for nowhere')
  const found = readCommands(view)
  const libraries = found
    .filter(({ type }) => type === commands.loadLibrary)
    .map(({ at }) => textAt(view, at + view.getUint32(at + 8, true)))
  const version = found.find(({ type }) => type === commands.buildVersion)
  const signature = found.find(({ type }) => type === commands.codeSignature)
  if (signature === undefined && cpu === 'arm64') throw new Error('This Mach-O file has no signature')
  if (signature !== undefined) verifyPages(view, view.getUint32(signature.at + 8, true))
  return {
    format: 'Mach-O',
    cpu,
    libraries,
    needs: version === undefined ? [] : [minimumOf(view, version)],
  }
}

function readCommands(view: DataView): readonly Command[] {
  const found: Command[] = []
  let at = headerBytes
  for (let left = view.getUint32(16, true); left > 0; left -= 1) {
    found.push({ type: view.getUint32(at, true), at })
    at += view.getUint32(at + 4, true)
  }
  return found
}

/** `macOS 13.0`: sixteen bits of major, eight of minor. */
function minimumOf(view: DataView, { at }: Command): string {
  const version = view.getUint32(at + 12, true)
  return `macOS ${version >>> 16}.${(version >>> 8) & 0xff}`
}

/** The signature is big-endian: a list of parts, of which the code directory holds a hash for every page up to its limit. */
function verifyPages(view: DataView, start: number): void {
  if (view.getUint32(start) !== magics.signature) throw new Error('The signature of this Mach-O file is none')
  const count = view.getUint32(start + 8)
  const directory = Array.from(
    { length: count },
    (_, index) => start + view.getUint32(start + 16 + index * 8),
  ).find((at) => view.getUint32(at) === magics.codeDirectory)
  if (directory === undefined) throw new Error('The signature of this Mach-O file has no code directory')
  const [hashBytes, hashType] = [view.getUint8(directory + 36), view.getUint8(directory + 37)]
  if (hashType !== sha256.type || hashBytes !== sha256.bytes)
    throw new Error('The signature of this Mach-O file is not by SHA-256')
  const hashes = directory + view.getUint32(directory + 16)
  const limit = view.getUint32(directory + 32)
  if (limit !== start) throw new Error('The signature of this Mach-O file leaves out a part of it')
  const pageBytes = 2 ** view.getUint8(directory + 39)
  const pages = view.getUint32(directory + 28)
  if (pages !== Math.ceil(limit / pageBytes))
    throw new Error('The signature of this Mach-O file lacks hashes of pages')
  for (let page = 0; page < pages; page += 1) {
    const from = page * pageBytes
    const found = new Bun.CryptoHasher('sha256')
      .update(bytesOf(view, from, Math.min(pageBytes, limit - from)))
      .digest()
    if (found.compare(bytesOf(view, hashes + page * hashBytes, hashBytes)) !== 0)
      throw new Error(`The signature of this Mach-O file does not fit its bytes from ${from} on`)
  }
}

function bytesOf(view: DataView, offset: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + offset, length)
}
