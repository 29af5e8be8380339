import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { errorAnswers } from '../base/error-schema.ts'
import type { RequestContexts } from '../base/request-context.ts'
import { type Intake, intakes } from './intake.ts'
import { type Arrival, type Receipt, type ReceiveDeps, receive } from './receive.ts'

/** What Slack posts: the outer object. Everything inside passes through untouched. */
export const eventBodySchema = Type.Object(
  {
    type: Type.String({ description: 'event_callback, url_verification, app_rate_limited, …' }),
    event_id: Type.Optional(Type.String({ description: 'What deduplication goes by.' })),
    team_id: Type.Optional(Type.String()),
    challenge: Type.Optional(Type.String({ description: 'With url_verification only.' })),
    event: Type.Optional(Type.Object({ type: Type.Optional(Type.String()) }, { additionalProperties: true })),
  },
  { additionalProperties: true },
)

/** The answer once an event is kept (also when it had been kept before), or to Slack's handshake. */
export const receiptSchema = Type.Union([
  Type.Object({ status: Type.Literal('ok') }, { additionalProperties: false }),
  Type.Object({ challenge: Type.String() }, { additionalProperties: false }),
])

/** A slash command as Slack posts it. */
export const commandBodySchema = Type.Object(
  {
    command: Type.String({ description: 'With its slash.' }),
    text: Type.Optional(Type.String()),
    team_id: Type.Optional(Type.String()),
    channel_id: Type.Optional(Type.String()),
    user_id: Type.Optional(Type.String()),
    response_url: Type.Optional(Type.String()),
    trigger_id: Type.Optional(Type.String()),
  },
  { additionalProperties: true },
)

/** An interaction as Slack posts it. */
export const interactionBodySchema = Type.Object({
  payload: Type.String({ description: 'JSON with a type: block_actions, view_submission, shortcut, …' }),
})

/** Slack would show a text to the user. */
export const emptySchema = Type.String({ maxLength: 0, description: 'Kept; the body is empty.' })

/** What the table of the webhook's answers has besides 200; another method gets 405. */
const errors = errorAnswers(400, 401, 413, 415, 503)

const descriptions = {
  events: {
    summary: 'Take an event from Slack',
    schema: eventBodySchema,
    says: '200 means that the event is kept as durably as the queue promises; 503 asks Slack to send it again.',
  },
  commands: {
    summary: 'Take a slash command from Slack',
    schema: commandBodySchema,
    says: 'Kept like an event of the type slash_command and answered at once; consumers answer through response_url.',
  },
  interactivity: {
    summary: 'Take an interaction from Slack',
    schema: interactionBodySchema,
    says: 'Kept like an event of the type interactive:<type> and answered at once.',
  },
} as const

const signatureHeaders = ['X-Slack-Signature', 'X-Slack-Request-Timestamp'].map((name) => ({
  name,
  in: 'header' as const,
  required: true,
  schema: { type: 'string' as const },
}))

/** What Slack posts to. Bodies are read by the pipeline itself, since the signature is over the raw bytes. */
export function createWebhookRoutes(deps: ReceiveDeps, contexts: RequestContexts) {
  const routes = new Elysia({ name: 'webhook', strictPath: true })
  for (const intake of Object.values(intakes)) {
    const { summary, schema, says } = descriptions[intake.source]
    routes.post(
      intake.path,
      ({ request }) => answer({ request, context: contexts.of(request), intake }, deps),
      {
        parse: 'none',
        response: { 200: intake.source === 'events' ? receiptSchema : emptySchema, ...errors },
        detail: {
          tags: ['webhook'],
          summary,
          description: `Verified by X-Slack-Signature over the raw body. ${says}`,
          parameters: signatureHeaders,
          // As plain JSON: TypeBox's types and OpenAPI's do not meet, their documents do.
          requestBody: {
            required: true,
            content: { [intake.mediaType]: { schema: JSON.parse(JSON.stringify(schema)) } },
          },
        },
      },
    )
  }
  return routes
}

async function answer(arrival: Arrival, deps: ReceiveDeps): Promise<Response> {
  return asResponse(await receive(arrival, deps), arrival.intake)
}

const accepted = '{"status":"ok"}'
const acceptedInit = { headers: { 'content-type': 'application/json' } }

/** Slack shows the text of an answer to a command or interaction to the user, so these get none. */
function asResponse(receipt: Receipt, { source }: Intake): Response {
  if (receipt.kind === 'challenge') {
    return Response.json(
      { challenge: receipt.challenge },
      { headers: { 'x-content-type-options': 'nosniff' } },
    )
  }
  return source === 'events' ? new Response(accepted, acceptedInit) : new Response(null, { status: 200 })
}
