import type { MetricName, MetricTable } from '../observe/metric-table.ts'

/** The values of each label that are wanted: of a closed list only those it has. */
type LabelChoice<Name extends MetricName> = {
  readonly [Label in keyof MetricTable[Name]['labels']]?: MetricTable[Name]['labels'][Label] extends readonly (infer Value)[]
    ? readonly Value[]
    : readonly string[]
}

type HistogramName = {
  [Name in MetricName]: MetricTable[Name]['type'] extends 'histogram' ? Name : never
}[MetricName]

/** Writes PromQL selectors. A metric, label or value that does not exist does not compile. */
export interface MetricQueries {
  series<Name extends MetricName>(name: Name, labels?: LabelChoice<Name>): string
  /** The buckets of a histogram. */
  buckets<Name extends HistogramName>(name: Name, labels?: LabelChoice<Name>): string
  /** The number of observations of a histogram. */
  counts<Name extends HistogramName>(name: Name, labels?: LabelChoice<Name>): string
}

/** `also` are matchers that every selector gets. */
export function createMetricQueries(also: readonly string[] = []): MetricQueries {
  const select = (name: string, labels: object = {}) => {
    const matchers = [...Object.entries(labels as Labels).map(asMatcher), ...also]
    return matchers.length === 0 ? name : `${name}{${matchers.join(',')}}`
  }
  return {
    series: select,
    buckets: (name, labels) => select(`${name}_bucket`, labels),
    counts: (name, labels) => select(`${name}_count`, labels),
  }
}

type Labels = Readonly<Record<string, readonly string[] | undefined>>

/** Values of other characters would need escaping; nobody would notice a rule that matches nothing. */
const plainValue = /^[A-Za-z0-9_/-]*$/

function asMatcher([label, values = []]: readonly [string, readonly string[] | undefined]): string {
  if (!values.every((value) => plainValue.test(value)))
    throw new TypeError(`A value of ${label} needs escaping`)
  return values.length === 1 ? `${label}="${values[0]}"` : `${label}=~"${values.join('|')}"`
}
