import { expect, test } from 'bun:test'
import { asSortableTs, createTimestamps, secondsOf } from '../../../src/demo/timestamp.ts'
import { FakeClock } from '../../support/fake-clock.ts'

test('never gives a ts twice, nor an older one after the clock went back', () => {
  const clock = new FakeClock(1_700_000_000_123)
  const timestamps = createTimestamps(clock)
  const first = [timestamps.next(), timestamps.next()]
  clock.jumpWall(-60_000)
  expect([...first, timestamps.next()]).toEqual([
    '1700000000.123000',
    '1700000000.123001',
    '1700000000.123002',
  ])
  expect(timestamps.ago(2)).toBe('1699999820.123000')
})

test('brings bounds into the form that sorts as text', () => {
  expect(asSortableTs('1700000000.123456')).toBe('1700000000.123456')
  expect(asSortableTs('1700000000.5')).toBe('1700000000.500000')
  expect(asSortableTs('1700000000')).toBe('1700000000.000000')
  expect(asSortableTs('0')).toBe('0000000000.000000')
  for (const text of ['', 'now', '-1', '1.', '.5', '1e9', '17000000000', '1.1234567', ' 1']) {
    expect([text, asSortableTs(text)]).toEqual([text, undefined])
  }
  expect(secondsOf('1700000000.999999')).toBe(1_700_000_000)
})
