import { expect, test } from 'bun:test'
import { getEventListeners } from 'node:events'
import { MemoryGroup } from '../../../src/queue/memory-group.ts'
import { MemoryLog } from '../../../src/queue/memory-log.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { queuedEvents } from '../../support/queue-events.ts'

test('takes that wait with one signal share one listener on it', async () => {
  const log = new MemoryLog()
  const nothing = () => undefined
  const group = new MemoryGroup(log, new FakeClock(), { onDone: nothing, onDead: nothing })
  const member = new AbortController()
  for (const event of queuedEvents(3)) {
    const taking = group.take(1, member.signal)
    group.offer(log.append(event, 1))
    expect(await taking).toMatchObject([{ event, attempt: 1 }])
  }
  expect(getEventListeners(member.signal, 'abort')).toHaveLength(1)
  const left = group.take(1, member.signal)
  member.abort()
  expect(await left).toEqual([])
})
