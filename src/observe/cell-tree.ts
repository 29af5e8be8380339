import { type LabelValues, otherValue } from './label-values.ts'
import type { MetricRow } from './metric-table.ts'

export type LabelTexts = Readonly<Record<string, string>>

/** Series of one metric at most; combinations beyond it are folded into one whose open labels say `_other`. */
const seriesMax = 2_000

type Node<Cell> = Map<string, Node<Cell>> | Cell

/**
 * One cell per combination of label values. Finding a cell that exists allocates nothing: labels are walked in the order of the table, and
 * every measurement of every request passes here.
 */
export class CellTree<Cell extends object> {
  readonly #labels: MetricRow['labels']
  readonly #combinations: MetricRow['combinations']
  readonly #labelNames: readonly string[]
  readonly #values: LabelValues
  readonly #create: () => Cell
  readonly #series: { readonly labels: LabelTexts; readonly cell: Cell }[] = []
  readonly #root: Map<string, Node<Cell>> = new Map()

  constructor(
    { labels, combinations }: Pick<MetricRow, 'labels' | 'combinations'>,
    values: LabelValues,
    create: () => Cell,
  ) {
    this.#labels = labels
    this.#combinations = combinations
    // A metric without labels is one with a label that is always empty.
    this.#labelNames = Object.keys(labels).length === 0 ? [''] : Object.keys(labels)
    this.#values = values
    this.#create = create
  }

  /** Every combination that was measured, in the order of its first time. */
  get series(): readonly { readonly labels: LabelTexts; readonly cell: Cell }[] {
    return this.#series
  }

  /** The cell of a combination. Throws RangeError for a value outside the closed set of its label, or beside one that it does not go with. */
  find(labels: LabelTexts): Cell {
    let node: Node<Cell> | undefined = this.#root
    for (const name of this.#labelNames) {
      if (!(node instanceof Map)) break
      node = node.get(labels[name] ?? '')
    }
    return node === undefined || node instanceof Map ? this.#admit(labels) : node
  }

  /** Makes every combination of closed values that can be, so that a counter exists at 0 before it first counts. */
  fill(): void {
    for (const labels of this.#combinations ?? [this.#labels]) this.#fill(labels, this.#labelNames, {})
  }

  #fill(labels: MetricRow['labels'], [name, ...rest]: readonly string[], chosen: LabelTexts): void {
    if (name === undefined) {
      this.find(chosen)
      return
    }
    const values = labels[name] ?? ['']
    if (values === 'open') return
    for (const value of values) this.#fill(labels, rest, { ...chosen, [name]: value })
  }

  /** The slow way: only admitted values are stored, so unregistered ones come here each time and find the cell of `_other`. */
  #admit(labels: LabelTexts): Cell {
    const admitted = this.#labelNames.map((name) => this.#admitValue(name, labels[name] ?? ''))
    const found = this.#get(admitted)
    if (found !== undefined) return found
    if (!this.#isCombination(labels)) throw new RangeError(`${JSON.stringify(labels)} do not go together`)
    if (this.#series.length < seriesMax) return this.#add(admitted)
    const folded = this.#labelNames.map((name, index) =>
      this.#labels[name] === 'open' ? otherValue : (admitted[index] ?? ''),
    )
    return this.#get(folded) ?? this.#add(folded)
  }

  #admitValue(name: string, value: string): string {
    const values = this.#labels[name]
    if (values === undefined) return ''
    if (values === 'open') return this.#values.admit(name, value)
    if (values.includes(value)) return value
    throw new RangeError(`"${value}" is not a value of the label ${name}`)
  }

  #isCombination(labels: LabelTexts): boolean {
    const goTogether = (combination: Readonly<Record<string, readonly string[]>>) =>
      Object.entries(combination).every(([name, values]) => values.includes(labels[name] ?? ''))
    return this.#combinations?.some(goTogether) ?? true
  }

  #get(path: readonly string[]): Cell | undefined {
    let node: Node<Cell> | undefined = this.#root
    for (const value of path) node = node instanceof Map ? node.get(value) : undefined
    return node instanceof Map ? undefined : node
  }

  #add(path: readonly string[]): Cell {
    const cell = this.#create()
    const labels = Object.keys(this.#labels).map((name, index) => [name, path[index] ?? ''] as const)
    this.#series.push({ labels: Object.fromEntries(labels), cell })
    let node = this.#root
    for (const value of path.slice(0, -1)) {
      const found = node.get(value)
      const next: Map<string, Node<Cell>> = found instanceof Map ? found : new Map()
      node.set(value, next)
      node = next
    }
    node.set(path.at(-1) ?? '', cell)
    return cell
  }
}
