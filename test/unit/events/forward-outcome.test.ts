import { expect, test } from 'bun:test'
import {
  type ForwardOutcome,
  isOutage,
  outcomeOfError,
  outcomeOfStatus,
} from '../../../src/events/forward-outcome.ts'
import { DeadlineExceeded } from '../../../src/resilience/deadline.ts'

const outcomes: readonly (readonly [ForwardOutcome, readonly number[]])[] = [
  ['delivered', [200, 202, 204, 299]],
  ['redirected', [300, 301, 302, 307, 308, 399]],
  ['gone', [410]],
  ['refused', [199, 400, 401, 404, 409, 411, 422, 499]],
  ['unavailable', [408, 425, 429, 500, 502, 503, 504, 599]],
  ['timeout', []],
  ['network', []],
]

test('each status has one outcome, at the borders of its class too', () => {
  for (const [outcome, statuses] of outcomes) {
    for (const status of statuses) expect([status, outcomeOfStatus(status)]).toEqual([status, outcome])
  }
})

test('no answer in time is not a broken connection', () => {
  expect(outcomeOfError(new DeadlineExceeded(1))).toBe('timeout')
  expect(outcomeOfError(new TypeError('fetch failed'))).toBe('network')
})

test('an endpoint that answers works, whatever it says of the event', () => {
  const outages = outcomes.map(([outcome]) => outcome).filter(isOutage)
  expect(outages).toEqual(['unavailable', 'timeout', 'network'])
})
