import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMet } from '../../test/bench/bench-case.ts'
import { caseTable } from '../../test/bench/case-table.ts'
import { type CaseReport, comparisonsTable, figuresTable, type TextTable } from '../../test/bench/report.ts'
import { cell, page, table } from './markdown.ts'

const recordPath = join(import.meta.dir, '..', '..', 'docs', 'performance.json')

/** Whether anything was recorded. */
export function hasRecord(): boolean {
  return existsSync(recordPath)
}

/** What was measured last and recorded. */
export function renderPerformancePage(): string {
  const reports = JSON.parse(readFileSync(recordPath, 'utf8')) as readonly CaseReport[]
  return renderPerformance(reports, (name) => caseTable[name]?.profileShows)
}

/** The page of these reports. `reasonOf` says by its name why a case misses a goal, as far as that is known. */
export function renderPerformance(
  reports: readonly CaseReport[],
  reasonOf: (name: string) => string | undefined,
): string {
  return page([
    '<!-- Made from docs/performance.json by "bun run generate"; "bun run bench --record" measures that. Edit neither. -->',
    '# Performance',
    'Figures of one machine say little about another one; ratios within one run say more. So what is compared ran on one machine in one run, in turn (A B A B), and each ratio is the median of its rounds with the lowest and the highest beside it. Load comes from a process of its own. Every answer is checked, and an event that was answered and not stored exactly once is an error. CPU is user and system time of the server process and all its threads, as the kernel accounts for it, for each request: it depends less on what else the machine does than requests per second.',
    'To measure it yourself: `bun run bench`, or `bun run bench --case NAME --seconds N` for one case. `wrk` makes the load where it is installed, `autocannon` elsewhere; the peers are installed from a lock file of their own.',
    ...reports.flatMap((report) => renderCase(report, reasonOf(report.name))),
  ])
}

function renderCase(report: CaseReport, reason: string | undefined): readonly string[] {
  const { title, name, method, secondsEach, rounds, machine, lines, comparisons, skipped } = report
  const isMissed = comparisons.some(({ value, goal }) => goal !== undefined && !isMet(value, goal))
  const versions = Object.entries(machine.versions).map(([of, version]) => `${of} ${version}`)
  return [
    `## ${title}`,
    cell(method),
    renderTable(figuresTable(lines)),
    ...(comparisons.length === 0 ? [] : [renderTable(comparisonsTable(comparisons))]),
    ...(isMissed && reason !== undefined ? [cell(reason)] : []),
    ...skipped.map((text) => `Not measured: ${cell(text)}.`),
    `\`bun run bench --case ${name} --seconds ${secondsEach}\`, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}, on ${machine.date} at ${machine.commit}: ${machine.processor}, ${machine.cores} cores, ${machine.memoryGigabytes} GB, ${machine.kernel}; ${versions.join(', ')}.`,
  ]
}

function renderTable({ header, rows }: TextTable): string {
  return table(
    header.map(cell),
    rows.map((row) => row.map(cell)),
  )
}
