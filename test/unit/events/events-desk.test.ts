import { expect, test } from 'bun:test'
import { createEventsDesk } from '../../../src/events/events-desk.ts'
import type { DeadLetter, DeadLetterPage, LetterName } from '../../../src/queue/driver.ts'
import { GuardedQueue } from '../../../src/queue/guarded-queue.ts'
import { MemoryQueue, memoryLimitsDefault } from '../../../src/queue/memory.ts'
import { fakeQueueDeps } from '../../support/queue-deps.ts'
import { queuedEvents, topic } from '../../support/queue-events.ts'

const pageMax = 10

/** A queue that says how many letters it was asked for at once. */
class LetterQueue extends MemoryQueue {
  readonly askedFor: number[] = []
  readonly removed: string[] = []
  letters: readonly DeadLetter[] = queuedEvents(50).map((event, index) => ({
    event,
    group: index < 25 ? 'early' : 'late',
    attempts: 3,
    reason: 'Error',
    deadAtMs: index,
  }))

  override async depth() {
    return { ...(await super.depth()), deadLetters: this.letters.length }
  }

  override async deadLetters(_: string, limit: number): Promise<readonly DeadLetter[]> {
    this.askedFor.push(limit)
    return this.letters.slice(-limit)
  }

  override async deadLetterPage(_: string, from = '0'): Promise<DeadLetterPage> {
    this.askedFor.push(pageMax)
    const end = Number(from) + pageMax
    return {
      letters: this.letters.slice(Number(from), end),
      next: end < this.letters.length ? String(end) : undefined,
    }
  }

  override async removeDeadLetter({ eventId }: LetterName): Promise<boolean> {
    this.removed.push(eventId)
    return true
  }

  /** As a group does whose handler still fails. */
  override async replayDeadLetter({ eventId }: LetterName): Promise<boolean> {
    this.letters = [...this.letters, ...this.letters.filter(({ event }) => event.id === eventId)]
    return true
  }
}

function bench() {
  const deps = fakeQueueDeps()
  const store = new LetterQueue(memoryLimitsDefault, deps)
  const desk = createEventsDesk({ queue: new GuardedQueue(store, deps), topic, forwarder: undefined })
  return { store, desk }
}

test('of dead letters no more are read than are shown, and where some are selected a part at a time', async () => {
  const { store, desk } = bench()
  const idsOf = async (selection: { readonly group?: string | undefined }) =>
    (await desk.deadLetters(selection, { limit: 2 })).map(({ id }) => id)
  expect(await idsOf({ group: undefined })).toEqual(['Ev48', 'Ev49'])
  expect(store.askedFor).toEqual([2])
  expect(await idsOf({ group: 'early' })).toEqual(['Ev23', 'Ev24'])
  expect(store.askedFor).toEqual([2, 10, 10, 10, 10, 10])
})

test('settles what is selected a part at a time, oldest first', async () => {
  const { store, desk } = bench()
  const outcome = await desk.settleDead('purge', { group: 'late' }, false)
  expect({ ...outcome, letters: outcome.letters.length }).toEqual({
    dry_run: false,
    matched: 25,
    done: 25,
    letters: 25,
  })
  expect([store.removed.at(0), store.removed.at(-1), store.removed.length]).toEqual(['Ev25', 'Ev49', 25])
  expect(Math.max(...store.askedFor)).toBe(pageMax)
})

test('a replay of all ends, also where each letter comes back at once', async () => {
  const { desk } = bench()
  expect(await desk.settleDead('replay', {}, false)).toMatchObject({ matched: 50, done: 50 })
})

test('since takes the moment itself and before leaves it out', async () => {
  const { desk } = bench()
  const { matched, letters } = await desk.settleDead('replay', { sinceMs: 10, beforeMs: 12 }, true)
  expect([matched, letters.map(({ id }) => id)]).toEqual([2, ['Ev10', 'Ev11']])
})
