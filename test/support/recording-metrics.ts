import type { Metrics } from '../../src/observe/metrics.ts'

export interface RecordedMetric {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Metrics that a test can read back as plain values. */
export class RecordingMetrics implements Metrics {
  readonly records: RecordedMetric[] = []

  increment: Metrics['increment'] = (name, labels, by = 1) => this.#record(name, labels, by)
  set: Metrics['set'] = (name, labels, value) => this.#record(name, labels, value)
  observe: Metrics['observe'] = (name, labels, value) => this.#record(name, labels, value)

  /** Sum of what was recorded under `name` with at least these labels. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const isWanted = (record: RecordedMetric) =>
      record.name === name && Object.entries(labels).every(([label, value]) => record.labels[label] === value)
    return this.records.filter(isWanted).reduce((sum, record) => sum + record.value, 0)
  }

  #record(name: string, labels: object, value: number): void {
    this.records.push({ name, labels: { ...(labels as Record<string, string>) }, value })
  }
}
