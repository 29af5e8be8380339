import type { QueuedEvent } from '../../src/queue/driver.ts'

export const topic = 'slack.events'

/** An event as the webhook makes them; what a test does not care about is filled in. */
export function queuedEvent(overrides: Partial<QueuedEvent> & { readonly id: string }): QueuedEvent {
  const { id } = overrides
  return {
    topic,
    key: 'C1',
    bytes: new TextEncoder().encode(`{"event_id":"${id}"}`),
    meta: {
      eventId: id,
      type: 'message',
      teamId: 'T1',
      channelId: 'C1',
      receivedAtMs: 1_700_000_000_123,
      correlationId: '00000000-0000-4000-8000-000000000001',
      source: 'events',
      retryNum: 0,
    },
    ...overrides,
  }
}

/** `count` events with the ids `<prefix>0`, `<prefix>1`, … */
export function queuedEvents(count: number, prefix = 'Ev'): readonly QueuedEvent[] {
  return Array.from({ length: count }, (_, index) => queuedEvent({ id: `${prefix}${index}` }))
}
