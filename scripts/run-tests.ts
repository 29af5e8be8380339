import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Runs `bun test` and ends with one line that says how many tests passed and failed, counted from its report and not from what it printed. */

export interface TestCounts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** The counts of a JUnit report. Throws where it holds none. */
export function parseReport(report: string): TestCounts {
  const head = /<testsuites\b[^>]*>/.exec(report)?.[0] ?? ''
  const count = (name: string) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(head)?.[1] ?? Number.NaN)
  const counts = { failed: count('failures'), skipped: count('skipped') }
  const passed = count('tests') - counts.failed - counts.skipped
  if (!Number.isInteger(passed)) throw new Error('The report of bun test holds no counts')
  return { passed, ...counts }
}

/** 0 only where bun test said so, something passed and nothing failed. */
export function exitCodeOf(bunExitCode: number, { passed, failed }: TestCounts): number {
  if (bunExitCode !== 0) return bunExitCode
  return passed > 0 && failed === 0 ? 0 : 1
}

function readReport(path: string): TestCounts {
  try {
    return parseReport(readFileSync(path, 'utf8'))
  } catch (error) {
    process.stderr.write(`No tests were counted: ${error}\n`)
    return { passed: 0, failed: 0, skipped: 0 }
  }
}

/** Another order with every commit, and the same for one commit: what failed by its order fails again. */
function randomOrder(): readonly string[] {
  const { stdout, success } = Bun.spawnSync(['git', 'rev-parse', 'HEAD'])
  return success ? [`--seed=${Number.parseInt(stdout.toString().slice(0, 7), 16)}`] : ['--randomize']
}

async function main(): Promise<void> {
  const folder = join(import.meta.dir, '..', '.cache')
  const reportPath = join(folder, 'test-report.xml')
  mkdirSync(folder, { recursive: true })
  rmSync(reportPath, { force: true })
  const order = process.env['CI'] === 'true' ? randomOrder() : []
  const report = ['--reporter=junit', `--reporter-outfile=${reportPath}`]
  // A shared machine may take seconds for what takes milliseconds elsewhere; what hangs is still ended.
  const timeout = ['--timeout', '60000']
  const run = Bun.spawn(
    [process.execPath, 'test', ...timeout, ...order, ...report, ...process.argv.slice(2)],
    {
      stdio: ['inherit', 'inherit', 'inherit'],
    },
  )
  const bunExitCode = await run.exited
  const counts = readReport(reportPath)
  if (counts.skipped > 0) process.stdout.write(`${counts.skipped} skipped\n`)
  const summary = `${counts.passed} passed, ${counts.failed} failed\n`
  process.stdout.write(summary)
  // For .ci/run, which says it again at its end.
  writeFileSync(join(folder, 'test-summary'), summary)
  process.exitCode = exitCodeOf(bunExitCode, counts)
}

if (import.meta.main) await main()
