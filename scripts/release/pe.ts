import { type BinaryFacts, textAt } from './program-file.ts'

/** PE32+, as Microsoft's "PE Format" describes it. */

const cpus: Readonly<Record<number, BinaryFacts['cpu']>> = { 34404: 'x64', 43620: 'arm64' }
const sectionBytes = 40
const importBytes = 20

interface Section {
  readonly address: number
  readonly size: number
  readonly fileOffset: number
}

/** Throws for another word size or processor. */
export function readPe(view: DataView): BinaryFacts {
  const start = view.getUint32(0x3c, true)
  if (view.getUint32(start) !== 0x50450000) throw new Error('This is a program of DOS, not of Windows')
  const cpu = cpus[view.getUint16(start + 4, true)]
  if (cpu === undefined) throw new Error('This PE file is for a processor that we build for nowhere')
  const optional = start + 24
  if (view.getUint16(optional, true) !== 0x20b) throw new Error('This PE file is not 64-bit')
  const sections = readSections(
    view,
    optional + view.getUint16(start + 20, true),
    view.getUint16(start + 6, true),
  )
  const imports = offsetOf(sections, view.getUint32(optional + 120, true))
  const [major, minor] = [view.getUint16(optional + 48, true), view.getUint16(optional + 50, true)]
  return {
    format: 'PE',
    cpu,
    libraries: imports === undefined ? [] : readImports(view, sections, imports),
    needs: [`Windows subsystem ${major}.${minor}`],
  }
}

function readSections(view: DataView, start: number, count: number): readonly Section[] {
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * sectionBytes
    return {
      address: view.getUint32(at + 12, true),
      size: Math.max(view.getUint32(at + 8, true), view.getUint32(at + 16, true)),
      fileOffset: view.getUint32(at + 20, true),
    }
  })
}

/** One row a library; a row without a name ends them. */
function readImports(view: DataView, sections: readonly Section[], start: number): readonly string[] {
  const names: string[] = []
  for (let at = start; ; at += importBytes) {
    const name = offsetOf(sections, view.getUint32(at + 12, true))
    if (name === undefined) return names
    names.push(textAt(view, name))
  }
}

/** Where in the file the address lies that the program will see; undefined for none. */
function offsetOf(sections: readonly Section[], address: number): number | undefined {
  const section = sections.find((one) => address >= one.address && address < one.address + one.size)
  return address === 0 || section === undefined ? undefined : section.fileOffset + address - section.address
}
