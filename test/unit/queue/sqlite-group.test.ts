import { expect, test } from 'bun:test'
import { getEventListeners } from 'node:events'
import { SqliteGroup } from '../../../src/queue/sqlite-group.ts'
import type {
  LeftBehind,
  TakenEvent,
  TakeRequest,
  VerdictRecord,
} from '../../../src/queue/sqlite-protocol.ts'
import { settle } from '../../support/fake-clock.ts'
import { queuedEvent, topic } from '../../support/queue-events.ts'

const signal = new AbortController().signal
const taken = (seq: number, attempt = 1): TakenEvent => ({
  seq,
  attempt,
  event: queuedEvent({ id: `Ev${seq}` }),
})

function bench(leftBehind: readonly LeftBehind[] = []) {
  const requests: TakeRequest[] = []
  const records: VerdictRecord[] = []
  /** What the store answers to each take; nothing once there are no more. */
  const answers: (readonly TakenEvent[] | Error | Promise<readonly TakenEvent[] | undefined>)[] = []
  let openCount = 0
  const group = new SqliteGroup({
    name: { topic, group: 'g' },
    commits: {
      async take(request) {
        requests.push(request)
        const answer = await (answers.shift() ?? [])
        if (answer instanceof Error) throw answer
        return answer
      },
      async settle(verdicts) {
        records.push(...verdicts)
      },
    },
    async open() {
      openCount++
      return leftBehind
    },
  })
  return { group, requests, records, answers, openCount: () => openCount }
}

test('a group that was removed is made anew by who still takes from it, and by nobody else', async () => {
  const { group, answers, openCount } = bench()
  const gone = Promise.resolve(undefined)
  answers.push(gone, [taken(1)])
  expect(await group.take(1, signal)).toEqual([taken(1)])
  expect(openCount()).toBe(2)
  const [leaving, gate] = [new AbortController(), Promise.withResolvers<undefined>()]
  answers.push(gate.promise)
  const left = group.take(1, leaving.signal)
  await settle()
  leaving.abort()
  gate.resolve(undefined)
  expect(await left).toEqual([])
  expect(openCount()).toBe(2)
})

test('takes that wait with one signal leave no listener on it', async () => {
  const { group, answers } = bench()
  const member = new AbortController()
  for (const seq of [1, 2, 3]) {
    answers.push([], [taken(seq)])
    const result = group.take(1, member.signal)
    await settle()
    group.wake()
    expect(await result).toEqual([taken(seq)])
  }
  expect(getEventListeners(member.signal, 'abort')).toEqual([])
  const left = group.take(1, member.signal)
  await settle()
  member.abort()
  expect(await left).toEqual([])
})

const seqsOf = (requests: readonly TakeRequest[]) => requests.map(({ seqs }) => seqs)

test('news that comes while a take is under way is not missed', async () => {
  const { group, requests, answers } = bench()
  const gate = Promise.withResolvers<readonly TakenEvent[]>()
  answers.push(gate.promise, [taken(7)])
  const result = group.take(1, signal)
  await settle()
  group.wake()
  gate.resolve([])
  expect(await result).toEqual([taken(7)])
  expect(requests).toHaveLength(2)
})

test('asks for what was left behind first, in order, and again after the store failed', async () => {
  const { group, requests, answers } = bench([
    { seq: 3, tries: 1, wasBegun: false },
    { seq: 5, tries: 1, wasBegun: true },
  ])
  answers.push(new Error('away'), [taken(3, 2), taken(5, 2)])
  expect(await group.take(9, signal).catch((error: Error) => error.message)).toBe('away')
  expect(await group.take(9, signal)).toEqual([taken(3, 2), taken(5, 2)])
  expect(seqsOf(requests)).toEqual([
    [3, 5],
    [3, 5],
  ])
})

test('asks for no more than 64 of them at once, nor more than wanted', async () => {
  const many = Array.from({ length: 100 }, (_, seq) => ({ seq, tries: 1, wasBegun: false }))
  const { group, requests, answers } = bench(many)
  answers.push([taken(0)], [taken(64)], [taken(67)])
  await group.take(100, signal)
  await group.take(3, signal)
  await group.take(100, signal)
  expect(requests.map(({ seqs }) => seqs.length)).toEqual([64, 3, 33])
})

test('goes on with the next of them where one has gone', async () => {
  const { group, requests, answers } = bench([
    { seq: 3, tries: 1, wasBegun: false },
    { seq: 5, tries: 1, wasBegun: false },
  ])
  answers.push([], [taken(5, 2)])
  expect(await group.take(1, signal)).toEqual([taken(5, 2)])
  expect(seqsOf(requests)).toEqual([[3], [5]])
})

