import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { caseTable } from '../test/bench/case-table.ts'
import { describeMachine } from '../test/bench/machine.ts'
import {
  type CaseReport,
  comparisonsTable,
  errorCount,
  figuresTable,
  renderText,
} from '../test/bench/report.ts'

/**
 * Measures the server beside the limit and its peers: bun run bench [--case NAME] [--seconds N] [--out FILE] [--record]
 * Prints a table for each case and writes the figures to dist/bench.json. With --record they take the place of those that docs/performance.md is
 * made from. Exits 1 where an answer was wrong or a case failed, 2 for arguments that it does not take.
 */

const root = join(import.meta.dir, '..')
const recordPath = join(root, 'docs', 'performance.json')
const secondsDefault = 2

const usage = `usage: bun run bench [--case NAME] [--seconds N] [--out FILE] [--record]
cases: ${Object.keys(caseTable).join(', ')}
`

interface BenchFlags {
  readonly names: readonly string[]
  /** For one measurement; undefined leaves it to the case. */
  readonly seconds: number | undefined
  readonly outPath: string
  readonly isRecorded: boolean
}

/** Throws where an argument is not taken; the message says which. Undefined where only the usage is asked for. */
function parseFlags(args: readonly string[]): BenchFlags | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      case: { type: 'string' },
      seconds: { type: 'string' },
      out: { type: 'string', default: join(root, 'dist', 'bench.json') },
      record: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return undefined
  return {
    names: chosenNames(values.case),
    seconds: chosenSeconds(values.seconds),
    outPath: values.out,
    isRecorded: values.record,
  }
}

function chosenNames(chosen: string | undefined): readonly string[] {
  const names = Object.keys(caseTable)
  if (chosen === undefined) return names.filter((name) => caseTable[name]?.isOnlyNamed !== true)
  if (!names.includes(chosen)) throw new Error(`--case takes one of ${names.join(', ')}`)
  return [chosen]
}

function chosenSeconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const seconds = Number(text)
  if (!Number.isInteger(seconds) || seconds < 1) throw new Error('--seconds takes a positive integer')
  return seconds
}

async function measure(name: string, asked: number | undefined): Promise<CaseReport> {
  const chosen = caseTable[name]
  if (chosen === undefined) throw new Error(`There is no case ${name}`)
  const seconds = asked ?? chosen.secondsDefault ?? secondsDefault
  const say = (text: string) => process.stderr.write(`${name}: ${text}\n`)
  const { rounds, lines, comparisons, skipped = [] } = await chosen.run({ seconds, say })
  const { title, method } = chosen
  return {
    name,
    title,
    method,
    secondsEach: seconds,
    rounds,
    machine: describeMachine(),
    lines,
    comparisons,
    skipped,
  }
}

function show(report: CaseReport): void {
  const tables = [figuresTable(report.lines), comparisonsTable(report.comparisons)]
  const shown = tables.filter(({ rows }) => rows.length > 0).map(renderText)
  const skipped = report.skipped.map((text) => `skipped: ${text}`)
  process.stdout.write(`\n# ${report.title} (${report.name})\n\n${[...shown, ...skipped].join('\n\n')}\n`)
}

/** Each case has the place of its own; those that were not measured now stay. */
async function record(report: CaseReport): Promise<void> {
  const file = Bun.file(recordPath)
  const kept: readonly CaseReport[] = (await file.exists()) ? await file.json() : []
  const all = new Map([...kept, report].map((one) => [one.name, one]))
  const inOrder = Object.keys(caseTable).flatMap((name) => all.get(name) ?? [])
  await Bun.write(file, `${JSON.stringify(inOrder, undefined, 2)}\n`)
}

/** The exit code. */
async function bench({ names, seconds, outPath, isRecorded }: BenchFlags): Promise<number> {
  const reports: CaseReport[] = []
  let hasFailed = false
  for (const name of names) {
    try {
      const report = await measure(name, seconds)
      show(report)
      reports.push(report)
      // After each: a case that fails takes nothing from the others.
      await Bun.write(outPath, `${JSON.stringify(reports, undefined, 2)}\n`)
      if (isRecorded) await record(report)
    } catch (error) {
      hasFailed = true
      process.stderr.write(`${name} failed: ${Bun.inspect(error)}\n`)
    }
  }
  return hasFailed || reports.some((report) => errorCount(report) > 0) ? 1 : 0
}

async function main(args: readonly string[]): Promise<number> {
  let flags: BenchFlags | undefined
  try {
    flags = parseFlags(args)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}`)
    return 2
  }
  if (flags !== undefined) return bench(flags)
  process.stdout.write(usage)
  return 0
}

// What a case left running must not keep the process.
process.exit(await main(process.argv.slice(2)))
