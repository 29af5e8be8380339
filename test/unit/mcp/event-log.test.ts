import { expect, test } from 'bun:test'
import { EventLog } from '../../../src/mcp/event-log.ts'

const alice = {}
const bob = {}

test('hands back what followed an event on its stream, in order', () => {
  const log = new EventLog()
  const first = log.append(alice, 1, 'a')
  log.append(alice, 2, 'x')
  const second = log.append(alice, 1, 'b')
  const third = log.append(alice, 1, 'c')
  expect(log.after(alice, first)).toEqual({
    stream: 1,
    events: [
      { id: second, data: 'b' },
      { id: third, data: 'c' },
    ],
  })
  expect(log.after(alice, third)).toEqual({ stream: 1, events: [] })
})

test('hands back as much as was asked for, but one event always', () => {
  const log = new EventLog()
  const first = log.append(alice, 1, '')
  for (const data of ['aaa', 'bbb', 'ccc']) log.append(alice, 1, data)
  const fitting = (charactersMax: number) => log.after(alice, first, charactersMax)?.events.length
  expect([0, 2, 3, 5, 6, 8, 9].map(fitting)).toEqual([1, 1, 1, 1, 2, 2, 3])
})

test('knows no event of another session', () => {
  const log = new EventLog()
  const id = log.append(alice, 1, 'secret')
  log.append(alice, 1, 'more')
  expect(log.after(bob, id)).toBeUndefined()
})

for (const cursor of ['', '0', '99', '-1', '1.5', 'abc', '1e3', '9'.repeat(30)])
  test(`knows no event with the id "${cursor}"`, () => {
    const log = new EventLog()
    log.append(alice, 1, 'a')
    expect(log.after(alice, cursor)).toBeUndefined()
  })

test('keeps as many characters as it may, and lets the oldest of all go for more', () => {
  const log = new EventLog({ charactersMax: 10, eventsMax: 100 })
  const first = log.append(alice, 1, 'aaaaa')
  log.append(bob, 1, 'bbbbb')
  expect(log.after(alice, first)).toBeDefined()
  log.append(bob, 1, 'c')
  expect(log.after(alice, first)).toBeUndefined()
  expect(log.size).toBe(2)
})

test('keeps as many events as it may', () => {
  const log = new EventLog({ charactersMax: 1000, eventsMax: 2 })
  const ids = ['a', 'b', 'c'].map((data) => log.append(alice, 1, data))
  expect(ids.map((id) => log.after(alice, id) !== undefined)).toEqual([false, true, true])
})

test('does not keep one event that exceeds the bound alone', () => {
  const log = new EventLog({ charactersMax: 10, eventsMax: 2 })
  const id = log.append(alice, 1, 'x'.repeat(11))
  expect(log.after(alice, id)).toBeUndefined()
  expect(log.size).toBe(0)
})

test('forgets a session without touching another', () => {
  const log = new EventLog({ charactersMax: 10, eventsMax: 10 })
  const first = log.append(alice, 1, 'aaaaa')
  const second = log.append(bob, 1, 'bbbb')
  log.forget(alice)
  expect(log.after(alice, first)).toBeUndefined()
  log.append(bob, 1, 'cccccc')
  expect(log.after(bob, second)).toMatchObject({ events: [{ data: 'cccccc' }] })
})
