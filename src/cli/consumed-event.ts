import { type EventView, viewEvent } from '../events/event-view.ts'
import { parseKeptEvent } from '../events/slack-event.ts'
import type { Delivery } from '../queue/driver.ts'

/** An event in the hands of `consume`. */
export interface ConsumedEvent {
  readonly event: EventView
  readonly attempt: number
  /** The exact bytes that Slack sent. */
  readonly bytes: Uint8Array
}

/** Resolving acknowledges; rejecting asks for the event again later. `signal` aborts when it is no longer ours to handle. */
export type ConsumeHandler = (consumed: ConsumedEvent, signal: AbortSignal) => Promise<void>

export interface ConsumeOptions {
  readonly group: string
  readonly concurrencyMax: number
  readonly isOrdered: boolean
  readonly leaseSeconds: number
}

/**
 * A member of a group: hands events to `handler` until `signal` aborts, then resolves once those in hand are settled. Where they come from is
 * behind it.
 */
export type Consume = (options: ConsumeOptions, handler: ConsumeHandler, signal: AbortSignal) => Promise<void>

export function asConsumed({ event, attempt }: Delivery): ConsumedEvent {
  return { event: viewEvent(event), attempt, bytes: event.bytes }
}

/** What programs read of an event: what is known of it, the try, and what it says; the bytes where they say nothing. */
export function consumedLine({ event, attempt, bytes }: ConsumedEvent): object {
  const data = parseKeptEvent(bytes, event.type)?.envelope
  return { ...event, attempt, ...(data === undefined ? { body_base64: bytes.toBase64() } : { data }) }
}

/** What an environment variable may hold of what Slack sent. */
const valuePattern = /^[\x21-\x7e]{1,255}$/

/** What a command finds in its environment; the event itself comes over standard input. */
export function consumedEnvironment({ event, attempt }: ConsumedEvent): Readonly<Record<string, string>> {
  const values = {
    EVENT_ID: event.id,
    EVENT_TYPE: event.type,
    EVENT_SOURCE: event.source,
    EVENT_ATTEMPT: String(attempt),
    EVENT_RECEIVED_AT: event.received_at,
    CORRELATION_ID: event.correlation_id,
    // As OpenTelemetry's libraries read them: what the command does becomes part of the trace.
    TRACEPARENT: event.traceparent ?? '',
    TRACESTATE: event.tracestate ?? '',
  }
  return Object.fromEntries(Object.entries(values).filter(([, value]) => valuePattern.test(value)))
}
