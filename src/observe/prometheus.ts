// An embedder's compiler sees this file, but no declaration that nothing leads to.
/// <reference path="./process-metrics.d.ts" />
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import heapSizeAndUsed from 'prom-client/lib/metrics/heapSizeAndUsed.js'
import osMemoryHeap from 'prom-client/lib/metrics/osMemoryHeap.js'
import processCpuTotal from 'prom-client/lib/metrics/processCpuTotal.js'
import processMaxFileDescriptors from 'prom-client/lib/metrics/processMaxFileDescriptors.js'
import processOpenFileDescriptors from 'prom-client/lib/metrics/processOpenFileDescriptors.js'
import processStartTime from 'prom-client/lib/metrics/processStartTime.js'
import { type Clock, sleep } from '../base/clock.ts'
import { CellTree, type LabelTexts } from './cell-tree.ts'
import { LabelValues, type OpenLabel } from './label-values.ts'
import { type MetricName, type MetricRow, metricTable } from './metric-table.ts'
import type { Metrics } from './metrics.ts'

export interface PrometheusMetrics extends Metrics {
  /** Lets an open label take these values; others are counted as `_other`. */
  register(label: OpenLabel, values: Iterable<string>): void
  /** Called before each scrape, to set gauges that are read rather than counted. One that fails or is late leaves its gauges as they were. */
  onScrape(collect: () => void | Promise<void>): void
  /** The text that a scraper reads; `contentType` is its media type. */
  render(): Promise<string>
  readonly contentType: string
}

export interface PrometheusOptions {
  readonly clock: Clock
  /** Hears what a collector threw. */
  readonly onCollectError: (error: unknown) => void
  /** CPU, memory, file descriptors and age of the process. Default true. */
  readonly hasProcessMetrics?: boolean
}

/** How long a scrape waits for the collectors; scrapers give up after 10 s by default. */
const collectDeadlineMs = 1_000

/**
 * Metrics over a registry of their own, so that two apps in one process do not meet. Nothing runs between scrapes. Measurements go into cells of
 * ours (some 20 ns where prom-client's own take 130 to 300); prom-client reads the cells when it renders.
 */
export function createPrometheusMetrics(options: PrometheusOptions): PrometheusMetrics {
  const registry = new Registry()
  if (options.hasProcessMetrics ?? true) measureProcess(registry)
  const values = new LabelValues()
  const numbers = new Map<string, CellTree<NumberCell>>()
  const histograms = new Map<string, CellTree<HistogramCell>>()
  for (const [name, row] of Object.entries<MetricRow>(metricTable)) {
    if (row.type === 'histogram') histograms.set(name, exposeHistogram(registry, name, row, values))
    else numbers.set(name, exposeNumber(registry, name, row, values))
  }
  const collectors: (() => void | Promise<void>)[] = []
  return {
    increment(name, labels, by = 1) {
      if (!(by >= 0)) throw new RangeError(`A counter cannot grow by ${by}`)
      cellOf(numbers, name, labels).value += by
    },
    set(name, labels, value) {
      cellOf(numbers, name, labels).value = value
    },
    observe(name, labels, value) {
      observe(cellOf(histograms, name, labels), value)
    },
    register: (label, added) => values.register(label, added),
    onScrape: (collect) => collectors.push(collect),
    contentType: registry.contentType,
    async render() {
      await collectAll(collectors, options)
      return registry.metrics()
    },
  }
}

function cellOf<Cell extends object>(
  trees: ReadonlyMap<string, CellTree<Cell>>,
  name: MetricName,
  labels: object,
): Cell {
  const tree = trees.get(name)
  if (tree === undefined) throw new RangeError(`There is no such metric: ${name}`)
  return tree.find(labels as LabelTexts)
}

interface NumberCell {
  value: number
}

/** Counters whose labels are all closed exist at 0 from the start, so that their first increase is seen as one. */
function exposeNumber(
  registry: Registry,
  name: string,
  row: MetricRow,
  values: LabelValues,
): CellTree<NumberCell> {
  const tree = new CellTree<NumberCell>(row, values, () => ({ value: 0 }))
  const common = { name, help: row.help, labelNames: Object.keys(row.labels), registers: [registry] }
  if (row.type === 'gauge') {
    const gauge: Gauge = new Gauge({
      ...common,
      collect() {
        gauge.remove({})
        for (const { labels, cell } of tree.series) gauge.set(labels, cell.value)
      },
    })
    return tree
  }
  tree.fill()
  const counter: Counter = new Counter({
    ...common,
    collect() {
      counter.reset()
      for (const { labels, cell } of tree.series) counter.inc(labels, cell.value)
    },
  })
  return tree
}

interface HistogramCell {
  /** How many values fell into each bucket alone; the last one is for those above every bound. */
  readonly counts: number[]
  readonly bounds: readonly number[]
  sum: number
}

function observe(cell: HistogramCell, value: number): void {
  if (!Number.isFinite(value)) throw new RangeError(`A histogram cannot observe ${value}`)
  const { bounds, counts } = cell
  let index = 0
  while (index < bounds.length && value > (bounds[index] ?? 0)) index++
  counts[index] = (counts[index] ?? 0) + 1
  cell.sum += value
}

function exposeHistogram(
  registry: Registry,
  name: string,
  row: MetricRow,
  values: LabelValues,
): CellTree<HistogramCell> {
  const bounds = row.buckets ?? []
  const tree = new CellTree<HistogramCell>(row, values, () => ({
    counts: new Array<number>(bounds.length + 1).fill(0),
    bounds,
    sum: 0,
  }))
  new CellHistogram(tree, {
    name,
    help: row.help,
    labelNames: Object.keys(row.labels),
    buckets: [...bounds],
    registers: [registry],
  })
  return tree
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

async function collectAll(
  collectors: readonly (() => void | Promise<void>)[],
  { clock, onCollectError }: PrometheusOptions,
): Promise<void> {
  if (collectors.length === 0) return
  const isDone = new AbortController()
  const runs = collectors.map(async (collect) => {
    try {
      await collect()
    } catch (error) {
      onCollectError(error)
    }
  })
  const all = Promise.all(runs).then(() => isDone.abort())
  await Promise.race([all, sleep(clock, collectDeadlineMs, isDone.signal)])
}
