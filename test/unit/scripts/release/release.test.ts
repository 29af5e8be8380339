import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import {
  addRuntime,
  type BillOfMaterials,
  renderBillOfMaterials,
} from '../../../../scripts/release/bill-of-materials.ts'
import { parseChecksums, renderChecksums, sha256Of } from '../../../../scripts/release/checksums.ts'
import { addRegistryEntry, whyUnreachable } from '../../../../scripts/release/make-release.ts'
import { type Project, readProject } from '../../../../scripts/release/project.ts'
import { renderThirdPartyLicences } from '../../../../scripts/release/third-party-licences.ts'
import { differingFiles } from '../../../../scripts/release.ts'
import { verifies } from '../../../support/verifies.ts'

const bill: BillOfMaterials = {
  metadata: { component: { 'bom-ref': 'main', name: 'main', version: '1.0.0' } },
  components: [
    {
      'bom-ref': 'a',
      group: '@acme',
      name: 'a',
      version: '2.0.0',
      licenses: [{ license: { id: 'MIT' } }],
      evidence: { licenses: [{ license: { text: { content: btoa('Copyright Ada\r\nAs is.\n') } } }] },
    },
  ],
  dependencies: [{ ref: 'main', dependsOn: ['a'] }, { ref: 'a' }],
}

describe('the bill of materials', () => {
  test('names the runtime as something that the program depends on, and the day of the commit', () => {
    const { metadata, components, dependencies } = addRuntime(bill, '2026-11-24')
    expect(metadata.timestamp).toBe('2026-11-24T00:00:00Z')
    expect(components.map(({ name, version }) => [name, version])).toEqual([
      ['a', '2.0.0'],
      ['bun', Bun.version],
    ])
    expect(dependencies[0]).toEqual({ ref: 'main', dependsOn: ['a', `bun@${Bun.version}`] })
  })

  test('is refused where it breaks the published schema', async () => {
    await expect(renderBillOfMaterials(bill)).rejects.toThrow('breaks its schema')
  })
})

describe('the licences of others', () => {
  test('are the texts of the packages, and what Bun links', () => {
    const text = renderThirdPartyLicences(addRuntime(bill, '2026-11-24'))
    expect(text).toContain(`Bun ${Bun.version}\nMIT License`)
    expect(text).toContain('@acme/a 2.0.0\nMIT\n\nCopyright Ada\nAs is.\n')
  })

  verifies('release:licences', 'a package without a text stops the release', () => {
    const [component] = bill.components
    if (component === undefined) throw new Error('The bill has no component')
    const { evidence: _, ...silent } = component
    expect(() => renderThirdPartyLicences({ ...bill, components: [silent] })).toThrow(
      'No text of a licence in @acme/a 2.0.0',
    )
  })
})

describe('server.json', () => {
  /** What is added to the release of a project with this repository, and what is said to be left out. */
  function added(repository: Project['repository']) {
    const names: string[] = []
    const folder = {
      add(name: string) {
        names.push(name)
        return ''
      },
    }
    return { leftOut: addRegistryEntry(folder, { ...readProject(), repository }, []), names }
  }

  verifies('release:registry', 'is in the release of a project that names its repository', () => {
    const repository = { url: 'https://github.com/acme/server', owner: 'acme', name: 'server' }
    expect(added(repository)).toEqual({ names: ['server.json'], leftOut: [] })
  })

  verifies('release:registry', 'is left out where none is named, and the report says why', () => {
    const why = 'package.json names no "repository" at GitHub'
    expect(added(undefined)).toEqual({ names: [], leftOut: [{ what: 'server.json', why }] })
  })
})

test('a runtime that cannot be fetched is told from sources that do not compile', () => {
  const unfetched = new Error("Failed to download 'bun-darwin-aarch64-v1.4.5': DNSResolveFailed")
  expect(whyUnreachable(new AggregateError([unfetched], 'Bundle failed'))).toBe(unfetched.message)
  expect(whyUnreachable(unfetched)).toBe(unfetched.message)
  expect(whyUnreachable(new AggregateError([new Error('Unexpected }')], 'Bundle failed'))).toBeUndefined()
})

test('checksums are read back as they were written, by name', () => {
  const sums = new Map([
    ['b.txt', sha256Of(new TextEncoder().encode('b'))],
    ['a.txt', sha256Of(new Uint8Array())],
  ])
  const text = renderChecksums(sums)
  expect(text).toStartWith(
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a.txt\n3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d  b.txt\n',
  )
  expect(parseChecksums(text)).toEqual(sums)
  expect(() => parseChecksums('abc  a.txt\n')).toThrow('No line of checksums')
})

test('files that differ, or are in one folder alone, are named', () => {
  const one = new Map([
    ['a', '1'],
    ['b', '2'],
    ['c', '3'],
  ])
  const other = new Map([
    ['a', '1'],
    ['b', '9'],
    ['d', '4'],
  ])
  expect(differingFiles(one, other)).toEqual(['b', 'c', 'd'])
  expect(differingFiles(one, one)).toEqual([])
})

test('a target that nobody builds for is a wrong flag, and the known ones are named', () => {
  const script = join(import.meta.dir, '../../../../scripts/release.ts')
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, script, '--target', 'amiga'])
  expect([exitCode, stderr.toString()]).toEqual([
    2,
    '--target amiga: there is host, linux-x64, linux-x64-baseline, linux-arm64, linux-x64-musl, linux-arm64-musl, darwin-x64, darwin-arm64, windows-x64\n',
  ])
})
