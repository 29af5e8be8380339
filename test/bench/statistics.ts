/** What many measurements say together. */
export interface Summary {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** Throws RangeError for nothing measured. */
export function summarize(values: readonly number[]): Summary {
  if (values.length === 0) throw new RangeError('Nothing was measured')
  const sorted = values.toSorted((a, b) => a - b)
  const at = (index: number) => sorted[index] ?? Number.NaN
  const middle = (sorted.length - 1) / 2
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    low: at(0),
    high: at(sorted.length - 1),
  }
}

/**
 * The exponent k of cost = c · size^k through these points, by least squares of the logarithms: 0 is flat, 1 grows as fast as the size. Throws
 * RangeError for fewer than two sizes, and for what has no logarithm.
 */
export function fitExponent(points: readonly { readonly size: number; readonly cost: number }[]): number {
  if (new Set(points.map(({ size }) => size)).size < 2) throw new RangeError('It takes two sizes to fit')
  if (points.some(({ size, cost }) => !(size > 0 && cost > 0)))
    throw new RangeError('Sizes and costs are above 0')
  const xs = points.map(({ size }) => Math.log(size))
  const ys = points.map(({ cost }) => Math.log(cost))
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [meanX, meanY] = [mean(xs), mean(ys)]
  const covariance = mean(xs.map((x, index) => (x - meanX) * ((ys[index] ?? Number.NaN) - meanY)))
  return covariance / mean(xs.map((x) => (x - meanX) ** 2))
}
