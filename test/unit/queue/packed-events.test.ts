import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { packEvents, unpackEvents } from '../../../src/queue/packed-events.ts'
import { queuedEvent } from '../../support/queue-events.ts'

const optional = (text: fc.Arbitrary<string>) => fc.option(text, { nil: undefined })
const anyEvent = fc
  .record({
    id: fc.string({ unit: 'binary' }),
    topic: fc.string(),
    key: fc.string({ unit: 'binary' }),
    bytes: fc.uint8Array({ maxLength: 300 }),
    type: fc.string({ unit: 'binary' }),
    teamId: optional(fc.string()),
    channelId: optional(fc.string()),
    receivedAtMs: fc.maxSafeNat(),
    correlationId: fc.uuid(),
    source: fc.constantFrom('events' as const, 'commands' as const, 'interactivity' as const),
    retryNum: fc.nat(3),
  })
  .map(({ id, topic, key, bytes, ...meta }) => ({ id, topic, key, bytes, meta: { eventId: id, ...meta } }))

test('what is packed comes out as it was', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 5 }), (events) => {
      const packed = packEvents(events)
      expect(packed.count).toBe(events.length)
      const unpacked = unpackEvents(packed)
      expect(unpacked.map((event) => ({ ...event, bytes: [...event.bytes] }))).toEqual(
        events.map((event) => ({ ...event, bytes: [...event.bytes] })),
      )
    }),
  )
})

test('the bytes of the sender stay his: they are copied into the pack', () => {
  const event = queuedEvent({ id: 'a', bytes: new Uint8Array([1, 2, 3]) })
  const packed = packEvents([event])
  structuredClone(packed, { transfer: [packed.payloads.buffer] })
  expect([...event.bytes]).toEqual([1, 2, 3])
})

test('an event that comes out does not keep the bytes of the others', () => {
  const events = ['a', 'b'].map((id) => queuedEvent({ id, bytes: new Uint8Array(1_000) }))
  const [first] = unpackEvents(packEvents(events))
  expect(first?.bytes.buffer.byteLength).toBe(1_000)
})
