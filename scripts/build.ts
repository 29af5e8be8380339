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

interface BuildOptions {
  /** As Bun names them: `bun-linux-x64-musl`, `bun-darwin-arm64`, …; undefined for this machine. */
  readonly target: Bun.Build.CompileTarget | undefined
  readonly outfile: string
  /** undefined to ask git. */
  readonly commit: CommitInfo | undefined
}

interface CommitInfo {
  readonly commit: string
  readonly date: string
}

/** Whoever runs the old binary meanwhile is not disturbed: the new one takes its place when it is whole. */
async function build({ outfile, ...options }: BuildOptions): Promise<void> {
  mkdirSync(dirname(outfile), { recursive: true })
  // The name of the file goes into its bytes, so the folder is what differs.
  const folder = mkdtempSync(join(dirname(outfile), '.build-'))
  try {
    const built = join(folder, basename(outfile))
    await compile({ ...options, outfile: built })
    renameSync(built, outfile)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * One self-contained file. The same commit and the same name of the file give the same bytes: nothing in it depends on when or where it was
 * built. Neither `.env` nor `bunfig.toml` of the folder it runs in is read: a preload there would run as code of ours (T40).
 */
async function compile({ target, outfile, ...options }: BuildOptions): Promise<void> {
  const { commit, date } = options.commit ?? (await readCommit())
  const result = await Bun.build({
    entrypoints: entrypoints.map((path) => join(root, path)),
    root: join(root, 'src'),
    format: 'esm',
    bytecode: true,
    // Names are kept: stacks and error classes show them.
    minify: { whitespace: true, syntax: true, identifiers: false },
    // Embedded, so that stacks name our files and lines.
    sourcemap: 'linked',
    define: {
      BUILD_VERSION: JSON.stringify(version),
      BUILD_COMMIT: JSON.stringify(commit),
      BUILD_DATE: JSON.stringify(date),
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
  if (!result.success) throw new Error('The build failed')
}

/** The commit's own day, not today's. `-dirty` says that the files are not those of the commit. */
async function readCommit(): Promise<CommitInfo> {
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
  const outfile = resolve(values.outfile)
  const { commit, date = 'unknown' } = values
  await build({
    outfile,
    target: values.target as Bun.Build.CompileTarget | undefined,
    commit: commit === undefined ? undefined : { commit, date },
  })
  process.stdout.write(`${outfile}: ${(Bun.file(outfile).size / 1_000_000).toFixed(1)} MB\n`)
}

if (import.meta.main) await main()
