import { expect, test } from 'bun:test'
import { asConsumed, consumedEnvironment, consumedLine } from '../../../src/cli/consumed-event.ts'
import { queuedEvent } from '../../support/queue-events.ts'

const event = queuedEvent({ id: 'Ev1' })
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

test('a command finds in its environment what is known of the event', () => {
  const meta = { ...event.meta, traceparent, tracestate: 'vendor=1' }
  expect(consumedEnvironment(asConsumed({ event: { ...event, meta }, attempt: 3 }))).toEqual({
    EVENT_ID: 'Ev1',
    EVENT_TYPE: 'message',
    EVENT_SOURCE: 'events',
    EVENT_ATTEMPT: '3',
    EVENT_RECEIVED_AT: '2023-11-14T22:13:20.123Z',
    CORRELATION_ID: '00000000-0000-4000-8000-000000000001',
    TRACEPARENT: traceparent,
    TRACESTATE: 'vendor=1',
  })
})

test('what Slack sent is no variable where it could be more than a word', () => {
  for (const type of ['', 'two words', 'line\nEVIL=1', 'nul\0', 'ümlaut', 'x'.repeat(256)]) {
    const meta = { ...event.meta, type }
    const names = Object.keys(consumedEnvironment(asConsumed({ event: { ...event, meta }, attempt: 1 })))
    expect(names).not.toContain('EVENT_TYPE')
    expect(names).not.toContain('TRACEPARENT')
    expect(names).toContain('EVENT_ID')
  }
})

test('a line has what the event says, and its bytes where that cannot be read', () => {
  expect(consumedLine(asConsumed({ event, attempt: 1 }))).toMatchObject({
    id: 'Ev1',
    attempt: 1,
    data: { event_id: 'Ev1' },
  })
  const bytes = new TextEncoder().encode('payload=nonsense')
  const unreadable = consumedLine(asConsumed({ event: { ...event, bytes }, attempt: 1 }))
  expect(unreadable).toMatchObject({ id: 'Ev1', body_base64: bytes.toBase64() })
  expect(unreadable).not.toHaveProperty('data')
})
