import { expect, test } from 'bun:test'
import { backoffMs } from '../../../src/resilience/backoff.ts'

const policy = { firstMs: 200, longestMs: 2000 }

function delays(random: number): number[] {
  return [1, 2, 3, 4, 5, 60].map((failureCount) => backoffMs(policy, failureCount, { random: () => random }))
}

test('doubles with every failure up to the longest delay', () => {
  expect(delays(1)).toEqual([200, 400, 800, 1600, 2000, 2000])
})

test('leaves at most half of the delay to chance', () => {
  expect(delays(0)).toEqual([100, 200, 400, 800, 1000, 1000])
  expect(delays(0.5)).toEqual([150, 300, 600, 1200, 1500, 1500])
})

test('stays finite however often something failed', () => {
  expect(backoffMs(policy, 100_000, { random: () => 0 })).toBe(1000)
})
