import { describe, expect, test } from 'bun:test'
import { renderPerformance } from '../../../scripts/documents/performance-page.ts'
import { caseTable } from '../../bench/case-table.ts'
import { summarizeFigures, summarizeRatios } from '../../bench/contest.ts'
import {
  type CaseReport,
  comparisonsTable,
  errorCount,
  figuresTable,
  renderText,
} from '../../bench/report.ts'

const once = (value: number) => ({ median: value, low: value, high: value })

const report: CaseReport = {
  name: 'webhook',
  title: 'Webhook',
  method: 'How it is measured.',
  secondsEach: 2,
  rounds: 5,
  machine: {
    date: '2026-01-01',
    commit: '0123456789ab',
    processor: 'A processor',
    cores: 2,
    memoryGigabytes: 8,
    kernel: 'Linux 6',
    versions: { Bun: '1.4.5' },
  },
  lines: [
    { name: 'ours', figures: { perSecond: once(12_345.6), errors: once(2) } },
    { name: 'bare', figures: { perSecond: once(20_000), cpuMicroseconds: once(18.25) } },
  ],
  comparisons: [
    { says: 'ours to bare', value: { median: 0.85, low: 0.5, high: 0.9 }, goal: { atLeast: 0.85 } },
    { says: 'rss', value: once(70.1), goal: { atMost: 70 } },
  ],
  skipped: ['a peer, which is not made for this machine'],
}

describe('the report of a case', () => {
  test('has a column for every figure that some line has', () => {
    expect(figuresTable(report.lines)).toEqual({
      header: ['', 'per second', 'CPU µs each', 'errors'],
      rows: [
        ['ours', '12,346', '', '2'],
        ['bare', '20,000', '18.3', ''],
      ],
    })
  })

  test('says for every goal whether it is met, at the bound too', () => {
    expect(comparisonsTable(report.comparisons).rows).toEqual([
      ['ours to bare', '0.85', '0.50–0.90', 'at least 0.85: met'],
      ['rss', '70.10', '70.10–70.10', 'at most 70: missed by 0.1 %'],
    ])
  })

  test('adds up what was wrong', () => {
    expect(errorCount(report)).toBe(2)
    const rounds = [
      { perSecond: 3, errors: 1 },
      { perSecond: 1, errors: 4 },
      { perSecond: 2, errors: 0 },
    ]
    expect(summarizeFigures(rounds)).toEqual({
      perSecond: { median: 2, low: 1, high: 3 },
      errors: once(5),
    })
  })

  test('stands in columns on a terminal', () => {
    expect(renderText({ header: ['', 'a'], rows: [['line', '1,000']] })).toBe('          a\nline  1,000')
  })

  test('is on the page with its machine, its command and what is missing', () => {
    const shown = renderPerformance([report], () => undefined)
    for (const part of [
      '## Webhook',
      'How it is measured.',
      '| ours | 12,346 |',
      'at least 0.85: met',
      'Not measured: a peer, which is not made for this machine.',
      '`bun run bench --case webhook --seconds 2`, 5 rounds, on 2026-01-01 at 0123456789ab: A processor, 2 cores, 8 GB, Linux 6; Bun 1.4.5.',
    ])
      expect(shown).toContain(part)
  })
})

test('the page says why a goal is missed, and only where one is', () => {
  const reasonOf = (name: string) => `What takes the time of ${name}.`
  expect(renderPerformance([report], reasonOf)).toContain('\n\nWhat takes the time of webhook.\n\n')
  const met = { ...report, comparisons: report.comparisons.slice(0, 1) }
  expect(renderPerformance([met], reasonOf)).not.toContain('What takes the time')
})

test('ratios are of one round each', () => {
  const of = [{ p50Ms: 2 }, { p50Ms: 9 }, { p50Ms: 8 }]
  const to = [{ p50Ms: 1 }, { p50Ms: 3 }, { p50Ms: 8 }]
  expect(summarizeRatios('p50Ms', of, to)).toEqual({ median: 2, low: 1, high: 3 })
})

test('every case says how it measures', () => {
  for (const { title, method } of Object.values(caseTable)) {
    expect(title).not.toBe('')
    expect(method).toMatch(/\.$/)
  }
})
