import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import type { RequestContexts } from '../base/request-context.ts'
import { type Receipt, type ReceiveDeps, receiveEvent } from './receive.ts'

export const webhookPath = '/slack/events'

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

/** `POST /slack/events`. The body is read by the pipeline itself, since the signature is over the raw bytes. */
export function createWebhookRoutes(deps: ReceiveDeps, contexts: RequestContexts) {
  return new Elysia({ name: 'webhook', strictPath: true }).post(
    webhookPath,
    async ({ request }) => asResponse(await receiveEvent(request, contexts.of(request), deps)),
    {
      parse: 'none',
      response: { 200: receiptSchema },
      detail: {
        tags: ['webhook'],
        summary: 'Take an event from Slack',
        description:
          'Verified by X-Slack-Signature over the raw body. 200 means that the event is kept as durably as the queue promises; 503 asks Slack to send it again.',
        parameters: [
          { name: 'X-Slack-Signature', in: 'header', required: true, schema: { type: 'string' } },
          { name: 'X-Slack-Request-Timestamp', in: 'header', required: true, schema: { type: 'string' } },
        ],
        // As plain JSON: TypeBox's types and OpenAPI's do not meet, their documents do.
        requestBody: {
          required: true,
          content: { 'application/json': { schema: JSON.parse(JSON.stringify(eventBodySchema)) } },
        },
      },
    },
  )
}

const accepted = '{"status":"ok"}'
const acceptedInit = { headers: { 'content-type': 'application/json' } }

function asResponse(receipt: Receipt): Response {
  if (receipt.kind === 'challenge') {
    return Response.json(
      { challenge: receipt.challenge },
      { headers: { 'x-content-type-options': 'nosniff' } },
    )
  }
  return new Response(accepted, acceptedInit)
}
