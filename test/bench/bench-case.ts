import type { Summary } from './statistics.ts'

/** The figures that a case may give, with the unit that they are shown in. */
export const figureTable = {
  perSecond: { title: 'per second', digits: 0 },
  cpuMicroseconds: { title: 'CPU µs each', digits: 1 },
  p50Ms: { title: 'p50 ms', digits: 2 },
  p99Ms: { title: 'p99 ms', digits: 2 },
  milliseconds: { title: 'ms', digits: 1 },
  firstMs: { title: 'first ms', digits: 1 },
  lastMs: { title: 'last ms', digits: 1 },
  slackCalls: { title: 'Slack calls', digits: 0 },
  rssMegabytes: { title: 'RSS MB', digits: 1 },
  idleMegabytes: { title: 'RSS MB idle', digits: 1 },
  eventsMegabytes: { title: 'after 100,000 events', digits: 1 },
  sessionsMegabytes: { title: 'with 1,000 sessions', digits: 1 },
  peopleMegabytes: { title: 'with 20,000 people', digits: 1 },
  descriptors: { title: 'descriptors', digits: 0 },
  tools: { title: 'tools', digits: 0 },
  listBytes: { title: 'bytes of tools/list', digits: 0 },
  messageBytes: { title: 'bytes of 50 messages', digits: 0 },
  share: { title: 'share of raw', digits: 2 },
  exponent: { title: 'exponent', digits: 2 },
  errors: { title: 'errors', digits: 0 },
} as const satisfies Record<string, { readonly title: string; readonly digits: number }>

export type FigureName = keyof typeof figureTable
export type Figures = { readonly [Name in FigureName]?: number }

/** One row of a case's table. */
export interface ReportLine {
  readonly name: string
  readonly figures: { readonly [Name in FigureName]?: Summary }
}

export type Goal = { readonly atLeast: number } | { readonly atMost: number }

/** A figure that is compared: with another one of the same round, or with a bound. */
export interface Comparison {
  readonly says: string
  readonly value: Summary
  readonly goal?: Goal
}

export interface CaseResult {
  /** How often everything was measured, in turn. */
  readonly rounds: number
  readonly lines: readonly ReportLine[]
  readonly comparisons: readonly Comparison[]
  /** What could not be measured and why, by name: a peer that is not there for this machine. */
  readonly skipped?: readonly string[]
}

export interface BenchContext {
  /** How long one measurement under load takes. */
  readonly seconds: number
  /** Progress, for the person who waits. */
  readonly say: (text: string) => void
}

export interface BenchCase {
  readonly title: string
  /** What is measured and how, in sentences: stands above the figures. */
  readonly method: string
  /** What a profile shows as the reason, in sentences: stands on the page where a goal is missed. */
  readonly profileShows?: string
  /** Left out of a run of all cases. */
  readonly isOnlyNamed?: true
  /** Seconds of one measurement where nobody says how many. */
  readonly secondsDefault?: number
  run(context: BenchContext): Promise<CaseResult>
}

export function isMet({ median }: Summary, goal: Goal): boolean {
  return 'atLeast' in goal ? median >= goal.atLeast : median <= goal.atMost
}
