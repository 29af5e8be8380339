import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { QueuedEvent } from '../../../src/queue/driver.ts'
import { decodeDeadLetter, decodeEvent, encodeMeta } from '../../../src/queue/redis-codec.ts'
import type { RedisArgument, RedisReply } from '../../../src/queue/redis-reply.ts'

/** What our scripts answer for stored fields: byte n as code point n. */
function asReply(fields: readonly RedisArgument[]): RedisReply {
  return fields.map((field) =>
    Buffer.from(typeof field === 'string' ? new TextEncoder().encode(field) : field).toString('latin1'),
  )
}

const wellFormed = fc.string({ unit: 'grapheme', maxLength: 40 })

const events: fc.Arbitrary<QueuedEvent> = fc
  .record({
    id: wellFormed.filter((id) => id !== ''),
    key: wellFormed,
    bytes: fc.uint8Array({ maxLength: 300 }),
    type: wellFormed.filter((type) => type !== ''),
    teamId: fc.option(
      wellFormed.filter((id) => id !== ''),
      { nil: undefined },
    ),
    channelId: fc.option(
      wellFormed.filter((id) => id !== ''),
      { nil: undefined },
    ),
    receivedAtMs: fc.integer({ min: 0, max: 999_999_999_999_999 }),
    correlationId: fc.uuid(),
    source: fc.constantFrom('events' as const, 'commands' as const, 'interactivity' as const),
    retryNum: fc.nat(9),
  })
  .map(({ id, key, bytes, ...meta }) => ({ id, topic: 't', key, bytes, meta: { eventId: id, ...meta } }))

test('an event comes back as it was, whatever its text and bytes', () => {
  fc.assert(
    fc.property(events, (event) => {
      const fields = [...encodeMeta(event), 'seq', '1', 'offset', '2', 'body', event.bytes]
      expect(decodeEvent('t', asReply(fields))).toEqual(event)
    }),
    { numRuns: 500 },
  )
})

test('a dead letter comes back with its event', () => {
  fc.assert(
    fc.property(events, (event) => {
      const head = [
        'dead_event_id',
        event.id,
        'dead_group',
        'g',
        'dead_attempts',
        '3',
        'dead_reason',
        'X',
        'dead_at_ms',
        '7',
      ]
      const fields = [...head, ...encodeMeta(event), 'body', event.bytes]
      const letter = { event, group: 'g', attempts: 3, reason: 'X', deadAtMs: 7 }
      expect(decodeDeadLetter('t', asReply(fields))).toEqual(letter)
    }),
    { numRuns: 200 },
  )
})

test('anything else is no event, and never a crash', () => {
  const names = fc.constantFrom(
    'event_id',
    'type',
    'body',
    'source',
    'received_at_ms',
    'retry_num',
    'key',
    'x',
  )
  const values = fc.oneof(
    wellFormed,
    fc.constantFrom('events', '1', '-1', '1e3', ''),
    fc.uint8Array({ maxLength: 9 }),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(names, values), { maxLength: 12 }), fc.boolean(), (pairs, isOdd) => {
      const flat: RedisArgument[] = pairs.flat()
      if (isOdd) flat.pop()
      const event = decodeEvent('t', asReply(flat))
      if (event === undefined) return
      expect(event.id).not.toBe('')
      expect(event.meta.type).not.toBe('')
      expect(Number.isSafeInteger(event.meta.receivedAtMs)).toBe(true)
      expect(Number.isSafeInteger(event.meta.retryNum)).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})

test('the first of two fields of one name holds, as it does in the scripts', () => {
  const event = [
    ...['event_id', 'first', 'event_id', 'second', 'type', 't', 'received_at_ms', '1', 'source', 'events'],
    ...['body', 'one', 'body', 'two'],
  ]
  const decoded = decodeEvent('t', asReply(event))
  expect(decoded?.id).toBe('first')
  expect(new TextDecoder().decode(decoded?.bytes)).toBe('one')
})
