import { describe, expect, test } from 'bun:test'
import type { Progress } from '../../../src/base/progress.ts'
import {
  createProgressReports,
  progressReportsBurst,
  progressReportsPerSecond,
} from '../../../src/mcp/progress-reports.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { verifies } from '../../support/verifies.ts'

function bench() {
  const clock = new FakeClock()
  const sent: Progress[] = []
  const reports = createProgressReports((progress) => sent.push(progress), clock)
  return { clock, sent, reports, numbers: () => sent.map(({ progress }) => progress) }
}

describe('the reports of a call', () => {
  test('go out as they are while their numbers grow', () => {
    const { reports, sent } = bench()
    const made = [{ progress: 0, total: 3 }, { progress: 1, total: 3, message: 'one' }, { progress: 2.5 }]
    for (const progress of made) reports.report(progress)
    expect(sent).toEqual(made)
  })

  verifies('mcp:progress', 'count a new stage on top of the last one, its end too', () => {
    const { reports, sent } = bench()
    for (const progress of [
      { progress: 1 },
      { progress: 3 },
      { progress: 1, total: 2 },
      { progress: 2, total: 2 },
    ])
      reports.report(progress)
    expect(sent).toEqual([
      { progress: 1 },
      { progress: 3 },
      { progress: 4, total: 5 },
      { progress: 5, total: 5 },
    ])
  })

  test('leave out what is no step: a stage that begins at nothing', () => {
    const { reports, numbers } = bench()
    for (const progress of [1, 0, 1]) reports.report({ progress })
    expect(numbers()).toEqual([1, 2])
  })

  verifies('mcp:progress', 'are bounded in number, at once and by the second', async () => {
    const { reports, numbers, clock } = bench()
    let progress = 0
    const report = (count: number) => {
      for (let index = 0; index < count; index++) reports.report({ progress: ++progress })
    }
    report(progressReportsBurst)
    expect(numbers()).toHaveLength(progressReportsBurst)
    report(100)
    expect(numbers()).toHaveLength(progressReportsBurst)
    await clock.advance(1000 / progressReportsPerSecond - 1)
    report(1)
    expect(numbers()).toHaveLength(progressReportsBurst)
    await clock.advance(1)
    report(100)
    expect(numbers()).toHaveLength(progressReportsBurst + 1)
    // What was left out still counts: the next stage lies beyond it.
    await clock.advance(1000)
    reports.report({ progress: 1 })
    expect(numbers().at(-1)).toBe(progress + 1)
  })

  verifies('mcp:progress', 'end with the call', () => {
    const { reports, numbers } = bench()
    reports.report({ progress: 1 })
    reports.end()
    reports.report({ progress: 2 })
    expect(numbers()).toEqual([1])
  })
})
