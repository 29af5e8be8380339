import type { MetricName, MetricTable } from './metric-table.ts'

type NamesOfType<Type extends string> = {
  [Name in MetricName]: MetricTable[Name]['type'] extends Type ? Name : never
}[MetricName]

export type CounterName = NamesOfType<'counter'>
export type GaugeName = NamesOfType<'gauge'>
export type HistogramName = NamesOfType<'histogram'>

/** The labels of one metric: members of its closed sets, any text for its open ones (unregistered text counts as `_other`). */
export type MetricLabels<Name extends MetricName> = MetricTable[Name] extends {
  readonly combinations: readonly (infer Combination)[]
}
  ? OneOf<Combination>
  : OneOf<MetricTable[Name]['labels']>

/** For each of several sets of labels by itself, so that a value of one set does not meet one of another. */
type OneOf<Labels> = Labels extends unknown
  ? { readonly [Label in keyof Labels]: Labels[Label] extends readonly (infer Value)[] ? Value : string }
  : never

/** What modules measure with. Every name and label is a row of the metric table. */
export interface Metrics {
  increment<Name extends CounterName>(name: Name, labels: MetricLabels<Name>, by?: number): void
  set<Name extends GaugeName>(name: Name, labels: MetricLabels<Name>, value: number): void
  observe<Name extends HistogramName>(name: Name, labels: MetricLabels<Name>, value: number): void
}
