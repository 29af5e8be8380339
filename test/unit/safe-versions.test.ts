import { expect, test } from 'bun:test'
import { verifies } from '../support/verifies.ts'

const lockfile = await Bun.file(new URL('../../bun.lock', import.meta.url)).text()

/** Package -> the first version without the advisories named; below it a known hole is open (T41). */
const safeFrom: Readonly<Record<string, { readonly version: string; readonly why: string }>> = {
  elysia: {
    version: '1.4.30',
    why: 'CVE-2026-30837, CVE-2026-31865 and the cookie faults of CVE-2025-66456',
  },
  '@modelcontextprotocol/sdk': {
    version: '1.32.0',
    why: 'unlimited bodies and batches; CVE-2026-25536, -0621',
  },
  '@modelcontextprotocol/server': { version: '2.4.0', why: 'the version that was tested for both eras' },
  '@slack/web-api': { version: '8.2.0', why: 'a fetch that can be handed in and capped' },
  '@sinclair/typebox': { version: '0.34.52', why: 'the version that was tested' },
}

/** `name` -> every version of it that bun.lock holds, also below other packages. */
function lockedVersions(name: string): readonly string[] {
  const pattern = new RegExp(`\\["${RegExp.escape(name)}@([^"]+)"`, 'g')
  return [...lockfile.matchAll(pattern)].map((match) => match[1] ?? '')
}

verifies('supply:safe-versions', 'locks no package below its first safe version', () => {
  for (const [name, { version, why }] of Object.entries(safeFrom)) {
    const locked = lockedVersions(name)
    expect({ name, why, isLocked: locked.length > 0 }).toEqual({ name, why, isLocked: true })
    const unsafe = locked.filter((found) => Bun.semver.order(found, version) < 0)
    expect({ name, why, unsafe }).toEqual({ name, why, unsafe: [] })
  }
})

test('Bun is the pinned version, and pinned at or above the first safe one', async () => {
  const { packageManager, engines }: { packageManager: string; engines: { bun: string } } = await Bun.file(
    new URL('../../package.json', import.meta.url),
  ).json()
  expect(packageManager).toBe(`bun@${Bun.version}`)
  expect(engines.bun).toBe(Bun.version)
  // Request smuggling by chunk sizes and transfer codings: oven-sh/bun 26931, 29732, 35295, 35864.
  expect(Bun.semver.order(Bun.version, '1.4.5')).toBeGreaterThanOrEqual(0)
})

test('every dependency is locked to one exact version', async () => {
  const {
    dependencies,
    devDependencies,
  }: Record<'dependencies' | 'devDependencies', Record<string, string>> = await Bun.file(
    new URL('../../package.json', import.meta.url),
  ).json()
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
    expect(`${name}@${version}`).toMatch(/@\d+\.\d+\.\d+(?:-[\w.]+)?$/)
    expect(lockedVersions(name)).toContain(version)
  }
})

test('no package runs a script while it is installed', async () => {
  const { trustedDependencies }: { trustedDependencies?: readonly string[] } = await Bun.file(
    new URL('../../package.json', import.meta.url),
  ).json()
  // Without the field Bun trusts a list of its own, where one counts installations and others compile what nobody here loads.
  expect(trustedDependencies).toEqual([])
})
