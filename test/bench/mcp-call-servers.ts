// A server for `mcp-calls.ts`, in a process of its own: `ours`, or `bare`, the SDK's server and transport in Bun.serve and nothing else.
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import { CallToolRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { Type } from '@sinclair/typebox'
import { sketchOffer, sketchTool, startMcp } from '../support/mcp-harness.ts'

function startBare(): string {
  const transports = new Map<string, WebStandardStreamableHTTPServerTransport>()
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const known = transports.get(request.headers.get('mcp-session-id') ?? '')
      if (known !== undefined) return known.handleRequest(request)
      const transport = new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: () => crypto.randomUUID(),
        onsessioninitialized: (id) => {
          transports.set(id, transport)
        },
      })
      const mcp = new Server({ name: 'bare', version: '1' }, { capabilities: { tools: {} } })
      mcp.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
        const text = String(params.arguments?.['text'])
        return { content: [{ type: 'text', text }], structuredContent: { text } }
      })
      await mcp.connect(transport as Parameters<typeof mcp.connect>[0])
      return transport.handleRequest(request)
    },
  })
  return `http://localhost:${server.port}`
}

function startOurs(): string {
  const echo = sketchTool({
    name: 'echo',
    input: Type.Object({ text: Type.String() }, { additionalProperties: false }),
    run: async ({ text }) => text,
  })
  return startMcp({ offer: sketchOffer({ tools: [echo] }) }).origin
}

const origin = process.argv[2] === 'bare' ? startBare() : startOurs()
process.stdout.write(`${origin}\n`)
// The parent asks for what the calls cost by sending a line.
for await (const _ of Bun.stdin.stream()) {
  const { user, system } = process.cpuUsage()
  process.stdout.write(
    `${JSON.stringify({ cpuMicroseconds: user + system, rss: process.memoryUsage.rss() })}\n`,
  )
}
