import { Elysia } from 'elysia'
import type { Endpoint } from './endpoints.ts'
import { asJsonBody, rpcErrorSchema, rpcRequestSchema, rpcResultSchema } from './wire-schemas.ts'

/** What the handlers need of Elysia's context: the request, and the listener where there is one. */
export interface RouteContext {
  readonly request: Request
  readonly server: { timeout(request: Request, seconds: number): void } | null
}

/** An endpoint as a route handler: Bun closes a connection that is quiet for a while, unless told not to for this request. */
export function asHandler(serve: Endpoint) {
  return ({ request, server }: RouteContext): Promise<Response> =>
    serve(request, () => server?.timeout(request, 0))
}

/** The errors that every MCP route may answer. */
export const rpcErrors = {
  400: rpcErrorSchema,
  401: rpcErrorSchema,
  403: rpcErrorSchema,
  404: rpcErrorSchema,
  406: rpcErrorSchema,
  429: rpcErrorSchema,
  503: rpcErrorSchema,
} as const

const security = [{ bearer: [] }]
const sessionHeader = {
  name: 'Mcp-Session-Id',
  in: 'header' as const,
  description: 'Of the session, in revisions up to 2025-11-25.',
  schema: { type: 'string' as const },
}

/** Streamable HTTP of all revisions at `path`. Every method comes here, so that none is answered without credentials. */
export function createStreamableRoutes(serve: Endpoint, path: string) {
  const handler = asHandler(serve)
  const routes = new Elysia({ strictPath: true })
    .post(path, handler, {
      parse: 'none',
      response: { 200: rpcResultSchema, 413: rpcErrorSchema, 415: rpcErrorSchema, ...rpcErrors },
      detail: {
        tags: ['mcp'],
        summary: 'Send a JSON-RPC message',
        description:
          'MCP over streamable HTTP, revisions 2024-11-05 to 2026-07-28. The answer is JSON, or text/event-stream where there is something to say before the result or it takes long; 202 where nothing is to be answered.',
        security,
        requestBody: asJsonBody(rpcRequestSchema),
      },
    })
    .get(path, handler, {
      parse: 'none',
      response: { 405: rpcErrorSchema, 409: rpcErrorSchema, ...rpcErrors },
      detail: {
        tags: ['mcp'],
        summary: 'Open the stream for notifications',
        description:
          'text/event-stream for one session of the revisions up to 2025-11-25. With Last-Event-ID: what was missed.',
        security,
        parameters: [sessionHeader],
      },
    })
    .delete(path, handler, {
      parse: 'none',
      response: { 405: rpcErrorSchema, ...rpcErrors },
      detail: { tags: ['mcp'], summary: 'End a session', security, parameters: [sessionHeader] },
    })
    .all(path, handler, { parse: 'none', detail: { hide: true } })
  // Slack's client follows no redirect, so the path with a slash is served as well and not pointed elsewhere.
  return path === '/' ? routes : routes.all(`${path}/`, handler, { parse: 'none', detail: { hide: true } })
}
