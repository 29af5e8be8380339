import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { inspectBinary, problemsOf } from '../../../../scripts/release/binary-facts.ts'
import type { Target } from '../../../../scripts/release/target-table.ts'
import { verifies } from '../../../support/verifies.ts'

const pageBytes = 4096

interface MachOShape {
  readonly cpu?: number
  readonly isSigned?: boolean
}

/** A program of two pages and a bit, which needs one library, signed as a linker signs. */
function machO({ cpu = 0x0100000c, isSigned = true }: MachOShape = {}): Uint8Array {
  const codeBytes = pageBytes * 2 + 100
  const hashes = 44
  const directoryBytes = hashes + 3 * 32
  const bytes = new Uint8Array(codeBytes + 20 + directoryBytes)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 0xfeedfacf, true)
  view.setUint32(4, cpu, true)
  view.setUint32(16, isSigned ? 3 : 2, true)
  const library = 32
  view.setUint32(library, 0x0c, true)
  view.setUint32(library + 4, 56, true)
  view.setUint32(library + 8, 24, true)
  bytes.set(new TextEncoder().encode('/usr/lib/libSystem.B.dylib\0'), library + 24)
  const version = library + 56
  view.setUint32(version, 0x32, true)
  view.setUint32(version + 4, 24, true)
  view.setUint32(version + 12, (13 << 16) | (2 << 8), true)
  const signature = version + 24
  view.setUint32(signature, 0x1d, true)
  view.setUint32(signature + 4, 16, true)
  view.setUint32(signature + 8, codeBytes, true)
  if (!isSigned) return bytes
  view.setUint32(codeBytes, 0xfade0cc0)
  view.setUint32(codeBytes + 8, 1)
  view.setUint32(codeBytes + 16, 20)
  const directory = codeBytes + 20
  view.setUint32(directory, 0xfade0c02)
  view.setUint32(directory + 16, hashes)
  view.setUint32(directory + 28, 3)
  view.setUint32(directory + 32, codeBytes)
  view.setUint8(directory + 36, 32)
  view.setUint8(directory + 37, 2)
  view.setUint8(directory + 39, 12)
  for (let page = 0; page < 3; page += 1) {
    const end = Math.min((page + 1) * pageBytes, codeBytes)
    const hash = new Bun.CryptoHasher('sha256').update(bytes.subarray(page * pageBytes, end)).digest()
    bytes.set(hash, directory + hashes + page * 32)
  }
  return bytes
}

/** A console program that needs the libraries named. */
function pe(libraries: readonly string[]): Uint8Array {
  const bytes = new Uint8Array(2048)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, 0x4d5a)
  view.setUint32(0x3c, 128, true)
  view.setUint32(128, 0x50450000)
  view.setUint16(132, 0x8664, true)
  view.setUint16(134, 1, true)
  view.setUint16(148, 240, true)
  const optional = 152
  view.setUint16(optional, 0x20b, true)
  view.setUint16(optional + 48, 6, true)
  view.setUint32(optional + 120, 0x1000, true)
  const section = optional + 240
  view.setUint32(section + 8, 1024, true)
  view.setUint32(section + 12, 0x1000, true)
  view.setUint32(section + 16, 1024, true)
  view.setUint32(section + 20, 1024, true)
  libraries.forEach((name, index) => {
    const at = 512 + index * 64
    view.setUint32(1024 + index * 20 + 12, 0x1000 + at, true)
    bytes.set(new TextEncoder().encode(name), 1024 + at)
  })
  return bytes
}

const mac: Target = {
  name: 'darwin-arm64',
  bun: 'bun-darwin-arm64',
  os: 'darwin',
  cpu: 'arm64',
  libraries: ['/usr/lib/libSystem.B.dylib'],
  isInNpm: true,
  isInMcpb: true,
}

describe('the headers of a program', () => {
  test.skipIf(process.platform !== 'linux')('say what a program of this machine needs', () => {
    const { format, cpu, libraries, needs } = inspectBinary(readFileSync(process.execPath))
    expect([format, cpu]).toEqual(['ELF', process.arch === 'arm64' ? 'arm64' : 'x64'])
    const libc = libraries.find((name) => name.startsWith('libc.'))
    // The loader is not among the libraries: it is what finds them.
    expect([libc, libraries.some((name) => name.startsWith('ld-'))]).toEqual([expect.any(String), false])
    expect(needs[0]).toMatch(/^\/lib(?:64)?\/ld-/)
    if (libc === 'libc.so.6') expect(needs[1]).toMatch(/^GLIBC_2\.\d+$/)
  })

  test('say what a program for macOS needs', () => {
    expect(inspectBinary(machO())).toEqual({
      format: 'Mach-O',
      cpu: 'arm64',
      libraries: ['/usr/lib/libSystem.B.dylib'],
      needs: ['macOS 13.2'],
    })
  })

  test('say what a program for Windows needs', () => {
    expect(inspectBinary(pe(['KERNEL32.dll', 'ntdll.dll']))).toEqual({
      format: 'PE',
      cpu: 'x64',
      libraries: ['KERNEL32.dll', 'ntdll.dll'],
      needs: ['Windows subsystem 6.0'],
    })
  })

  test('are missing where it is no program', () => {
    expect(() => inspectBinary(new Uint8Array(63))).toThrow('has no header')
    expect(() => inspectBinary(new Uint8Array(64))).toThrow('no program of Linux, macOS or Windows')
    expect(() => inspectBinary(machO({ cpu: 7 }))).toThrow('a processor that we build for nowhere')
  })
})

verifies('release:inspected', 'a signature that does not fit is refused on every page', () => {
  for (const at of [200, pageBytes, pageBytes * 2 + 99]) {
    const broken = machO()
    broken[at] = 1
    expect(() => inspectBinary(broken)).toThrow('does not fit its bytes')
  }
})

test('Apple silicon asks for a signature, Intel does not', () => {
  expect(() => inspectBinary(machO({ isSigned: false }))).toThrow('has no signature')
  expect(inspectBinary(machO({ cpu: 0x01000007, isSigned: false })).cpu).toBe('x64')
})

test('a binary for another machine, or one that needs what a bare machine lacks, has problems', () => {
  const facts = inspectBinary(machO())
  expect(problemsOf(facts, mac)).toEqual([])
  expect(problemsOf({ ...facts, format: 'ELF', cpu: 'x64' }, mac)).toEqual([
    'it is ELF, not Mach-O',
    'it is for x64, not arm64',
  ])
  expect(problemsOf({ ...facts, libraries: ['/opt/lib/own.dylib'] }, mac)).toEqual([
    'it needs /opt/lib/own.dylib, which a bare machine lacks',
  ])
})
