import { asIsoTime } from '../base/clock.ts'
import type { JsonObject } from '../base/json-object.ts'
import type { DeadLetter, GroupInfo, QueuedEvent } from '../queue/driver.ts'
import { traceOf } from '../queue/queue-tracing.ts'
import { parseKeptEvent } from './slack-event.ts'

/** A kept event as operators see it: plain JSON, the names of the wire. */
export interface EventView {
  readonly id: string
  readonly type: string
  readonly team_id: string | null
  readonly channel_id: string | null
  /** ISO 8601, UTC. */
  readonly received_at: string
  readonly correlation_id: string
  readonly source: string
  readonly retry_num: number
  /** Where in a trace it was kept (W3C Trace Context); absent where nothing was traced. */
  readonly traceparent?: string
  readonly tracestate?: string
  /** Bytes of the body. */
  readonly size: number
  /** What the bytes say, where it was asked for and they say something: the outer object, or the fields of a form. */
  readonly data?: JsonObject | null
  /** The exact bytes, where they were asked for. */
  readonly body_base64?: string
}

/** An event that a group gave up. */
export interface LetterView extends EventView {
  readonly group: string
  readonly attempts: number
  readonly reason: string
  readonly dead_at: string
}

export interface GroupView {
  readonly group: string
  /** Events that it has not acknowledged. */
  readonly pending: number
  /** Its last delivery or acknowledgement; null before the first. */
  readonly active_at: string | null
}

export interface ViewOptions {
  readonly hasData?: boolean
  readonly hasBody?: boolean
}

export function viewEvent(event: QueuedEvent, { hasData, hasBody }: ViewOptions = {}): EventView {
  const { bytes, meta } = event
  return {
    id: event.id,
    type: meta.type,
    team_id: meta.teamId ?? null,
    channel_id: meta.channelId ?? null,
    received_at: asIsoTime(meta.receivedAtMs),
    correlation_id: meta.correlationId,
    source: meta.source,
    retry_num: meta.retryNum,
    ...traceOf(meta),
    size: bytes.byteLength,
    ...(hasData === true ? { data: parseKeptEvent(bytes, meta.type)?.envelope ?? null } : {}),
    ...(hasBody === true ? { body_base64: bytes.toBase64() } : {}),
  }
}

export function viewLetter(
  { event, group, attempts, reason, deadAtMs }: DeadLetter,
  options: ViewOptions = {},
): LetterView {
  return { ...viewEvent(event, options), group, attempts, reason, dead_at: asIsoTime(deadAtMs) }
}

export function viewGroup({ group, pending, activeAtMs }: GroupInfo): GroupView {
  return { group, pending, active_at: activeAtMs === undefined ? null : asIsoTime(activeAtMs) }
}
