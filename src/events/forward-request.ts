import type { Secret } from '../base/secret.ts'
import type { Delivery, EventSource } from '../queue/driver.ts'
import { signBody } from '../slack/signature.ts'

export interface ForwardSigning {
  readonly secret: Secret
  /** Wall clock, milliseconds. */
  readonly nowMs: number
  readonly userAgent: string
}

/** As Slack posts each of them. */
const mediaTypes: Readonly<Record<EventSource, string>> = {
  events: 'application/json',
  commands: 'application/x-www-form-urlencoded',
  interactivity: 'application/x-www-form-urlencoded',
}

/** What a header may hold; ids and types come from Slack, and one that is no header value must not stop the event. */
const headerValuePattern = /^[\x21-\x7e]{1,255}$/

/**
 * The headers of one delivery: Slack's own, so that a verifier written for Slack takes it with another secret, and ours for what the bytes do
 * not say. Signed anew for each try, since a verifier refuses what is older than five minutes.
 */
export function forwardHeaders(
  { event, attempt }: Delivery,
  { secret, nowMs, userAgent }: ForwardSigning,
): Readonly<Record<string, string>> {
  const { meta, bytes } = event
  const timestamp = Math.floor(nowMs / 1000)
  const ours = {
    'x-correlation-id': meta.correlationId,
    'x-event-id': meta.eventId,
    'x-event-type': meta.type,
    'x-event-source': meta.source,
    'x-event-attempt': String(attempt),
    'x-event-received-at-ms': String(meta.receivedAtMs),
  }
  return {
    'content-type': mediaTypes[meta.source],
    'user-agent': userAgent,
    'x-slack-request-timestamp': String(timestamp),
    'x-slack-signature': signBody(secret.reveal(), timestamp, bytes),
    ...Object.fromEntries(Object.entries(ours).filter(([, value]) => headerValuePattern.test(value))),
  }
}
