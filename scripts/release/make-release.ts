import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { commandTable } from '../../src/cli/command-table.ts'
import { renderCompletions } from '../../src/cli/completions.ts'
import { renderSystemdUnit } from '../../src/deploy/systemd-unit.ts'
import { build, type CommitInfo } from '../build.ts'
import { type BillOfMaterials, createBillOfMaterials, renderBillOfMaterials } from './bill-of-materials.ts'
import { inspectBinary, problemsOf } from './binary-facts.ts'
import { packDebian } from './debian-package.ts'
import { packMcpb } from './mcpb-bundle.ts'
import { packMain, packPlatform } from './npm-packages.ts'
import { type PackedFile, packTarGz, packZip, textFile } from './packing.ts'
import type { BinaryFacts } from './program-file.ts'
import type { Project } from './project.ts'
import { type ReleasedBundle, renderRegistryEntry } from './registry-entry.ts'
import { ReleaseFolder } from './release-folder.ts'
import { binaryName, type Target } from './target-table.ts'
import { renderThirdPartyLicences } from './third-party-licences.ts'

export interface ReleaseOptions {
  readonly project: Project
  readonly targets: readonly Target[]
  readonly outdir: string
  readonly commit: CommitInfo
}

/** What was made for one target. */
export interface MadeTarget {
  readonly target: Target
  readonly facts: BinaryFacts
  readonly binaryBytes: number
  readonly archiveBytes: number
}

/** Something that the release lacks. */
export interface LeftOut {
  readonly what: string
  readonly why: string
}

export interface ReleaseOutcome {
  readonly made: readonly MadeTarget[]
  /** What was asked for and could not be had. */
  readonly missing: readonly LeftOut[]
  /** What is only made where package.json says more. */
  readonly skipped: readonly LeftOut[]
}

/** Nothing of what was asked for could be had. */
export class UnavailableError extends Error {}

/** A binary that its headers say runs on its target. */
interface BuiltBinary {
  readonly target: Target
  readonly facts: BinaryFacts
  readonly bytes: Uint8Array
  readonly modules: Bun.BuildMetafile
}

/** What goes into every package beside the binary. */
interface Companions {
  readonly bill: BillOfMaterials
  readonly licences: readonly PackedFile[]
  readonly modifiedAtMs: number
}

/**
 * Makes every file of a release in `outdir`, the same bytes for the same commit. A target whose runtime cannot be had is left out and named; rejects
 * where none is left, or where a binary would not run on its target.
 */
export async function makeRelease(options: ReleaseOptions): Promise<ReleaseOutcome> {
  const { project, targets, commit } = options
  const folder = new ReleaseFolder(options.outdir)
  try {
    const made: MadeTarget[] = []
    const missing: LeftOut[] = []
    const bundles: ReleasedBundle[] = []
    let companions: Companions | undefined
    // One after the other: each holds a few hundred megabytes.
    for (const target of targets) {
      const binary = await buildBinary(target, commit, folder.scratch)
      if (typeof binary === 'string') {
        missing.push({ what: target.name, why: binary })
        continue
      }
      companions ??= await makeCompanions(commit, binary)
      made.push(await addBinary(folder, project, binary, companions))
      bundles.push(...addBundle(folder, project, binary, companions))
      await addPackages(folder, project, binary, companions)
    }
    if (companions === undefined)
      throw new UnavailableError(
        `No target could be built: ${missing.map(({ what, why }) => `${what}: ${why}`).join('; ')}`,
      )
    const skipped = await addCommon(folder, project, companions, bundles)
    folder.finish()
    return { made, missing, skipped }
  } finally {
    folder.discard()
  }
}

