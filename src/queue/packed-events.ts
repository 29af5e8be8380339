import type { TraceTexts } from '../observe/trace-context.ts'
import type { EventSource, QueuedEvent } from './driver.ts'
import { traceOf } from './queue-tracing.ts'

/**
 * Events on their way to another thread: one text and one run of bytes, which is handed over and not copied. As objects they cost three times the
 * CPU in structured clone (1.5 against 4.9 microseconds an event, Bun 1.4.5).
 */
export interface PackedEvents {
  readonly count: number
  /** JSON of a list of rows; see PackedRow. */
  readonly rows: string
  /** The payloads, one after the other. */
  readonly payloads: Uint8Array<ArrayBuffer>
}

type PackedFields = readonly [
  id: string,
  topic: string,
  key: string,
  size: number,
  type: string,
  teamId: string | null,
  channelId: string | null,
  receivedAtMs: number,
  correlationId: string,
  source: EventSource,
  retryNum: number,
]

/** Without the last where nothing was traced. */
type PackedRow = PackedFields | readonly [...PackedFields, trace: TraceTexts]

export function packEvents(events: readonly QueuedEvent[]): PackedEvents {
  const payloads = new Uint8Array(events.reduce((sum, { bytes }) => sum + bytes.byteLength, 0))
  const rows: PackedRow[] = []
  let offset = 0
  for (const { id, topic, key, bytes, meta } of events) {
    payloads.set(bytes, offset)
    offset += bytes.byteLength
    const { type, teamId = null, channelId = null, receivedAtMs, correlationId, source, retryNum } = meta
    const fields: PackedFields = [
      id,
      topic,
      key,
      bytes.byteLength,
      type,
      teamId,
      channelId,
      receivedAtMs,
      correlationId,
      source,
      retryNum,
    ]
    rows.push(meta.traceparent === undefined ? fields : [...fields, traceOf(meta)])
  }
  return { count: events.length, rows: JSON.stringify(rows), payloads }
}

/** The events that were packed. Their bytes are copies: one event that is kept for long must not keep the bytes of all the others. */
export function unpackEvents({ rows, payloads }: PackedEvents): readonly QueuedEvent[] {
  let offset = 0
  // Written by packEvents of the same program.
  return (JSON.parse(rows) as readonly PackedRow[]).map((row) => {
    const [
      id,
      topic,
      key,
      size,
      type,
      teamId,
      channelId,
      receivedAtMs,
      correlationId,
      source,
      retryNum,
      trace,
    ] = row
    const bytes = payloads.slice(offset, offset + size)
    offset += size
    return {
      id,
      topic,
      key,
      bytes,
      meta: {
        eventId: id,
        type,
        teamId: teamId ?? undefined,
        channelId: channelId ?? undefined,
        receivedAtMs,
        correlationId,
        source,
        retryNum,
        ...trace,
      },
    }
  })
}
