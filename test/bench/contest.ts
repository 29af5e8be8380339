import type { BenchContext, Comparison, FigureName, Figures, Goal, ReportLine } from './bench-case.ts'
import { type Summary, summarize } from './statistics.ts'

/** One of several that do the same work: a process that is started once and measured in every round. */
export interface Contender {
  readonly name: string
  start(): Promise<Contestant>
}

export interface Contestant extends AsyncDisposable {
  measure(seconds: number): Promise<Figures>
}

export interface ContestResult {
  readonly rounds: number
  readonly lines: readonly ReportLine[]
  /** How many times the figure of one is that of the other, round by round. */
  ratio(figure: FigureName, of: string, to: string): Summary
  /** What was measured of one, in the order of the rounds. */
  seen(name: string): readonly Figures[]
}

/** A machine is never quiet: what disturbs it for a while meets everybody in one round, and the median leaves such a round out. */
export const roundCount = 5
/** What is measured is a server at work: for some seconds after its start the runtime still compiles, and more in a server that does more. */
const warmUpSeconds = 15

/** Measures all of them in turn, round by round (A B A B), after a warm-up each. */
export async function runContest(
  contenders: readonly Contender[],
  { seconds, say }: BenchContext,
): Promise<ContestResult> {
  await using stack = new AsyncDisposableStack()
  const running: { readonly name: string; readonly contestant: Contestant; readonly seen: Figures[] }[] = []
  for (const { name, start } of contenders) {
    say(`${name}: start`)
    const contestant = stack.use(await start())
    await contestant.measure(warmUpSeconds)
    running.push({ name, contestant, seen: [] })
  }
  for (let round = 1; round <= roundCount; round++) {
    for (const { name, contestant, seen } of running) {
      say(`${name}: round ${round} of ${roundCount}`)
      seen.push(await contestant.measure(seconds))
    }
  }
  const seenOf = (name: string) => running.find((one) => one.name === name)?.seen ?? []
  return {
    rounds: roundCount,
    lines: running.map(({ name, seen }) => ({ name, figures: summarizeFigures(seen) })),
    ratio: (figure, of, to) => summarizeRatios(figure, seenOf(of), seenOf(to)),
    seen: seenOf,
  }
}

/** How many times the figure of one is that of another, round by round. */
export function summarizeRatios(figure: FigureName, of: readonly Figures[], to: readonly Figures[]): Summary {
  return summarize(of.map((own, round) => (own[figure] ?? Number.NaN) / (to[round]?.[figure] ?? Number.NaN)))
}

/** Errors are added up, everything else has a median. */
export function summarizeFigures(seen: readonly Figures[]): ReportLine['figures'] {
  const names = Object.keys(seen[0] ?? {}) as FigureName[]
  return Object.fromEntries(
    names.map((name) => {
      const values = seen.map((figures) => figures[name] ?? Number.NaN)
      const sum = values.reduce((total, value) => total + value, 0)
      return [name, name === 'errors' ? summarize([sum]) : summarize(values)]
    }),
  )
}

/** Both ratios that speak of speed: requests per second, and CPU for each, turned so that more is better in both. */
export function compareSpeed(
  contest: ContestResult,
  { of, to, goal }: { readonly of: string; readonly to: string; readonly goal?: Goal },
): readonly Comparison[] {
  return [
    {
      says: `${of}: requests per second, to ${to}`,
      value: contest.ratio('perSecond', of, to),
      ...(goal !== undefined && { goal }),
    },
    { says: `${of}: CPU for each, ${to} to it`, value: contest.ratio('cpuMicroseconds', to, of) },
  ]
}
