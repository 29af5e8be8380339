import { type Clock, sleep } from '../base/clock.ts'
import { CellTree, type LabelTexts } from './cell-tree.ts'
import type { Exposition, HistogramCell, MeasuredCells, NumberCell } from './exposition.ts'
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

/** Of the text format, version 0.0.4: what prom-client renders. */
const expositionMediaType = 'text/plain; version=0.0.4; charset=utf-8'

/** How long a scrape waits for the collectors; scrapers give up after 10 s by default. */
const collectDeadlineMs = 1_000

/**
 * Metrics of their own, so that two apps in one process do not meet. Nothing runs between scrapes. Measurements go into cells of ours (some 20 ns
 * where prom-client's own take 130 to 300); prom-client renders them, and is loaded by the first scrape.
 */
export function createPrometheusMetrics(options: PrometheusOptions): PrometheusMetrics {
  const values = new LabelValues()
  const numbers = new Map<string, CellTree<NumberCell>>()
  const histograms = new Map<string, CellTree<HistogramCell>>()
  for (const [name, row] of Object.entries<MetricRow>(metricTable)) {
    if (row.type === 'histogram') histograms.set(name, createHistogram(row, values))
    else numbers.set(name, createNumber(row, values))
  }
  let exposition: Promise<Exposition> | undefined
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
    contentType: expositionMediaType,
    async render() {
      exposition ??= loadExposition({
        numbers,
        histograms,
        hasProcessMetrics: options.hasProcessMetrics ?? true,
      })
      const { render } = await exposition
      await collectAll(collectors, options)
      return render()
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

async function loadExposition(cells: MeasuredCells): Promise<Exposition> {
  const { createExposition } = await import('./exposition.ts')
  return createExposition(cells)
}

/** Counters whose labels are all closed exist at 0 from the start, so that their first increase is seen as one. */
function createNumber(row: MetricRow, values: LabelValues): CellTree<NumberCell> {
  const tree = new CellTree<NumberCell>(row, values, () => ({ value: 0 }))
  if (row.type === 'counter') tree.fill()
  return tree
}

function createHistogram(row: MetricRow, values: LabelValues): CellTree<HistogramCell> {
  const bounds = row.buckets ?? []
  return new CellTree<HistogramCell>(row, values, () => ({
    counts: new Array<number>(bounds.length + 1).fill(0),
    bounds,
    sum: 0,
  }))
}

function observe(cell: HistogramCell, value: number): void {
  if (!Number.isFinite(value)) throw new RangeError(`A histogram cannot observe ${value}`)
  const { bounds, counts } = cell
  let index = 0
  while (index < bounds.length && value > (bounds[index] ?? 0)) index++
  counts[index] = (counts[index] ?? 0) + 1
  cell.sum += value
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
