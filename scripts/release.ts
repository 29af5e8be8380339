import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type CommitInfo, readCommit, targetOfThisMachine } from './build.ts'
import { parseChecksums } from './release/checksums.ts'
import {
  type MadeTarget,
  makeRelease,
  type ReleaseOutcome,
  UnavailableError,
} from './release/make-release.ts'
import { type Project, readProject } from './release/project.ts'
import { checksumsName } from './release/release-folder.ts'
import { type Target, targetTable } from './release/target-table.ts'

/**
 * Makes a release: bun run release [--target linux-x64]… [--outdir dist/release] [--check]
 * Without --target for every machine; `host` is this one. --check makes it a second time, in a copy of the folder, and fails where a byte differs.
 * Exit codes: 0 all of it was made, 1 it failed, 2 wrong flag, 69 what a target needs could not be had.
 */

const root = join(import.meta.dir, '..')

/** EX_UNAVAILABLE of sysexits.h. */
const unavailable = 69

interface ReleaseFlags {
  readonly targets: readonly Target[]
  readonly outdir: string
  readonly isChecked: boolean
  readonly commit: CommitInfo | undefined
}

class UsageError extends Error {}

function parseFlags(args: readonly string[]): ReleaseFlags {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        target: { type: 'string', multiple: true },
        outdir: { type: 'string', default: join(root, 'dist/release') },
        check: { type: 'boolean', default: false },
        commit: { type: 'string' },
        date: { type: 'string' },
      },
    })
    const { target, outdir, check, commit, date = 'unknown' } = values
    return {
      targets: target === undefined ? targetTable : target.map(findTarget),
      outdir: resolve(outdir),
      isChecked: check,
      commit: commit === undefined ? undefined : { commit, date },
    }
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function findTarget(name: string): Target {
  const wanted = name === 'host' ? targetOfThisMachine() : name
  const target = targetTable.find((one) => one.name === wanted)
  if (target !== undefined) return target
  const known = ['host', ...targetTable.map((one) => one.name)].join(', ')
  throw new Error(`--target ${name}: there is ${known}`)
}

/** The release of the same commit, made in a copy that lies elsewhere, under another clock: the sums of its files. */
async function makeElsewhere(
  { commit, date }: CommitInfo,
  targets: readonly Target[],
): Promise<ReadonlyMap<string, string>> {
  const copy = mkdtempSync(join(tmpdir(), 'release-again-'))
  try {
    for (const path of await trackedFiles()) cpSync(join(root, path), join(copy, path))
    await run([process.execPath, 'install', '--frozen-lockfile', '--no-summary'], copy)
    await run(
      [
        ...[process.execPath, 'scripts/release.ts', '--commit', commit, '--date', date],
        ...['--outdir', join(copy, 'made'), ...targets.flatMap(({ name }) => ['--target', name])],
      ],
      copy,
    )
    return parseChecksums(readFileSync(join(copy, 'made', checksumsName), 'utf8'))
  } finally {
    rmSync(copy, { recursive: true })
  }
}

/** Everything that git knows or would take in. */
async function trackedFiles(): Promise<readonly string[]> {
  const list = await run(['git', 'ls-files', '--cached', '--others', '--exclude-standard', '-z'], root)
  return list.split('\0').filter((path) => path !== '' && Bun.file(join(root, path)).size > 0)
}

async function run(command: readonly string[], cwd: string): Promise<string> {
  const child = Bun.spawn([...command], {
    cwd,
    env: { ...process.env, TZ: 'Pacific/Kiritimati' },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()])
  if ((await child.exited) !== 0) throw new Error(`${command.join(' ')} failed in ${cwd}: ${stderr}${stdout}`)
  return stdout
}

/** The names of files that are not the same in both, or in one of them alone. */
export function differingFiles(
  one: ReadonlyMap<string, string>,
  other: ReadonlyMap<string, string>,
): readonly string[] {
  const names = new Set([...one.keys(), ...other.keys()])
  return [...names].filter((name) => one.get(name) !== other.get(name)).sort()
}

function report(
  { name, version }: Project,
  { commit, date }: CommitInfo,
  { made, missing, skipped }: ReleaseOutcome,
  outdir: string,
): string {
  const here = targetOfThisMachine()
  const lines = [
    `${name} ${version} (${commit} ${date})`,
    ...made.map((one) => {
      const binary = join(outdir, `${name}-${version}-${one.target.name}`)
      return describeTarget(one, one.target.name === here ? tryBinary(binary) : undefined)
    }),
    ...missing.map(({ what, why }) => `${what}: not made. ${why}`),
    ...skipped.map(({ what, why }) => `${what}: skipped. ${why}`),
  ]
  return `${lines.join('\n')}\n`
}

/** What the binary of this machine says of itself. Throws where it does not run. */
function tryBinary(path: string): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([path, 'version'])
  if (exitCode !== 0) throw new Error(`${path} does not run: ${stderr.toString()}`)
  return stdout.toString().trim()
}

/** `said` is what the binary said when it was run; of one that does not run here, its headers have to do. */
function describeTarget(
  { target, facts, binaryBytes, archiveBytes }: MadeTarget,
  said: string | undefined,
): string {
  const size = (bytes: number) => `${(bytes / 1_000_000).toFixed(1)} MB`
  const { format, cpu, needs, libraries } = facts
  const shown = said === undefined ? 'not run, its headers say' : `says ${said};`
  return `${target.name}: ${size(binaryBytes)}, packed ${size(archiveBytes)}; ${shown} ${format} ${[cpu, ...needs, ...libraries].join(', ')}`
}

async function main(): Promise<void> {
  const project = readProject()
  const { targets, outdir, isChecked, commit: given } = parseFlags(process.argv.slice(2))
  const commit = given ?? (await readCommit())
  // Both at once: each keeps one processor busy.
  const elsewhere = isChecked ? makeElsewhere(commit, targets) : undefined
  const [outcome, sums] = await Promise.all([makeRelease({ project, targets, outdir, commit }), elsewhere])
  process.stdout.write(`${report(project, commit, outcome, outdir)}${outdir}\n`)
  if (commit.commit.endsWith('-dirty'))
    process.stderr.write('These are not the files of a commit: nothing to publish\n')
  if (sums !== undefined) {
    const differing = differingFiles(parseChecksums(readFileSync(join(outdir, checksumsName), 'utf8')), sums)
    if (differing.length > 0)
      throw new Error(`Made twice, these are not the same bytes: ${differing.join(', ')}`)
    process.stdout.write(`Made twice, in two folders: all ${sums.size} files are the same bytes\n`)
  }
  if (outcome.missing.length > 0) process.exitCode = unavailable
}

function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return 2
  return error instanceof UnavailableError ? unavailable : 1
}

if (import.meta.main) {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = exitCodeOf(error)
  })
}
