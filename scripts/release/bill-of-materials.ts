import { join } from 'node:path'
import { Spec, Validation } from '@cyclonedx/cyclonedx-library'

/** What of a CycloneDX document is read or changed here; the rest passes through as it is. */
export interface BillOfMaterials {
  readonly metadata: { readonly timestamp?: string; readonly component: Component }
  readonly components: readonly Component[]
  readonly dependencies: readonly Dependency[]
}

export interface Component {
  readonly 'bom-ref': string
  readonly group?: string
  readonly name: string
  readonly version: string
  readonly licenses?: readonly LicenceChoice[]
  readonly evidence?: { readonly licenses?: readonly { readonly license: LicenceText }[] }
}

type LicenceChoice =
  | { readonly license: { readonly id: string } | { readonly name: string } }
  | { readonly expression: string }

interface LicenceText {
  readonly text: { readonly content: string }
}

interface Dependency {
  readonly ref: string
  readonly dependsOn?: readonly string[]
}

const root = join(import.meta.dir, '../..')

/** What is in the binary: the packages that its modules are of, by the tool that OWASP keeps for it, and the runtime. */
export async function createBillOfMaterials(
  modules: Bun.BuildMetafile,
  date: string,
): Promise<BillOfMaterials> {
  const run = Bun.spawn(
    [
      ...[process.execPath, join(root, 'node_modules/.bin/cyclonedx-esbuild')],
      ...['--spec-version', '1.6', '--output-reproducible', '--gather-license-texts', '--no-validate'],
      ...['--output-file', '-', '/dev/stdin'],
    ],
    { cwd: root, stdin: Buffer.from(JSON.stringify(modules)), stdout: 'pipe', stderr: 'pipe' },
  )
  const [text, problems] = await Promise.all([run.stdout.text(), run.stderr.text()])
  if ((await run.exited) !== 0) throw new Error(`The bill of materials could not be made: ${problems}`)
  return addRuntime(JSON.parse(text) as BillOfMaterials, date)
}

/** Bun is no package of ours, and most of the binary. */
export function addRuntime(bill: BillOfMaterials, date: string): BillOfMaterials {
  const runtime = {
    type: 'platform',
    name: 'bun',
    version: Bun.version,
    'bom-ref': `bun@${Bun.version}`,
    description: 'The runtime that the binary begins with',
    licenses: [{ license: { id: 'MIT' } }],
    purl: `pkg:github/oven-sh/bun@bun-v${Bun.version}`,
  }
  const main = bill.metadata.component['bom-ref']
  return {
    ...bill,
    metadata: { ...bill.metadata, timestamp: `${date}T00:00:00Z` },
    components: [...bill.components, runtime],
    dependencies: [
      ...bill.dependencies.map((row) =>
        row.ref === main ? { ...row, dependsOn: [...(row.dependsOn ?? []), runtime['bom-ref']] } : row,
      ),
      { ref: runtime['bom-ref'] },
    ],
  }
}

/** The document as text. Throws where it is not what the published schema of CycloneDX 1.6 says. */
export async function renderBillOfMaterials(bill: BillOfMaterials): Promise<string> {
  const text = `${JSON.stringify(bill, undefined, 2)}\n`
  const problem = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)
  if (problem !== null) throw new Error(`The bill of materials breaks its schema: ${JSON.stringify(problem)}`)
  return text
}