test('what was given back is asked for in the order of arrival, with the tries that ended', async () => {
  const { group, requests, records, answers } = bench()
  group.release([
    { held: taken(9), attempt: 3 },
    { held: taken(4), attempt: 1 },
  ])
  answers.push([taken(4)])
  await group.take(9, signal)
  expect(seqsOf(requests)).toEqual([[4, 9]])
  expect(records).toMatchObject([
    { kind: 'waiting', seq: 9, tries: 2 },
    { kind: 'waiting', seq: 4, tries: 0 },
  ])
})

test('an event during which the process ended twice goes alone, and the others wait for it', async () => {
  const { group, requests, answers } = bench([
    { seq: 1, tries: 1, wasBegun: true },
    { seq: 2, tries: 2, wasBegun: true },
    { seq: 3, tries: 2, wasBegun: false },
    { seq: 4, tries: 5, wasBegun: true },
  ])
  answers.push([taken(2, 3)], [taken(4, 6)], [taken(1), taken(3)])
  expect(await group.take(9, signal)).toEqual([taken(2, 3)])
  let isWaiting = true
  const next = group.take(9, signal).then((events) => {
    isWaiting = false
    return events
  })
  await settle()
  expect({ isWaiting, seqs: seqsOf(requests) }).toEqual({ isWaiting: true, seqs: [[2]] })
  // The handler failed, but the process lived: the event is not to blame.
  await group.settle([{ kind: 'failed', held: taken(2, 3), attempt: 4 }])
  expect(await next).toEqual([taken(4, 6)])
  await group.settle([{ kind: 'acknowledged', held: taken(4, 6) }])
  await group.take(9, signal)
  expect(seqsOf(requests)).toEqual([[2], [4], [1, 3]])
})

test('a suspect that has gone leaves its place to the next', async () => {
  const { group, requests, answers } = bench([
    { seq: 2, tries: 2, wasBegun: true },
    { seq: 4, tries: 2, wasBegun: true },
  ])
  answers.push([taken(8)], [taken(4, 3)])
  expect(await group.take(5, signal)).toEqual([taken(8)])
  expect(await group.take(5, signal)).toEqual([taken(4, 3)])
  expect(seqsOf(requests)).toEqual([[2], [4]])
})

test('ends a take without events when its signal aborts', async () => {
  const { group } = bench()
  const controller = new AbortController()
  const result = group.take(1, controller.signal)
  await settle()
  controller.abort()
  expect(await result).toEqual([])
})

test('forgets what was given back and whom it suspects when its group is removed', async () => {
  const { group, requests, answers } = bench([
    { seq: 2, tries: 2, wasBegun: true },
    { seq: 4, tries: 2, wasBegun: true },
  ])
  answers.push([taken(2, 3)], [taken(10)])
  await group.take(1, signal)
  group.release([{ held: taken(9), attempt: 1 }])
  group.forgetAll()
  await group.take(1, signal)
  expect(seqsOf(requests)).toEqual([[2], []])
})

test('a take that was refused and is in the file all the same is found, and nothing that is held is handed out twice', async () => {
  const behind: LeftBehind[] = [{ seq: 3, tries: 1, wasBegun: false }]
  const { group, requests, answers } = bench(behind)
  answers.push([taken(3, 2), taken(7)], new Error('no sync'), [taken(8)])
  await group.take(2, signal)
  await expect(group.take(5, signal)).rejects.toThrow('no sync')
  for (const seq of [7, 8, 9]) behind.push({ seq, tries: 2, wasBegun: true })
  expect(await group.take(5, signal)).toEqual([taken(8)])
  expect(seqsOf(requests)).toEqual([[3], [], [8, 9]])
})

test('what was given back or settled since is not taken for held', async () => {
  const behind: LeftBehind[] = []
  const { group, requests, answers } = bench(behind)
  answers.push([taken(1), taken(2), taken(3)], new Error('no sync'), [taken(2)])
  const held = await group.take(3, signal)
  const [first, second] = held
  if (first === undefined || second === undefined) return expect.unreachable()
  await group.settle([{ kind: 'acknowledged', held: first }])
  group.release([{ held: second, attempt: 1 }])
  await expect(group.take(1, signal)).rejects.toThrow('no sync')
  for (const seq of [1, 2, 3]) behind.push({ seq, tries: 1, wasBegun: true })
  expect(await group.take(2, signal)).toEqual([taken(2)])
  expect(seqsOf(requests)).toEqual([[], [2], [1, 2]])
})
