import { readElf } from './elf.ts'
import { readMachO } from './mach-o.ts'
import { readPe } from './pe.ts'
import type { BinaryFacts } from './program-file.ts'
import type { Target } from './target-table.ts'

const formats: Readonly<Record<Target['os'], BinaryFacts['format']>> = {
  linux: 'ELF',
  darwin: 'Mach-O',
  win32: 'PE',
}

/** What the headers of a program say: all that can be known of one that does not run here. Throws where it is no program that we make. */
export function inspectBinary(bytes: Uint8Array): BinaryFacts {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.byteLength < 64) throw new Error('This is no program: it has no header')
  if (view.getUint32(0) === 0x7f454c46) return readElf(view)
  if (view.getUint32(0, true) === 0xfeedfacf) return readMachO(view)
  if (view.getUint16(0) === 0x4d5a) return readPe(view)
  throw new Error('This is no program of Linux, macOS or Windows')
}

/** What keeps a binary from running on its target, as sentences; empty where nothing does. */
export function problemsOf({ format, cpu, libraries }: BinaryFacts, target: Target): readonly string[] {
  const problems: string[] = []
  if (format !== formats[target.os]) problems.push(`it is ${format}, not ${formats[target.os]}`)
  if (cpu !== target.cpu) problems.push(`it is for ${cpu}, not ${target.cpu}`)
  const foreign = libraries.filter((name) => !target.libraries.includes(name))
  if (foreign.length > 0) problems.push(`it needs ${foreign.join(', ')}, which a bare machine lacks`)
  return problems
}
