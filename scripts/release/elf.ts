import { type BinaryFacts, textAt } from './program-file.ts'

/** Little-endian 64-bit ELF, as elf(5) describes it. */

const cpus: Readonly<Record<number, BinaryFacts['cpu']>> = { 62: 'x64', 183: 'arm64' }
const segments = { load: 1, dynamic: 2, interpreter: 3 } as const
const tags = { needed: 1, stringTable: 5, versionNeeds: 0x6ffffffe, versionNeedCount: 0x6fffffff } as const

interface Segment {
  readonly type: number
  readonly fileOffset: number
  readonly address: number
  readonly size: number
}

/** Throws for another byte order, word size or processor. */
export function readElf(view: DataView): BinaryFacts {
  if (view.getUint8(4) !== 2 || view.getUint8(5) !== 1)
    throw new Error('This ELF file is not 64-bit little-endian')
  const cpu = cpus[view.getUint16(18, true)]
  if (cpu === undefined)
    throw new Error(`This ELF file is for a processor that we build for nowhere: ${view.getUint16(18, true)}`)
  const parts = readSegments(view)
  const interpreter = parts.find(({ type }) => type === segments.interpreter)
  const loader = interpreter === undefined ? undefined : textAt(view, interpreter.fileOffset)
  const { libraries, versions } = readDynamic(view, parts)
  const glibc = newest(versions.filter((name) => /^GLIBC_\d/.test(name)))
  return {
    format: 'ELF',
    cpu,
    libraries: libraries.filter((name) => loader?.endsWith(`/${name}`) !== true),
    needs: [...(loader === undefined ? [] : [loader]), ...(glibc === undefined ? [] : [glibc])],
  }
}

function readSegments(view: DataView): readonly Segment[] {
  const start = Number(view.getBigUint64(32, true))
  const size = view.getUint16(54, true)
  return Array.from({ length: view.getUint16(56, true) }, (_, index) => {
    const at = start + index * size
    return {
      type: view.getUint32(at, true),
      fileOffset: Number(view.getBigUint64(at + 8, true)),
      address: Number(view.getBigUint64(at + 16, true)),
      size: Number(view.getBigUint64(at + 32, true)),
    }
  })
}

/** The libraries, and the versions of symbols that are asked of them. */
function readDynamic(view: DataView, parts: readonly Segment[]) {
  const dynamic = parts.find(({ type }) => type === segments.dynamic)
  if (dynamic === undefined) return { libraries: [], versions: [] }
  const entries = Array.from({ length: Math.floor(dynamic.size / 16) }, (_, index) => ({
    tag: Number(view.getBigUint64(dynamic.fileOffset + index * 16, true)),
    value: Number(view.getBigUint64(dynamic.fileOffset + index * 16 + 8, true)),
  }))
  const valueAt = (tag: number) => entries.find((entry) => entry.tag === tag)?.value
  const strings = offsetOf(parts, valueAt(tags.stringTable))
  if (strings === undefined) throw new Error('This ELF file has no table of texts')
  const libraries = entries
    .filter(({ tag }) => tag === tags.needed)
    .map(({ value }) => textAt(view, strings + value))
  const needs = offsetOf(parts, valueAt(tags.versionNeeds))
  const versions =
    needs === undefined ? [] : readVersions(view, needs, valueAt(tags.versionNeedCount) ?? 0, strings)
  return { libraries, versions }
}

/** Where in the file the address lies that the program will see. */
function offsetOf(parts: readonly Segment[], address: number | undefined): number | undefined {
  if (address === undefined) return undefined
  const part = parts.find(
    (one) => one.type === segments.load && address >= one.address && address < one.address + one.size,
  )
  return part === undefined ? undefined : part.fileOffset + address - part.address
}

/** Two lists in one another: libraries, and in each the versions that are needed of it. */
function readVersions(view: DataView, start: number, count: number, strings: number): readonly string[] {
  const names: string[] = []
  let library = start
  for (let index = 0; index < count; index += 1) {
    let version = library + view.getUint32(library + 8, true)
    for (let left = view.getUint16(library + 2, true); left > 0; left -= 1) {
      names.push(textAt(view, strings + view.getUint32(version + 8, true)))
      version += view.getUint32(version + 12, true)
    }
    library += view.getUint32(library + 12, true)
  }
  return names
}

/** `GLIBC_2.17` of `GLIBC_2.2.5` and itself. */
function newest(versions: readonly string[]): string | undefined {
  const parts = (name: string) => name.slice('GLIBC_'.length).split('.').map(Number)
  return [...versions]
    .sort((a, b) => {
      const [majorA = 0, minorA = 0] = parts(a)
      const [majorB = 0, minorB = 0] = parts(b)
      return majorA - majorB || minorA - minorB
    })
    .at(-1)
}
