import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import type { QueuedEvent } from '../../../src/queue/driver.ts'
import type { DurableLimits } from '../../../src/queue/limits.ts'
import type { CommitRequest } from '../../../src/queue/sqlite-protocol.ts'
import { prepareSchema } from '../../../src/queue/sqlite-schema.ts'
import { SqliteStore } from '../../../src/queue/sqlite-store.ts'
import { contractLimits } from '../../contract/queue-driver.ts'
import { queuedEvent, queuedEvents, topic } from '../../support/queue-events.ts'

const hourMs = 3_600_000
const group = { topic, group: 'g' }

/** A store in memory: no file, no thread, and a clock that is a number. */
function bench(limits: Partial<DurableLimits> = {}) {
  const db = new Database(':memory:')
  prepareSchema(db)
  const store = new SqliteStore(db, { ...contractLimits(limits), retentionMs: hourMs, ...limits }, 1_000)
  const commit = (request: Partial<CommitRequest>, nowMs = 1_000) =>
    store.commit({ publishes: [], verdicts: [], takes: [], ...request }, nowMs)
  const publish = (event: QueuedEvent, nowMs?: number) => commit({ publishes: [event] }, nowMs).outcomes[0]
  const take = (countMax: number) => {
    store.openGroup(group, 1_000)
    return commit({ takes: [{ ...group, seqs: [], countMax }] }).taken[0] ?? []
  }
  const settle = (kind: 'acknowledged' | 'dead', seq: number, size = 15) =>
    commit({
      verdicts: [
        kind === 'dead'
          ? { ...group, kind, seq, size, attempts: 3, reason: 'Error' }
          : { ...group, kind, seq, size },
      ],
    })
  const kept = () => store.recent(topic, 99).map(({ id }) => id)
  return { db, store, commit, publish, take, settle, kept }
}

test('an id is known until just before the end of its window', () => {
  const { publish } = bench({ dedupeWindowMs: 500 })
  expect(publish(queuedEvent({ id: 'a' }), 1_000)).toBe('stored')
  expect(publish(queuedEvent({ id: 'a' }), 1_499)).toBe('duplicate')
  expect(publish(queuedEvent({ id: 'a' }), 1_500)).toBe('stored')
  expect(publish(queuedEvent({ id: 'a' }), 1_999)).toBe('duplicate')
})

test('an event larger than the bound is refused and costs nobody else a place', () => {
  const { publish, kept } = bench({ bytesMax: 100 })
  publish(queuedEvent({ id: 'a', bytes: new Uint8Array(100) }))
  expect(publish(queuedEvent({ id: 'b', bytes: new Uint8Array(101) }))).toBe('full')
  expect(kept()).toEqual(['a'])
})

test('a group that is forgotten makes room although another one stays', () => {
  const { store, publish, take, settle } = bench({ eventsMax: 2 })
  store.openGroup({ topic, group: 'forgotten' }, 1_000)
  for (const event of queuedEvents(2)) publish(event)
  for (const { seq } of take(2)) settle('acknowledged', seq)
  expect(publish(queuedEvent({ id: 'late' }))).toBe('full')
  expect(store.removeGroup({ topic, group: 'forgotten' }, false, 1_000)).toBe(true)
  expect(publish(queuedEvent({ id: 'late' }))).toBe('stored')
})

test('a take that comes after its group was removed does not bring the group back', () => {
  const { store, publish, take, commit } = bench({ eventsMax: 2 })
  publish(queuedEvent({ id: 'a' }))
  take(1)
  store.removeGroup(group, false, 1_000)
  expect(commit({ takes: [{ ...group, seqs: [], countMax: 1 }] }).taken).toEqual([undefined])
  expect(store.groups()).toEqual([])
  for (const event of queuedEvents(3)) expect(publish(event)).toBe('stored')
})

test('a verdict that comes after its group was removed does not bring the group back', () => {
  const { store, publish, take, settle, commit } = bench({ eventsMax: 2 })
  publish(queuedEvent({ id: 'a' }))
  const [taken] = take(1)
  if (taken === undefined) return expect.unreachable()
  store.removeGroup(group, false, 1_000)
  settle('acknowledged', taken.seq)
  commit({ verdicts: [{ ...group, kind: 'waiting', seq: taken.seq, size: 15, tries: 1 }] })
  expect(store.groups()).toEqual([])
  for (const event of queuedEvents(3)) expect(publish(event)).toBe('stored')
})

