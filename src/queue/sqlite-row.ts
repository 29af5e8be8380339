import { crc32 } from 'node:zlib'
import type { EventSource, QueuedEvent } from './driver.ts'
import { traceOf } from './queue-tracing.ts'
import { blob, integer, optionalText, type SqlRow, type SqlValue, text } from './sqlite-database.ts'

/** An event as columns, the same in every table that holds events. `checksum` covers all the others. */
export const eventColumns =
  'id, key, type, team_id, channel_id, received_at_ms, correlation_id, source, retry_num, size, checksum, payload, traceparent, tracestate'

/** Those of the first schema. */
export const eventColumnDefinitions = `
  id TEXT NOT NULL, key TEXT NOT NULL, type TEXT NOT NULL, team_id TEXT, channel_id TEXT, received_at_ms INTEGER NOT NULL,
  correlation_id TEXT NOT NULL, source TEXT NOT NULL, retry_num INTEGER NOT NULL, size INTEGER NOT NULL, checksum INTEGER NOT NULL,
  payload BLOB NOT NULL`

/** Those that the second schema added, each at the end: what is there already need not be written again. */
export const traceColumnDefinitions = ['traceparent TEXT', 'tracestate TEXT'] as const

export const eventPlaceholders = '?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?'

/** The values of `eventColumns`. */
export function eventValues(event: QueuedEvent): readonly SqlValue[] {
  const { id, key, bytes, meta } = event
  return [
    id,
    key,
    meta.type,
    meta.teamId ?? null,
    meta.channelId ?? null,
    meta.receivedAtMs,
    meta.correlationId,
    meta.source,
    meta.retryNum,
    bytes.byteLength,
    checksumOf(event),
    bytes,
    meta.traceparent ?? null,
    meta.tracestate ?? null,
  ]
}

/** The event of a row, or undefined where the row is not what was written. */
export function parseEventRow(row: SqlRow, topic: string): QueuedEvent | undefined {
  try {
    const event = readEvent(row, topic)
    return checksumOf(event) === integer(row, 'checksum') ? event : undefined
  } catch {
    return undefined
  }
}

function readEvent(row: SqlRow, topic: string): QueuedEvent {
  const id = text(row, 'id')
  return {
    id,
    topic,
    key: text(row, 'key'),
    bytes: blob(row, 'payload'),
    meta: {
      eventId: id,
      type: text(row, 'type'),
      teamId: optionalText(row, 'team_id'),
      channelId: optionalText(row, 'channel_id'),
      receivedAtMs: integer(row, 'received_at_ms'),
      correlationId: text(row, 'correlation_id'),
      // Covered by the checksum: what is read is what was written.
      source: text(row, 'source') as EventSource,
      retryNum: integer(row, 'retry_num'),
      ...traceOf({
        traceparent: optionalText(row, 'traceparent'),
        tracestate: optionalText(row, 'tracestate'),
      }),
    },
  }
}

/** Finds flipped bits, not forgers: the file is ours alone. Without a trace it is that of the first schema, whose rows stay as they are. */
function checksumOf({ id, key, bytes, meta }: QueuedEvent): number {
  const { type, teamId, channelId, receivedAtMs, correlationId, source, retryNum, traceparent, tracestate } =
    meta
  const fields = [
    id,
    key,
    type,
    teamId ?? null,
    channelId ?? null,
    receivedAtMs,
    correlationId,
    source,
    retryNum,
    ...(traceparent === undefined && tracestate === undefined
      ? []
      : [traceparent ?? null, tracestate ?? null]),
  ]
  return crc32(bytes, crc32(JSON.stringify(fields)))
}
