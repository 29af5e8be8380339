import {
  type Comparison,
  type FigureName,
  figureTable,
  type Goal,
  isMet,
  type ReportLine,
} from './bench-case.ts'
import type { Summary } from './statistics.ts'

/** What one run of a case said, as it is written to JSON and rendered. */
export interface CaseReport {
  readonly name: string
  readonly title: string
  readonly method: string
  readonly secondsEach: number
  readonly rounds: number
  readonly machine: Machine
  readonly lines: readonly ReportLine[]
  readonly comparisons: readonly Comparison[]
  readonly skipped: readonly string[]
}

export interface Machine {
  /** Day of the run, ISO 8601. */
  readonly date: string
  readonly commit: string
  readonly processor: string
  readonly cores: number
  readonly memoryGigabytes: number
  readonly kernel: string
  /** Of what took part, by name. */
  readonly versions: Readonly<Record<string, string>>
}

export interface TextTable {
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** A row for each line, a column for each figure that any of them has. */
export function figuresTable(lines: readonly ReportLine[]): TextTable {
  const names = (Object.keys(figureTable) as FigureName[]).filter((name) =>
    lines.some(({ figures }) => figures[name] !== undefined),
  )
  return {
    header: ['', ...names.map((name) => figureTable[name].title)],
    rows: lines.map(({ name: line, figures }) => [
      line,
      ...names.map((name) => showFigure(name, figures[name])),
    ]),
  }
}

export function comparisonsTable(comparisons: readonly Comparison[]): TextTable {
  return {
    header: ['', 'median', 'spread', 'goal'],
    rows: comparisons.map(({ says, value, goal }) => [
      says,
      showNumber(value.median, 2),
      `${showNumber(value.low, 2)}–${showNumber(value.high, 2)}`,
      goal === undefined ? '' : `${showGoal(goal)}: ${isMet(value, goal) ? 'met' : showMiss(value, goal)}`,
    ]),
  }
}

function showGoal(goal: Goal): string {
  return 'atLeast' in goal ? `at least ${goal.atLeast}` : `at most ${goal.atMost}`
}

/** By how much of the goal: in hundredths of it. */
function showMiss({ median }: Summary, goal: Goal): string {
  const wanted = 'atLeast' in goal ? goal.atLeast : goal.atMost
  return `missed by ${showNumber((Math.abs(median - wanted) / wanted) * 100, 1)} %`
}

function showFigure(name: FigureName, summary: Summary | undefined): string {
  return summary === undefined ? '' : showNumber(summary.median, figureTable[name].digits)
}

function showNumber(value: number, digits: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** Columns of equal width, for a terminal. */
export function renderText({ header, rows }: TextTable): string {
  const all = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  return all.map(line).join('\n')
}

/** Answers that were wrong, over all lines. */
export function errorCount({ lines }: Pick<CaseReport, 'lines'>): number {
  return lines.reduce((sum, { figures }) => sum + (figures.errors?.median ?? 0), 0)
}