test('a replayed letter that waits is not dropped for the room of events', () => {
  const { store, publish, take, settle, kept } = bench({ eventsMax: 2, whenFull: 'drop-oldest' })
  publish(queuedEvent({ id: 'dead' }))
  for (const { seq } of take(1)) settle('dead', seq)
  expect(store.replay({ topic, eventId: 'dead', group: 'g' }, 1_000)).toBe(true)
  for (const event of queuedEvents(5)) expect(publish(event)).toBe('stored')
  expect(kept()).toEqual(['Ev3', 'Ev4'])
  expect(take(9).map(({ event }) => event.id)).toEqual(['dead', 'Ev3', 'Ev4'])
})

test('a replayed letter is nothing to a group that is behind, neither when it comes nor when it goes', () => {
  const { store, publish, take, settle } = bench()
  store.openGroup({ topic, group: 'behind' }, 1_000)
  publish(queuedEvent({ id: 'dead' }))
  for (const { seq } of take(1)) settle('dead', seq)
  store.replay({ topic, eventId: 'dead', group: 'g' }, 1_000)
  const pending = () => Object.fromEntries(store.groups().map((info) => [info.group, info.pending]))
  expect(pending()).toEqual({ behind: 1, g: 1 })
  for (const { seq } of take(1)) settle('acknowledged', seq)
  expect(pending()).toEqual({ behind: 1, g: 0 })
})

test('a sweep removes a bite of old events and says that there are more', () => {
  const { store, commit } = bench({ eventsMax: 5_000, dedupeWindowMs: 100 * hourMs })
  commit({ publishes: queuedEvents(1_500) })
  expect(store.sweep(1_000 + hourMs - 1)).toBe(false)
  expect(store.depth().events).toBe(1_500)
  expect(store.sweep(1_000 + hourMs)).toBe(true)
  expect(store.depth().events).toBe(500)
  expect(store.sweep(1_000 + hourMs)).toBe(false)
  expect(store.depth().events).toBe(0)
})

test('a transaction that fails in the middle changes nothing, not even the counts, and the next one works', () => {
  const { db, store, commit, publish } = bench()
  publish(queuedEvent({ id: 'a' }))
  const before = store.depth()
  db.run(
    "CREATE TRIGGER refuse BEFORE INSERT ON events WHEN new.id = 'bad' BEGIN SELECT raise(ABORT, 'no'); END",
  )
  const publishes = [queuedEvent({ id: 'b' }), queuedEvent({ id: 'bad' }), queuedEvent({ id: 'c' })]
  expect(() => commit({ publishes })).toThrow('no')
  expect(store.depth()).toEqual(before)
  expect(['b', 'c'].map((id) => publish(queuedEvent({ id })))).toEqual(['stored', 'stored'])
  expect(store.depth().events).toBe(3)
})

test('an event taken again counts one try more', () => {
  const { commit, publish, take } = bench()
  publish(queuedEvent({ id: 'a' }))
  const [first] = take(1)
  const seq = first?.seq ?? 0
  commit({ verdicts: [{ ...group, kind: 'waiting', seq, size: 15, tries: 4 }] })
  const again = commit({ takes: [{ ...group, seqs: [seq], countMax: 1 }] }).taken[0]
  expect(again?.map(({ attempt }) => attempt)).toEqual([5])
})

test('what was begun and what only waits is told apart after a crash', () => {
  const { store, commit, publish, take } = bench()
  for (const event of queuedEvents(3)) publish(event)
  const [begun, waiting] = take(2)
  commit({ verdicts: [{ ...group, kind: 'waiting', seq: waiting?.seq ?? 0, size: 15, tries: 1 }] })
  expect(store.openGroup(group, 1_000)).toEqual([
    { seq: begun?.seq ?? 0, tries: 1, wasBegun: true },
    { seq: waiting?.seq ?? 0, tries: 1, wasBegun: false },
  ])
})
