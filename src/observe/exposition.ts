// An embedder's compiler sees this file, but no declaration that nothing leads to.
/// <reference path="./process-metrics.d.ts" />
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import heapSizeAndUsed from 'prom-client/lib/metrics/heapSizeAndUsed.js'
import osMemoryHeap from 'prom-client/lib/metrics/osMemoryHeap.js'
import processCpuTotal from 'prom-client/lib/metrics/processCpuTotal.js'
import processMaxFileDescriptors from 'prom-client/lib/metrics/processMaxFileDescriptors.js'
import processOpenFileDescriptors from 'prom-client/lib/metrics/processOpenFileDescriptors.js'
import processStartTime from 'prom-client/lib/metrics/processStartTime.js'
import type { CellTree, LabelTexts } from './cell-tree.ts'
import { type MetricRow, metricTable } from './metric-table.ts'

export interface NumberCell {
  value: number
}

export interface HistogramCell {
  /** How many values fell into each bucket alone; the last one is for those above every bound. */
  readonly counts: number[]
  readonly bounds: readonly number[]
  sum: number
}

/** What was measured, by the names of the metric table. */
export interface MeasuredCells {
  readonly numbers: ReadonlyMap<string, CellTree<NumberCell>>
  readonly histograms: ReadonlyMap<string, CellTree<HistogramCell>>
  /** CPU, memory, file descriptors and age of the process too. */
  readonly hasProcessMetrics: boolean
}

export interface Exposition {
  /** The text that a scraper reads, of what the cells hold now. */
  readonly render: () => Promise<string>
}

/** The cells as Prometheus reads them, by prom-client; loading it is a tenth of the start, so only a scrape does. */
export function createExposition({ numbers, histograms, hasProcessMetrics }: MeasuredCells): Exposition {
  const registry = new Registry()
  if (hasProcessMetrics) measureProcess(registry)
  for (const [name, row] of Object.entries<MetricRow>(metricTable)) {
    const common = { name, help: row.help, labelNames: Object.keys(row.labels), registers: [registry] }
    const number = numbers.get(name)
    const histogram = histograms.get(name)
    if (number !== undefined) exposeNumber(common, row, number)
    if (histogram !== undefined)
      new CellHistogram(histogram, { ...common, buckets: [...(row.buckets ?? [])] })
  }
  return { render: () => registry.metrics() }
}

interface Common {
  readonly name: string
  readonly help: string
  readonly labelNames: string[]
  readonly registers: Registry[]
}

function exposeNumber(common: Common, { type }: MetricRow, tree: CellTree<NumberCell>): void {
  if (type === 'gauge') {
    const gauge: Gauge = new Gauge({
      ...common,
      collect() {
        gauge.remove({})
        for (const { labels, cell } of tree.series) gauge.set(labels, cell.value)
      },
    })
    return
  }
  const counter: Counter = new Counter({
    ...common,
    collect() {
      counter.reset()
      for (const { labels, cell } of tree.series) counter.inc(labels, cell.value)
    },
  })
}

/** prom-client's histogram has no way to be told its counts, so this one answers the call by which the registry reads it. */
class CellHistogram extends Histogram {
  readonly #tree: CellTree<HistogramCell>
  readonly #description: { readonly name: string; readonly help: string }

  constructor(tree: CellTree<HistogramCell>, configuration: ConstructorParameters<typeof Histogram>[0]) {
    super(configuration)
    this.#tree = tree
    this.#description = { name: configuration.name, help: configuration.help }
  }

  async getForPromString(): Promise<object> {
    const { name, help } = this.#description
    const values = this.#tree.series.flatMap(({ labels, cell }) => histogramLines(name, labels, cell))
    return { name, help, type: 'histogram', aggregator: 'sum', values }
  }
}

function histogramLines(name: string, sharedLabels: LabelTexts, cell: HistogramCell): object[] {
  let count = 0
  const lines: object[] = cell.counts.map((inBucket, index) => {
    count += inBucket
    return {
      metricName: `${name}_bucket`,
      labels: { le: cell.bounds[index] ?? '+Inf' },
      sharedLabels,
      value: count,
    }
  })
  lines.push({ metricName: `${name}_sum`, labels: {}, sharedLabels, value: cell.sum })
  lines.push({ metricName: `${name}_count`, labels: {}, sharedLabels, value: count })
  return lines
}

function measureProcess(registry: Registry): void {
  for (const measure of [
    processCpuTotal,
    processStartTime,
    osMemoryHeap,
    processOpenFileDescriptors,
    processMaxFileDescriptors,
    heapSizeAndUsed,
  ]) {
    measure(registry)
  }
  // VmData of /proc: on Bun that is reserved address space, tens of gigabytes that nobody uses.
  registry.removeSingleMetric('process_heap_bytes')
}
