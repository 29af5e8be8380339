import { type TSchema, Type } from '@sinclair/typebox'
import { errorAnswers } from '../base/error-schema.ts'

/** What goes over the admin routes, for checking and for the API document. Queries are text, and taken only as they would be written. */

export const closed = { additionalProperties: false } as const
const word = (description: string) => Type.String({ minLength: 1, maxLength: 255, description })
const count = Type.String({ pattern: '^[1-9][0-9]{0,3}$', description: 'At most 1000.' })
const flag = Type.Union([Type.Literal('true'), Type.Literal('false')])
/** With a zone, so that it means the same moment to both sides. */
const moment = (description: string) =>
  Type.String({
    pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,3})?)?(Z|[+-]\\d{2}:\\d{2})$',
    description,
  })

const selection = {
  id: Type.Optional(word('Id of the event.')),
  group: Type.Optional(word('The group that gave it up.')),
  type: Type.Optional(word('app_mention, message.im, reaction_*, …')),
  reason: Type.Optional(word('Of its last failure.')),
  since: Type.Optional(moment('Given up at this time or later, ISO 8601.')),
  before: Type.Optional(moment('Given up before this time, ISO 8601.')),
}

export const listQuerySchema = Type.Object(
  {
    limit: Type.Optional(count),
    type: Type.Optional(
      word('app_mention, message.im, reaction_*, …; looked for among the newest 1,000 events.'),
    ),
    after: Type.Optional(word('Only what came after the event of this id.')),
    data: Type.Optional(flag),
    body: Type.Optional(flag),
  },
  closed,
)
export const idQuerySchema = Type.Object({ id: word('Id of the event.') }, closed)
export const groupQuerySchema = Type.Object({ group: word('Name of the group.') }, closed)
export const deadQuerySchema = Type.Object(
  { ...selection, limit: Type.Optional(count), data: Type.Optional(flag), body: Type.Optional(flag) },
  closed,
)
export const settleDeadSchema = Type.Object(
  {
    ...selection,
    all: Type.Optional(Type.Boolean({ description: 'Every dead letter; otherwise something must select.' })),
    dry_run: Type.Optional(Type.Boolean({ default: true, description: 'Only say what would happen.' })),
  },
  closed,
)
export const purgeSchema = Type.Object(
  {
    before: moment('Events that arrived before this time, ISO 8601.'),
    dry_run: Type.Optional(Type.Boolean({ default: true, description: 'Only say what would happen.' })),
  },
  closed,
)

const nullable = (schema: TSchema) => Type.Union([schema, Type.Null()])
const eventFields = {
  id: Type.String(),
  type: Type.String(),
  team_id: nullable(Type.String()),
  channel_id: nullable(Type.String()),
  received_at: Type.String({ description: 'ISO 8601, UTC' }),
  correlation_id: Type.String(),
  source: Type.String({ description: 'events, commands or interactivity' }),
  retry_num: Type.Integer(),
  traceparent: Type.Optional(Type.String({ description: 'W3C Trace Context, where the server traces.' })),
  tracestate: Type.Optional(Type.String()),
  size: Type.Integer({ description: 'Bytes of the body.' }),
  data: Type.Optional(nullable(Type.Object({}, { additionalProperties: true }))),
  body_base64: Type.Optional(Type.String({ description: 'The exact bytes.' })),
}
export const eventSchema = Type.Object(eventFields, closed)
export const letterSchema = Type.Object(
  {
    ...eventFields,
    group: Type.String(),
    attempts: Type.Integer(),
    reason: Type.String(),
    dead_at: Type.String({ description: 'ISO 8601, UTC' }),
  },
  closed,
)
export const groupSchema = Type.Object(
  { group: Type.String(), pending: Type.Integer(), active_at: nullable(Type.String()) },
  closed,
)
export const listSchema = Type.Object(
  { events: Type.Array(eventSchema), last_id: nullable(Type.String()), has_gap: Type.Boolean() },
  closed,
)
export const statsSchema = Type.Object(
  {
    backend: Type.String(),
    durable: Type.Boolean(),
    shared: Type.Boolean(),
    topic: Type.String(),
    events: Type.Integer(),
    bytes: Type.Integer(),
    events_max: Type.Integer(),
    pending: Type.Integer(),
    fill: Type.Number(),
    oldest_at: nullable(Type.String()),
    dead_letters: Type.Integer(),
    breaker: Type.String(),
    groups: Type.Array(groupSchema),
    forward: nullable(
      Type.Object(
        {
          host: Type.String(),
          state: Type.String(),
          breaker: Type.String(),
          last_failure: nullable(Type.String()),
        },
        closed,
      ),
    ),
  },
  closed,
)
export const deadOutcomeSchema = Type.Object(
  {
    dry_run: Type.Boolean(),
    matched: Type.Integer(),
    done: Type.Integer(),
    letters: Type.Array(letterSchema),
  },
  closed,
)
export const purgeOutcomeSchema = Type.Object({ dry_run: Type.Boolean(), removed: Type.Integer() }, closed)
export const groupsSchema = Type.Object({ groups: Type.Array(groupSchema) }, closed)
export const lettersSchema = Type.Object({ letters: Type.Array(letterSchema) }, closed)
export const resumedSchema = Type.Object({ resumed: Type.Boolean() }, closed)
export const removedSchema = Type.Object({ removed: Type.Boolean() }, closed)

export const consumeQuerySchema = Type.Object(
  {
    group: Type.String({
      pattern: '^[A-Za-z0-9._:-]{1,200}$',
      description: 'Members of one group share the events.',
    }),
    max: Type.Optional(
      Type.String({
        pattern: '^([1-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-6])$',
        description: 'Events in hand at once, 1 (default) to 256.',
      }),
    ),
    ordered: Type.Optional(Type.Union([Type.Literal('true'), Type.Literal('false')])),
    lease: Type.Optional(
      Type.String({
        pattern: '^[1-9][0-9]{0,3}$',
        description: 'Seconds that an event may stay in hand; default 300.',
      }),
    ),
  },
  closed,
)

const number = Type.Integer({ minimum: 1 })

export const ackSchema = Type.Object(
  {
    stream: Type.String({ minLength: 1, maxLength: 64, description: 'As its first line says.' }),
    done: Type.Optional(
      Type.Array(number, { maxItems: 256, description: 'Numbers of events that are handled.' }),
    ),
    failed: Type.Optional(
      Type.Array(
        Type.Object(
          {
            number,
            reason: Type.String({
              pattern: '^[A-Za-z][A-Za-z0-9_]{0,63}$',
              description: 'A word for the dead letter.',
            }),
          },
          closed,
        ),
        { maxItems: 256, description: 'Events to give out again later.' },
      ),
    ),
    last: Type.Optional(
      Type.Boolean({ description: 'No more events; the stream ends once those in hand are settled.' }),
    ),
  },
  closed,
)

export const settledSchema = Type.Object(
  { settled: Type.Integer({ description: 'The others came too late and are given out again.' }) },
  closed,
)

/** How every admin route may refuse. */
export const adminErrors = errorAnswers(400, 401, 403, 429, 503)
