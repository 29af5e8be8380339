import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CaseReport, comparisonsTable, figuresTable, type TextTable } from '../../test/bench/report.ts'
import { cell, page, table } from './markdown.ts'

const recordPath = join(import.meta.dir, '..', '..', 'docs', 'performance.json')

/** Whether anything was recorded. */
export function hasRecord(): boolean {
  return existsSync(recordPath)
}

/** What was measured last and recorded. */
export function renderPerformancePage(): string {
  return renderPerformance(JSON.parse(readFileSync(recordPath, 'utf8')) as readonly CaseReport[])
}

/** The page of these reports. */
export function renderPerformance(reports: readonly CaseReport[]): string {
  return page([
    '<!-- Made from docs/performance.json by "bun run generate"; "bun run bench --record" measures that. Edit neither. -->',
    '# Performance',
    'Figures of one machine say little about another one; ratios within one run say more. So what is compared ran on one machine in one run, in turn (A B A B), and each ratio is the median of its rounds with the lowest and the highest beside it. Load comes from a process of its own. Every answer is checked, and an event that was answered and not stored exactly once is an error. CPU is user and system time of the server process and all its threads, as the kernel accounts for it, for each request: it depends less on what else the machine does than requests per second.',
    'To measure it yourself: `bun run bench`, or `bun run bench --case NAME --seconds N` for one case. `wrk` makes the load where it is installed, `autocannon` elsewhere; the peers are installed from a lock file of their own.',
    ...reports.flatMap(renderCase),
  ])
}

function renderCase(report: CaseReport): readonly string[] {
  const { title, name, method, secondsEach, machine, lines, comparisons, skipped } = report
  const versions = Object.entries(machine.versions).map(([of, version]) => `${of} ${version}`)
  return [
    `## ${title}`,
    cell(method),
    renderTable(figuresTable(lines)),
    ...(comparisons.length === 0 ? [] : [renderTable(comparisonsTable(comparisons))]),
    ...skipped.map((text) => `Not measured: ${cell(text)}.`),
    `\`bun run bench --case ${name} --seconds ${secondsEach}\` on ${machine.date} at ${machine.commit}: ${machine.processor}, ${machine.cores} cores, ${machine.memoryGigabytes} GB, ${machine.kernel}; ${versions.join(', ')}.`,
  ]
}

function renderTable({ header, rows }: TextTable): string {
  return table(
    header.map(cell),
    rows.map((row) => row.map(cell)),
  )
}
