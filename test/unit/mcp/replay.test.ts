import { expect, test } from 'bun:test'
import { EventLog } from '../../../src/mcp/event-log.ts'
import { createReplay } from '../../../src/mcp/replay.ts'

const alice = {}
const big = 'x'.repeat(40_000)

/** Texts until the replay is caught up or broken off. */
function drain(replay: ReturnType<typeof createReplay>) {
  const ids: string[] = []
  for (;;) {
    const step = replay?.backlog() ?? { kind: 'gone' }
    if (step.kind !== 'text') return { ids, end: step.kind }
    ids.push(/id: (\d+)/.exec(step.text)?.[1] ?? '')
  }
}

test('hands over what followed in order, however long, and what came meanwhile', () => {
  const log = new EventLog()
  const cursor = log.append(alice, 1, '')
  const kept = Array.from({ length: 10 }, () => log.append(alice, 1, big))
  const replay = createReplay(log, alice, cursor)
  expect([replay?.stream, replay?.isAtEnd]).toEqual([1, false])
  replay?.backlog()
  log.append(alice, 2, 'of another stream')
  kept.push(log.append(alice, 1, 'meanwhile'))
  expect(drain(replay)).toEqual({ ids: kept.slice(1), end: 'caught_up' })
})

test('is at its end where nothing followed, and has what follows then', () => {
  const log = new EventLog()
  const cursor = log.append(alice, 1, '')
  const replay = createReplay(log, alice, cursor)
  expect(replay?.isAtEnd).toBe(true)
  const next = log.append(alice, 1, 'a')
  expect(drain(replay)).toEqual({ ids: [next], end: 'caught_up' })
})

test('is broken off rather than incomplete', () => {
  const log = new EventLog({ charactersMax: 200_000, eventsMax: 100 })
  const cursor = log.append(alice, 1, '')
  for (let count = 0; count < 4; count++) log.append(alice, 1, big)
  const replay = createReplay(log, alice, cursor)
  replay?.backlog()
  // Pushes out what was handed over already, and what was not.
  for (let count = 0; count < 4; count++) log.append(alice, 2, big)
  expect(drain(replay).end).toBe('gone')
})

test('there is none for an event of another session', () => {
  const log = new EventLog()
  expect(createReplay(log, {}, log.append(alice, 1, 'a'))).toBeUndefined()
})