/** The binary, or why its runtime cannot be had. */
async function buildBinary(
  target: Target,
  commit: CommitInfo,
  scratch: string,
): Promise<BuiltBinary | string> {
  const folder = join(scratch, target.name)
  const outfile = join(folder, binaryName(target))
  try {
    const modules = await build({ target: target.bun, outfile, commit })
    return { target, modules, ...inspect(target, outfile) }
  } catch (error) {
    const reason = whyUnreachable(error)
    if (reason === undefined) throw error
    return reason
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Bun's word that it could not download the runtime of a target, which is no fault of the sources; undefined for every other failure. */
export function whyUnreachable(error: unknown): string | undefined {
  const failures: readonly unknown[] = error instanceof AggregateError ? error.errors : [error]
  return failures
    .map((failure) => (failure instanceof Error ? failure.message : String(failure)))
    .find((message) => message.includes('Failed to download'))
}

function inspect(target: Target, path: string): Pick<BuiltBinary, 'facts' | 'bytes'> {
  const bytes = readFileSync(path)
  const facts = inspectBinary(bytes)
  const problems = problemsOf(facts, target)
  if (problems.length > 0)
    throw new Error(`The binary for ${target.name} would not run: ${problems.join('; ')}`)
  return { facts, bytes }
}

async function makeCompanions({ date }: CommitInfo, { modules }: BuiltBinary): Promise<Companions> {
  // Where no commit says one, as in a copy of the sources: the earliest that every format can hold.
  const day = /^\d{4}-\d\d-\d\d$/.test(date) ? date : '1980-01-01'
  const bill = await createBillOfMaterials(modules, day)
  const root = join(import.meta.dir, '../..')
  return {
    bill,
    licences: [
      { path: 'LICENSE', bytes: readFileSync(join(root, 'LICENSE')), mode: 0o644 },
      textFile(thirdPartyName, renderThirdPartyLicences(bill)),
    ],
    modifiedAtMs: Date.parse(`${day}T00:00:00Z`),
  }
}

const thirdPartyName = 'THIRD-PARTY-LICENSES.txt'

/** The binary by itself, and in an archive that brings what has to go with it. */
async function addBinary(
  folder: ReleaseFolder,
  project: Project,
  { target, facts, bytes }: BuiltBinary,
  { licences, modifiedAtMs }: Companions,
): Promise<MadeTarget> {
  const name = `${project.name}-${project.version}-${target.name}`
  folder.add(target.os === 'win32' ? `${name}.exe` : name, bytes, 0o755)
  const files = [
    { path: binaryName(target), bytes, mode: 0o755 },
    ...licences,
    ...(target.os === 'linux' ? [textFile(`${project.name}.service`, renderUnit(project))] : []),
  ].map((file) => ({ ...file, path: `${name}/${file.path}` }))
  const archive = target.os === 'win32' ? packZip(files, modifiedAtMs) : await packTarGz(files, modifiedAtMs)
  folder.add(`${name}${target.os === 'win32' ? '.zip' : '.tar.gz'}`, archive)
  return { target, facts, binaryBytes: bytes.byteLength, archiveBytes: archive.byteLength }
}

/** The unit that `generate systemd` prints. */
function renderUnit({ name }: Project): string {
  return renderSystemdUnit({ program: name, image: name, publicUrl: undefined })
}

function addBundle(
  folder: ReleaseFolder,
  project: Project,
  { target, bytes }: BuiltBinary,
  { licences, modifiedAtMs }: Companions,
): readonly ReleasedBundle[] {
  if (!target.isInMcpb) return []
  const file = `${project.name}-${project.version}-${target.name}.mcpb`
  return [{ file, sha256: folder.add(file, packMcpb(project, target, bytes, licences, modifiedAtMs)) }]
}

async function addPackages(
  folder: ReleaseFolder,
  project: Project,
  { target, facts, bytes }: BuiltBinary,
  { licences, modifiedAtMs }: Companions,
): Promise<void> {
  if (target.isInNpm) {
    const { name, bytes: tarball } = await packPlatform(project, target, bytes, licences, modifiedAtMs)
    folder.add(name, tarball)
  }
  if (target.debian === undefined) return
  const glibc = facts.needs.find((need) => need.startsWith('GLIBC_'))?.slice('GLIBC_'.length)
  if (glibc === undefined) throw new Error(`The binary for ${target.name} names no version of glibc`)
  const contents = {
    architecture: target.debian,
    binary: bytes,
    glibc,
    unit: renderUnit(project),
    completions: {
      bash: renderCompletions('bash', commandTable),
      zsh: renderCompletions('zsh', commandTable),
      fish: renderCompletions('fish', commandTable),
    },
    copyright: licences.map(({ bytes: text }) => new TextDecoder().decode(text)).join('\n'),
  }
  folder.add(
    `${project.name}_${project.version}_${target.debian}.deb`,
    await packDebian(project, contents, modifiedAtMs),
  )
}

/** What there is once for all targets. */
async function addCommon(
  folder: ReleaseFolder,
  project: Project,
  { bill, licences, modifiedAtMs }: Companions,
  bundles: readonly ReleasedBundle[],
): Promise<readonly LeftOut[]> {
  const npm = await packMain(project, licences, modifiedAtMs)
  folder.add(npm.name, npm.bytes)
  folder.add(`${project.name}-${project.version}.cdx.json`, await renderBillOfMaterials(bill))
  for (const { path, bytes } of licences) folder.add(path, bytes)
  return addRegistryEntry(folder, project, bundles)
}

/** `server.json`, or why there is none: the registry lists what lies in a repository. */
export function addRegistryEntry(
  folder: Pick<ReleaseFolder, 'add'>,
  project: Project,
  bundles: readonly ReleasedBundle[],
): readonly LeftOut[] {
  if (project.repository === undefined)
    return [{ what: 'server.json', why: 'package.json names no "repository" at GitHub' }]
  folder.add('server.json', renderRegistryEntry(project, project.repository, bundles))
  return []
}
