import { expect, test } from 'bun:test'
import { unzipSync } from 'fflate'
import { type PackedFile, packTarGz, packZip } from '../../../../scripts/release/packing.ts'
import { verifies } from '../../../support/verifies.ts'

const modifiedAtMs = Date.UTC(2026, 10, 24)
const text = (value: string) => new TextEncoder().encode(value)
const files: readonly PackedFile[] = [
  { path: 'folder/', bytes: new Uint8Array(), mode: 0o700 },
  { path: 'folder/program', bytes: text('runs '.repeat(1000)), mode: 0o755 },
  { path: 'empty', bytes: new Uint8Array(), mode: 0o644 },
]

/** The columns of a tar header, of each entry. */
function headersOf(tarGz: Uint8Array) {
  const tar = Buffer.from(Bun.gunzipSync(new Uint8Array(tarGz)))
  const found: Record<string, unknown>[] = []
  for (let at = 0; tar[at] !== 0; ) {
    const column = (from: number, length: number) =>
      tar
        .subarray(at + from, at + from + length)
        .toString('latin1')
        .split('\0')[0]
        ?.trim() ?? ''
    const size = Number.parseInt(column(124, 12), 8)
    found.push({
      path: column(0, 100),
      mode: Number.parseInt(column(100, 8), 8),
      owner: [Number.parseInt(column(108, 8), 8), Number.parseInt(column(116, 8), 8), column(265, 32)],
      modifiedAtMs: Number.parseInt(column(136, 12), 8) * 1000,
      kind: column(156, 1),
    })
    at += 512 + Math.ceil(size / 512) * 512
  }
  return found
}

test('a tar keeps the order, belongs to root and is as old as its commit', async () => {
  const owner = [0, 0, 'root']
  expect(headersOf(await packTarGz(files, modifiedAtMs))).toEqual([
    { path: 'folder/', mode: 0o700, owner, modifiedAtMs, kind: '5' },
    { path: 'folder/program', mode: 0o755, owner, modifiedAtMs, kind: '0' },
    { path: 'empty', mode: 0o644, owner, modifiedAtMs, kind: '0' },
  ])
})

test('the header of gzip holds no time', async () => {
  const packed = await packTarGz(files, modifiedAtMs)
  expect([...packed.subarray(4, 8)]).toEqual([0, 0, 0, 0])
})

test('a zip gives back its files, programs executable', () => {
  const packed = packZip(files.slice(1), modifiedAtMs)
  const unpacked = unzipSync(packed)
  expect(Object.keys(unpacked)).toEqual(['folder/program', 'empty'])
  expect(new TextDecoder().decode(unpacked['folder/program'])).toBe('runs '.repeat(1000))
  expect(packed.byteLength).toBeLessThan(1000)
  const directory = Buffer.from(packed).indexOf('PK\x01\x02')
  const attributes = new DataView(packed.buffer, packed.byteOffset).getUint32(directory + 38, true)
  expect(attributes >>> 16).toBe(0o755)
})

test('a date before zips had any is their first', () => {
  const packed = packZip(files.slice(1), 0)
  // 1980-01-01 00:00 by MS-DOS: no years, January, the first.
  expect(new DataView(packed.buffer, packed.byteOffset).getUint32(10, true)).toBe((1 << 21) | (1 << 16))
})

verifies('release:archives', 'the bytes are the same in every time zone', () => {
  const script = `
    const { packTarGz, packZip } = await import(${JSON.stringify(Bun.resolveSync('../../../../scripts/release/packing.ts', import.meta.dir))})
    const files = [{ path: 'file', bytes: new Uint8Array([1, 2, 3]), mode: 0o644 }]
    for (const bytes of [await packTarGz(files, ${modifiedAtMs}), packZip(files, ${modifiedAtMs})])
      console.log(Bun.hash(bytes).toString(16))`
  const [first, ...others] = ['UTC', 'Pacific/Kiritimati', 'America/Los_Angeles'].map((zone) => {
    const { stdout, exitCode } = Bun.spawnSync([process.execPath, '-e', script], {
      env: { ...process.env, TZ: zone },
    })
    expect(exitCode).toBe(0)
    return stdout.toString()
  })
  expect(first).toMatch(/^[0-9a-f]+\n[0-9a-f]+\n$/)
  expect(others).toEqual([first ?? '', first ?? ''])
})
