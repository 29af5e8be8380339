import { expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  asTs,
  localTimeIn,
  parseFutureSeconds,
  parsePastRange,
  parsePastTime,
} from '../../../src/tools/time-expression.ts'

// 2023-11-14T22:13:20Z, a Tuesday; in Berlin it is 23:13, in Auckland already the 15th.
const nowMs = 1_700_000_000_000
const utc = { nowMs, timezone: 'UTC' }
const berlin = { nowMs, timezone: 'Europe/Berlin' }

const iso = (text: string) => asTs(new Date(text).getTime())

test.each([
  ['1700000000.123456', '1700000000.123456'],
  ['1700000000', '1700000000'],
  ['7d', iso('2023-11-07T22:13:20Z')],
  ['24h', iso('2023-11-13T22:13:20Z')],
  ['30m', iso('2023-11-14T21:43:20Z')],
  ['2w', iso('2023-10-31T22:13:20Z')],
  ['now', iso('2023-11-14T22:13:20Z')],
  ['today', iso('2023-11-14T00:00:00Z')],
  ['Yesterday', iso('2023-11-13T00:00:00Z')],
  ['2023-11-01', iso('2023-11-01T00:00:00Z')],
  ['2023-11-01T10:30', iso('2023-11-01T10:30:00Z')],
  ['2023-11-01 10:30:15', iso('2023-11-01T10:30:15Z')],
  ['2023-11-01T10:30:00Z', iso('2023-11-01T10:30:00Z')],
  ['2023-11-01T10:30:00.250+02:00', iso('2023-11-01T08:30:00Z')],
  ['2023-11-01T10:30-0500', iso('2023-11-01T15:30:00Z')],
])('reads %p as a time in the past', (given, expected) => {
  expect(parsePastTime('oldest', given, utc)).toBe(expected)
})

test('means days and times without an offset in the zone of the server, on both sides of a clock change', () => {
  expect(parsePastTime('oldest', 'today', berlin)).toBe(iso('2023-11-14T00:00:00+01:00'))
  expect(parsePastTime('oldest', '2023-07-01T12:00', berlin)).toBe(iso('2023-07-01T12:00:00+02:00'))
  expect(parsePastTime('oldest', '2023-12-01T12:00', berlin)).toBe(iso('2023-12-01T12:00:00+01:00'))
  expect(parsePastTime('oldest', '2023-10-29T00:00', berlin)).toBe(iso('2023-10-29T00:00:00+02:00'))
  // An hour and a half before the clocks go back the difference is still the old one.
  expect(parsePastTime('oldest', '2023-10-29T01:30', berlin)).toBe(iso('2023-10-29T01:30:00+02:00'))
  const auckland = { nowMs, timezone: 'Pacific/Auckland' }
  expect(parsePastTime('oldest', 'today', auckland)).toBe(iso('2023-11-15T00:00:00+13:00'))
})

test.each([
  '',
  'soon',
  '7y',
  '2023-02-31',
  '2023-13-01',
  '2023-11-01T25:00',
  '123',
  '-7d',
  '999999d',
  'tomorrow',
])('refuses %p, naming the field and an example', (given) => {
  expect(() => parsePastTime('oldest', given, utc)).toThrow(
    expect.objectContaining({
      code: 'TOOL_ARGUMENTS_INVALID',
      details: expect.objectContaining({ field: 'oldest', example: '7d' }),
    }),
  )
})

test.each([
  ['1700000100', 1_700_000_100],
  ['2h', 1_700_007_200],
  ['in 30m', 1_700_001_800],
  ['+3d', 1_700_259_200],
  ['2023-12-01T09:00', Date.UTC(2023, 11, 1, 9) / 1000],
])('reads %p as a time to come', (given, expected) => {
  expect(parseFutureSeconds('post_at', given, utc)).toBe(expected)
})

test('never throws anything but a refusal', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), (given) => {
      try {
        return /^\d{10}(\.\d{1,6})?$/.test(parsePastTime('oldest', given, berlin))
      } catch (error) {
        return (error as { code?: string }).code === 'TOOL_ARGUMENTS_INVALID'
      }
    }),
  )
})

test('writes a moment as a local day and time', () => {
  const local = localTimeIn('Europe/Berlin')
  expect([local.day(nowMs), local.time(nowMs)]).toEqual(['2023-11-14', '23:13'])
  const midnightMs = Date.UTC(2023, 10, 14, 23)
  for (const [atMs, shown] of [
    [midnightMs - 60_000, '2023-11-14 23:59'],
    [midnightMs - 1, '2023-11-14 23:59'],
    [midnightMs, '2023-11-15 00:00'],
    [midnightMs - 1, '2023-11-14 23:59'],
  ] as const)
    expect(`${local.day(atMs)} ${local.time(atMs)}`).toBe(shown)
})

test('makes the formatters of a zone once, and refuses an unknown zone every time', () => {
  expect(localTimeIn('Europe/Berlin')).toBe(localTimeIn('Europe/Berlin'))
  expect(localTimeIn('Pacific/Auckland').day(nowMs)).toBe('2023-11-15')
  for (let time = 0; time < 2; time++) expect(() => localTimeIn('Mars/Olympus')).toThrow(RangeError)
})

test('takes a range whose ends are in order, and refuses one that holds nothing', () => {
  expect(parsePastRange({}, utc)).toEqual({})
  expect(parsePastRange({ oldest: '7d' }, utc)).toEqual({ oldest: iso('2023-11-07T22:13:20Z') })
  expect(parsePastRange({ oldest: '1700000000.000100', latest: '1700000000.000100' }, utc)).toEqual({
    oldest: '1700000000.000100',
    latest: '1700000000.000100',
  })
  expect(() => parsePastRange({ oldest: '24h', latest: '7d' }, utc)).toThrow(
    expect.objectContaining({
      code: 'TOOL_ARGUMENTS_INVALID',
      details: expect.objectContaining({ field: 'oldest', given: '24h' }),
    }),
  )
})
