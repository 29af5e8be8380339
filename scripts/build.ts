import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { version } from '../package.json'

/**
 * Builds the binary: bun scripts/build.ts [--target bun-linux-arm64] [--outfile dist/slack-integrated-server]
 * Where the folder has no repository, as in an image's build: --commit and --date say what git would.
 */

const root = join(import.meta.dir, '..')

/** The modules that start by themselves: the process, and what runs in a worker. In the binary their paths begin below src. */
const entrypoints = ['src/main.ts', 'src/queue/sqlite-writer.ts']

export interface BuildOptions {
  /** As Bun names them: `bun-linux-x64-musl`, `bun-darwin-arm64`, …; undefined for this machine. */
  readonly target: Bun.Build.CompileTarget | undefined
  readonly outfile: string
  /** undefined to ask git. */
  readonly commit: CommitInfo | undefined
}

export interface CommitInfo {
  readonly commit: string
  /** As 2026-11-24; `unknown` where nothing says. */
  readonly date: string
}

/**
 * Builds the binary and says which modules are in it. Whoever runs the old one meanwhile is not disturbed: the new one takes its place when it is
 * whole. Rejects with what Bun says where the sources do not compile, or the runtime of another target cannot be had.
 */
export async function build({ outfile, ...options }: BuildOptions): Promise<Bun.BuildMetafile> {
  mkdirSync(dirname(outfile), { recursive: true })
  // The name of the file goes into its bytes, so the folder is what differs.
  const folder = mkdtempSync(join(dirname(outfile), '.build-'))
  try {
    const built = join(folder, basename(outfile))
    const modules = await compile({ ...options, outfile: built })
    if ((options.target ?? `bun-${targetOfThisMachine()}`).startsWith('bun-darwin-x64'))
      await dropSignature(built)
    renameSync(built, outfile)
    return modules
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * One self-contained file. The same commit and the same name of the file give the same bytes: nothing in it depends on when or where it was
 * built. Neither `.env` nor `bunfig.toml` of the folder it runs in is read: a preload there would run as code of ours (T40).
 */
async function compile({ target, outfile, ...options }: BuildOptions): Promise<Bun.BuildMetafile> {
  const { commit, date } = options.commit ?? (await readCommit())
  const result = await Bun.build({
    entrypoints: entrypoints.map((path) => join(root, path)),
    root: join(root, 'src'),
    format: 'esm',
    bytecode: true,
    // In pieces, so that a command loads what it needs: in one piece the bytecode of everything is a third of the start of `version`.
    splitting: true,
    // Names are kept: stacks and error classes show them.
    minify: { whitespace: true, syntax: true, identifiers: false },
    // Embedded, so that stacks name our files and lines.
    sourcemap: 'linked',
    metafile: true,
    define: {
      BUILD_VERSION: JSON.stringify(version),
      BUILD_COMMIT: JSON.stringify(commit),
      BUILD_DATE: JSON.stringify(date),
      BUILD_TARGET: JSON.stringify(target?.slice('bun-'.length) ?? targetOfThisMachine()),
      'process.env.NODE_ENV': '"production"',
    },
    compile: {
      ...(target === undefined ? {} : { target }),
      outfile,
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
  })
  for (const log of result.logs) process.stderr.write(`${log}\n`)
  if (!result.success || result.metafile === undefined) throw new Error('The build failed')
  return result.metafile
}

/**
 * Bun leaves the signature of its own runtime in a program for Intel Macs (oven-sh/bun 39837), where it no longer fits and macOS would end the program.
 * Without any it runs: only Apple silicon asks for one, and there Bun signs anew.
 */
async function dropSignature(path: string): Promise<void> {
  const { unsign } = await import('macho-unsign')
  const unsigned = unsign(await Bun.file(path).arrayBuffer())
  if (unsigned !== null) await Bun.write(path, unsigned)
}

/** The name of the target that Bun builds where it is told none. Alpine and its like have their loader at this place, and no other system has. */
export function targetOfThisMachine(): string {
  const { platform, arch } = process
  if (platform !== 'linux') return `${platform === 'win32' ? 'windows' : platform}-${arch}`
  const isMusl = [...new Bun.Glob('ld-musl-*.so.1').scanSync('/lib')].length > 0
  return `linux-${arch}${isMusl ? '-musl' : ''}`
}

/** The commit's own day, not today's. `-dirty` says that the files are not those of the commit. */
export async function readCommit(): Promise<CommitInfo> {
  const [commit, date] = (await git(['log', '-1', '--format=%h %cs'])).split(' ')
  if (commit === undefined || date === undefined) return { commit: 'unknown', date: 'unknown' }
  const changes = await git([
    'status',
    '--porcelain',
    '--',
    'src',
    'scripts/build.ts',
    'package.json',
    'bun.lock',
  ])
  return { commit: changes === '' ? commit : `${commit}-dirty`, date }
}

/** What git says; nothing where there is no repository, as in a source archive. */
async function git(args: readonly string[]): Promise<string> {
  if (Bun.which('git') === null) return ''
  const run = Bun.spawn(['git', ...args], { cwd: root, stdout: 'pipe', stderr: 'ignore' })
  const text = await new Response(run.stdout).text()
  return (await run.exited) === 0 ? text.trim() : ''
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      target: { type: 'string' },
      outfile: { type: 'string', default: join(root, 'dist/slack-integrated-server') },
      commit: { type: 'string' },
      date: { type: 'string' },
    },
  })
  const { commit, target, date = 'unknown' } = values
  // Bun appends it by itself, and the file would lie elsewhere than was said.
  const suffix = target?.includes('windows') === true && !values.outfile.endsWith('.exe') ? '.exe' : ''
  const outfile = resolve(`${values.outfile}${suffix}`)
  await build({
    outfile,
    target: target as Bun.Build.CompileTarget | undefined,
    commit: commit === undefined ? undefined : { commit, date },
  })
  process.stdout.write(`${outfile}: ${(Bun.file(outfile).size / 1_000_000).toFixed(1)} MB\n`)
}

if (import.meta.main) await main()
