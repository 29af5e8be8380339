import { expect, test } from 'bun:test'
import { createEventsDesk } from '../../../src/events/events-desk.ts'
import type { DeadLetter } from '../../../src/queue/driver.ts'
import { GuardedQueue } from '../../../src/queue/guarded-queue.ts'
import { MemoryQueue, memoryLimitsDefault } from '../../../src/queue/memory.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { queuedEvents, topic } from '../../support/queue-events.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { RecordingMetrics } from '../../support/recording-metrics.ts'
import { sequentialIds } from '../../support/sequential-ids.ts'

const letters: readonly DeadLetter[] = queuedEvents(50).map((event, index) => ({
  event,
  group: index < 25 ? 'early' : 'late',
  attempts: 3,
  reason: 'Error',
  deadAtMs: index,
}))

/** A queue that says how many letters it was asked for. */
class LetterQueue extends MemoryQueue {
  readonly askedFor: number[] = []

  override async deadLetters(limit: number): Promise<readonly DeadLetter[]> {
    this.askedFor.push(limit)
    return letters.slice(-limit)
  }
}

test('of dead letters no more are read than are shown, unless some are selected', async () => {
  const deps = {
    clock: new FakeClock(),
    ids: sequentialIds(),
    log: new RecordingLogger(),
    metrics: new RecordingMetrics(),
  }
  const store = new LetterQueue(memoryLimitsDefault, deps)
  const desk = createEventsDesk({ queue: new GuardedQueue(store, deps), topic, forwarder: undefined })
  const idsOf = async (selection: { readonly group?: string | undefined }) =>
    (await desk.deadLetters(selection, { limit: 2 })).map(({ id }) => id)
  expect(await idsOf({ group: undefined })).toEqual(['Ev48', 'Ev49'])
  expect(store.askedFor).toEqual([2])
  expect(await idsOf({ group: 'early' })).toEqual(['Ev23', 'Ev24'])
})
