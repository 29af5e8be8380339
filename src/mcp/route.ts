import type { AnyElysia } from 'elysia'
import type { RequestContexts } from '../base/request-context.ts'
import { createMcpServer, type McpDeps, type McpServer } from './mcp-server.ts'
import { createRestRoutes } from './rest-route.ts'
import { createSseRoutes } from './sse-route.ts'
import { createStreamableRoutes } from './streamable-route.ts'

export interface McpPlugin extends Omit<McpServer, 'endpoints'> {
  /** The route groups, for `createHttpApp`: each an Elysia plugin. Call once. */
  routes(contexts: RequestContexts): readonly AnyElysia[]
}

/**
 * MCP as Elysia plugins. `sse`: streamable HTTP at `<mount>` and legacy SSE at `<mount>/sse` and `<mount>/messages`. `streamable-http`: streamable
 * HTTP at `/` and `<mount>`, and the REST facade at the root. No redirects: each path is served with and without a trailing slash (D2).
 * Throws TypeError where the offer contradicts itself.
 */
export function createMcpPlugin(deps: McpDeps): McpPlugin {
  const { endpoints, ...server } = createMcpServer(deps)
  return {
    ...server,
    routes(contexts) {
      const served = endpoints(contexts)
      const streamable = createStreamableRoutes(served.streamable, deps.mountPath)
      if (deps.transport === 'sse') return [streamable, createSseRoutes(served, deps.mountPath)]
      const root = deps.mountPath === '/' ? [] : [createStreamableRoutes(served.streamable, '/')]
      return [streamable, ...root, createRestRoutes(served)]
    },
  }
}
