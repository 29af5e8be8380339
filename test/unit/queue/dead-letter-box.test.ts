import { expect, test } from 'bun:test'
import { DeadLetterBox } from '../../../src/queue/dead-letter-box.ts'
import { queuedEvent, topic } from '../../support/queue-events.ts'

const letter = (id: string, group = 'g', reason = 'Error') => ({
  event: queuedEvent({ id }),
  group,
  attempts: 3,
  reason,
  deadAtMs: 1,
})

test('an event that dies again is the newest letter, and there once', () => {
  const box = new DeadLetterBox(2, () => undefined)
  box.add(letter('a'))
  box.add(letter('b'))
  box.add(letter('a', 'g', 'TypeError'))
  expect(box.newest(topic, 5).map(({ event, reason }) => `${event.id} ${reason}`)).toEqual([
    'b Error',
    'a TypeError',
  ])
})

test('keeps the letters of two groups apart, whatever their names hold', () => {
  const box = new DeadLetterBox(9, () => undefined)
  box.add(letter('x', 'a","b'))
  box.add(letter('b","x', 'a'))
  expect(box.count).toBe(2)
  expect(box.get({ topic, eventId: 'x', group: 'a","b' })?.group).toBe('a","b')
  expect(box.remove({ topic, eventId: 'x', group: 'a' })).toBe(false)
})
