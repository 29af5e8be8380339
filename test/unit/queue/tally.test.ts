import { expect, test } from 'bun:test'
import { Tally } from '../../../src/queue/tally.ts'
import { FakeClock } from '../../support/fake-clock.ts'

test('reports what it counted in one call a second, and keeps no timer when there is nothing', async () => {
  const clock = new FakeClock()
  const reports: number[] = []
  const tally = new Tally(clock, (count) => reports.push(count))
  expect(clock.timerCount).toBe(0)
  for (let event = 0; event < 1_000; event++) tally.add(1)
  expect(clock.timerCount).toBe(1)
  await clock.advance(999)
  expect(reports).toEqual([])
  await clock.advance(1)
  expect(reports).toEqual([1_000])
  expect(clock.timerCount).toBe(0)
})

test('reports at once when it is flushed, and only once', async () => {
  const clock = new FakeClock()
  const reports: number[] = []
  const tally = new Tally(clock, (count) => reports.push(count))
  tally.add(2)
  tally.flush()
  tally.flush()
  expect(clock.timerCount).toBe(0)
  await clock.advance(5_000)
  expect(reports).toEqual([2])
})
