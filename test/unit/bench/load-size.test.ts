import { expect, test } from 'bun:test'
import { LoadSize } from '../../bench/load/generate-load.ts'

const result = { requests: 600, seconds: 2, errors: 0, p50Ms: 1, p99Ms: 2 }

test('a load that ran out of requests is repeated with twice as many, and does not count', async () => {
  const size = new LoadSize(100)
  const sizes: number[] = []
  const whole = await size.untilWhole(async () => {
    sizes.push(size.requestsFor(2))
    return { ...result, isExhausted: sizes.length < 3 }
  })
  expect(sizes).toEqual([300, 600, 1200])
  expect(whole.isExhausted).toBe(false)
})

test('a load is as large as the fastest before it needed, and half as much again', async () => {
  const size = new LoadSize(100)
  await size.untilWhole(async () => ({ ...result, isExhausted: false }))
  expect(size.requestsFor(2)).toBe(900)
  await size.untilWhole(async () => ({ ...result, requests: 20, isExhausted: false }))
  expect(size.requestsFor(2)).toBe(900)
})
