import { describe, expect, test } from 'bun:test'
import { fitExponent, summarize } from '../../bench/statistics.ts'

describe('a summary', () => {
  test('has the middle one of an odd number, and the mean of the two in the middle of an even one', () => {
    expect(summarize([9, 1, 5])).toEqual({ median: 5, low: 1, high: 9 })
    expect(summarize([9, 1, 5, 6])).toEqual({ median: 5.5, low: 1, high: 9 })
    expect(summarize([2])).toEqual({ median: 2, low: 2, high: 2 })
  })

  test('of nothing is refused', () => {
    expect(() => summarize([])).toThrow(RangeError)
  })
})

describe('the fitted exponent', () => {
  const costs = (cost: (size: number) => number) => [1, 10, 100].map((size) => ({ size, cost: cost(size) }))

  test('is 0 for a flat cost, 1 for one that grows with the size, 2 for its square', () => {
    expect(fitExponent(costs(() => 7))).toBeCloseTo(0, 10)
    expect(fitExponent(costs((size) => 3 * size))).toBeCloseTo(1, 10)
    expect(fitExponent(costs((size) => size ** 2 / 5))).toBeCloseTo(2, 10)
  })

  test('lies between the points where they are on no line', () => {
    const points = [
      { size: 1, cost: 10 },
      { size: 10, cost: 8 },
      { size: 100, cost: 12 },
    ]
    expect(fitExponent(points)).toBeCloseTo(Math.log10(1.2) / 2, 10)
  })

  test('is refused for one size, and for what has no logarithm', () => {
    const one = { size: 5, cost: 1 }
    expect(() => fitExponent([one, one])).toThrow(RangeError)
    expect(() => fitExponent([one, { size: 0, cost: 1 }])).toThrow(RangeError)
    expect(() => fitExponent([one, { size: 1, cost: 0 }])).toThrow(RangeError)
  })
})
