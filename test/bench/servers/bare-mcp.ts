import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import { CallToolRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { createMcpHandler, fromJsonSchema, McpServer } from '@modelcontextprotocol/server'

/**
 * The SDK of one era in Bun.serve with one tool that answers what it is told to, and nothing else: no credentials, no limits, no log. Prints where
 * it listens. ERA, TOOL and RESULT (JSON) in the environment.
 */

const toolName = process.env['TOOL'] ?? ''
const result = JSON.parse(process.env['RESULT'] ?? '{}')
const identity = { name: 'bare', version: '1' }

/** One server and transport for each session, as the SDK's documentation has it, and answers in JSON as ours are. */
function createLegacyFetch(): (request: Request) => Promise<Response> {
  const transports = new Map<string, WebStandardStreamableHTTPServerTransport>()
  return async (request) => {
    const known = transports.get(request.headers.get('mcp-session-id') ?? '')
    if (known !== undefined) return known.handleRequest(request)
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      enableJsonResponse: true,
      onsessioninitialized: (id) => {
        transports.set(id, transport)
      },
    })
    const server = new Server(identity, { capabilities: { tools: {} } })
    server.setRequestHandler(CallToolRequestSchema, async () => result)
    // The types of the SDK's own transport do not meet its interface under exactOptionalPropertyTypes.
    await server.connect(transport as Parameters<typeof server.connect>[0])
    return transport.handleRequest(request)
  }
}

/** A server for each request: this revision knows no other way. */
function createModernFetch(): (request: Request) => Promise<Response> {
  const inputSchema = fromJsonSchema({ type: 'object', properties: { user: { type: 'string' } } })
  const handler = createMcpHandler(
    () => {
      const server = new McpServer(identity)
      server.registerTool(toolName, { inputSchema }, async () => result)
      return server
    },
    { legacy: 'reject' },
  )
  return (request) => handler.fetch(request)
}

const fetch = process.env['ERA'] === 'modern' ? createModernFetch() : createLegacyFetch()
const server = Bun.serve({ hostname: '127.0.0.1', port: 0, development: false, fetch })
process.stdout.write(`http://127.0.0.1:${server.port}\n`)
