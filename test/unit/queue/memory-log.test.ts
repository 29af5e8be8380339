import { describe, expect, test } from 'bun:test'
import { MemoryLog } from '../../../src/queue/memory-log.ts'
import { queuedEvent } from '../../support/queue-events.ts'

describe('entries that left the log', () => {
  test('lead to no other, so that none keeps those after it in memory', () => {
    const log = new MemoryLog()
    const entries = ['a', 'b', 'c'].map((id) => log.append(queuedEvent({ id }), 0))
    for (const entry of entries) log.settle(entry)
    for (const entry of entries.slice(0, 2)) log.remove(entry)
    expect(entries.map(({ older, newer, nextSettled }) => [older, newer, nextSettled])).toEqual(
      entries.map(() => [undefined, undefined, undefined]),
    )
    expect(log.oldest).toBe(entries[2])
  })
})
