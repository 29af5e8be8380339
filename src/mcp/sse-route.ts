import { Elysia } from 'elysia'
import type { Endpoints } from './endpoints.ts'
import { asHandler, rpcErrors } from './streamable-route.ts'
import { asJsonBody, rpcErrorSchema, rpcRequestSchema } from './wire-schemas.ts'

const security = [{ bearer: [] }]

/** Legacy HTTP+SSE below the mount path. */
export function createSseRoutes(
  { sseStream, sseMessages }: Pick<Endpoints, 'sseStream' | 'sseMessages'>,
  mountPath: string,
) {
  const streamPath = `${mountPath}/sse`
  const messagesPath = `${mountPath}/messages`
  const stream = asHandler(sseStream)
  const messages = asHandler(sseMessages)
  const hidden = { parse: 'none', detail: { hide: true } } as const
  return new Elysia({ strictPath: true })
    .get(streamPath, stream, {
      parse: 'none',
      response: { 501: rpcErrorSchema, ...rpcErrors },
      detail: {
        tags: ['mcp'],
        summary: 'Open a legacy SSE session',
        description:
          'text/event-stream. The first event, endpoint, says where to post messages. Deprecated by the protocol; new clients use streamable HTTP.',
        deprecated: true,
        security,
      },
    })
    .post(messagesPath, messages, {
      parse: 'none',
      response: { 413: rpcErrorSchema, 415: rpcErrorSchema, ...rpcErrors },
      detail: {
        tags: ['mcp'],
        summary: 'Post a message to a legacy SSE session',
        description: '202; the answer comes on the stream.',
        deprecated: true,
        security,
        parameters: [{ name: 'sessionId', in: 'query', required: true, schema: { type: 'string' } }],
        requestBody: asJsonBody(rpcRequestSchema),
      },
    })
    .all(streamPath, stream, hidden)
    .all(`${streamPath}/`, stream, hidden)
    .all(messagesPath, messages, hidden)
    .all(`${messagesPath}/`, messages, hidden)
}
