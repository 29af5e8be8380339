import type { DeadLetter, EventSource, QueuedEvent } from './driver.ts'
import { traceOf } from './queue-tracing.ts'
import { asList, asText, type RedisArgument, type RedisReply } from './redis-reply.ts'

/**
 * An event as the fields of a stream entry: flat text that any client in any language reads, and the body as the bytes that came in. Every
 * entry has every field, since Redis stores the names once for entries that agree in them; what an event lacks is empty. Only the two of the
 * trace are left out where nothing is traced.
 */
export function encodeMeta(event: QueuedEvent): readonly RedisArgument[] {
  const { meta } = event
  const fields = [
    'event_id',
    event.id,
    'type',
    meta.type,
    'team_id',
    meta.teamId ?? '',
    'channel_id',
    meta.channelId ?? '',
    'key',
    event.key,
    'received_at_ms',
    String(meta.receivedAtMs),
    'correlation_id',
    meta.correlationId,
    'source',
    meta.source,
    'retry_num',
    String(meta.retryNum),
  ]
  // With the others it depends on one setting whether entries have them, so they agree in their names all the same.
  if (meta.traceparent !== undefined)
    fields.push('traceparent', meta.traceparent, 'tracestate', meta.tracestate ?? '')
  return fields
}

const integerPattern = /^\d{1,15}$/
const sources: readonly string[] = ['events', 'commands', 'interactivity'] satisfies readonly EventSource[]

/** An entry as it comes out of our scripts, byte n as code point n. Undefined where it is not one of ours: anyone may write to the stream. */
export function decodeEvent(topic: string, reply: RedisReply | undefined): QueuedEvent | undefined {
  return decodeFields(topic, readFields(asList(reply)))
}

function decodeFields(topic: string, fields: ReadonlyMap<string, string>): QueuedEvent | undefined {
  const text = (name: string) => asUtf8(fields.get(name))
  const [id, type, body] = [text('event_id'), text('type'), fields.get('body')]
  const [receivedAt, source, retryNum] = [text('received_at_ms'), text('source'), text('retry_num') ?? '0']
  if (!id || !type || body === undefined || receivedAt === undefined || source === undefined) return undefined
  if (!integerPattern.test(receivedAt) || !integerPattern.test(retryNum) || !isSource(source))
    return undefined
  return {
    id,
    topic,
    key: text('key') ?? '',
    bytes: asBytes(body),
    meta: {
      eventId: id,
      type,
      teamId: text('team_id') || undefined,
      channelId: text('channel_id') || undefined,
      receivedAtMs: Number(receivedAt),
      correlationId: text('correlation_id') ?? '',
      source,
      retryNum: Number(retryNum),
      ...traceOf({ traceparent: text('traceparent'), tracestate: text('tracestate') }),
    },
  }
}

/** An entry of the dead letters. One whose event was never ours keeps what bytes it had under the id of its entry. */
export function decodeDeadLetter(topic: string, reply: RedisReply | undefined): DeadLetter {
  const fields = readFields(asList(reply))
  const text = (name: string) => asUtf8(fields.get(name)) ?? ''
  const deadAtMs = Number(text('dead_at_ms'))
  const id = text('dead_event_id')
  const foreign: QueuedEvent = {
    id,
    topic,
    key: '',
    bytes: asBytes(fields.get('body') ?? ''),
    meta: {
      eventId: id,
      type: 'unknown',
      teamId: undefined,
      channelId: undefined,
      receivedAtMs: deadAtMs,
      correlationId: '',
      source: 'events',
      retryNum: 0,
    },
  }
  return {
    event: decodeFields(topic, fields) ?? foreign,
    group: text('dead_group'),
    attempts: Number(text('dead_attempts')),
    reason: text('dead_reason'),
    deadAtMs,
  }
}

/** Names as written by others may repeat: the first holds, as it does in our scripts. */
function readFields(list: readonly RedisReply[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (let index = 0; index + 1 < list.length; index += 2) {
    const name = asText(list[index])
    if (!fields.has(name)) fields.set(name, asText(list[index + 1]))
  }
  return fields
}

function asBytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'))
}

function asUtf8(text: string | undefined): string | undefined {
  return text === undefined ? undefined : Buffer.from(text, 'latin1').toString('utf8')
}

function isSource(text: string): text is EventSource {
  return sources.includes(text)
}
