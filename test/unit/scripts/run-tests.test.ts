import { describe, expect, test } from 'bun:test'
import { exitCodeOf, parseReport } from '../../../scripts/run-tests.ts'

describe('the counts of a report', () => {
  test('are those of the whole run, not of one file', () => {
    const report =
      '<?xml version="1.0"?>\n<testsuites name="bun test" tests="83" assertions="9" failures="2" skipped="3" time="2.1">\n<testsuite name="a" tests="11" failures="0" skipped="0">'
    expect(parseReport(report)).toEqual({ passed: 78, failed: 2, skipped: 3 })
  })

  test('are refused where there are none', () => {
    for (const report of [
      '',
      '<testsuites name="x" tests="1">',
      '<testsuite tests="1" failures="0" skipped="0">',
    ]) {
      expect(() => parseReport(report)).toThrow('holds no counts')
    }
  })
})

test('a run passes only where bun test says so, something passed and nothing failed', () => {
  const counts = { passed: 1, failed: 0, skipped: 0 }
  expect(exitCodeOf(0, counts)).toBe(0)
  expect(exitCodeOf(0, { ...counts, passed: 0 })).toBe(1)
  expect(exitCodeOf(0, { ...counts, failed: 1 })).toBe(1)
  expect(exitCodeOf(1, counts)).toBe(1)
  expect(exitCodeOf(130, counts)).toBe(130)
})
