import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

export type McpClientTransport = 'streamable-http' | 'sse'

export interface McpClientOptions {
  /** Where the server mounts MCP; the SSE endpoint lies below it. */
  readonly url: string
  readonly token: string
  readonly transport: McpClientTransport
  readonly clientVersion: string
}

export interface ToolAnswer {
  readonly isError: boolean
  /** All text blocks, a line each. */
  readonly text: string
}

/** An MCP client as a model's host would be one. Every call rejects after 20 s without an answer. */
export interface McpClient {
  /** Names of the tools, in the server's order. */
  listTools(): Promise<readonly string[]>
  callTool(name: string, args: Readonly<Record<string, unknown>>): Promise<ToolAnswer>
  close(): Promise<void>
}

const answerTimeoutMs = 20_000

/** Connects the SDK's own client, so that what it sees is what real clients see. Rejects where the server does not let it in. */
export async function connectMcpClient(options: McpClientOptions): Promise<McpClient> {
  const { url, token, transport, clientVersion } = options
  const requestInit = { headers: { authorization: `Bearer ${token}` } }
  const client = new Client({ name: 'slack-integrated-server-demo', version: clientVersion })
  const timeout = { timeout: answerTimeoutMs }
  if (transport === 'sse') {
    await client.connect(new SSEClientTransport(new URL(`${url}/sse`), { requestInit }), timeout)
  } else {
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }), timeout)
  }
  return {
    async listTools() {
      const names: string[] = []
      let cursor: string | undefined
      do {
        const page = await client.listTools(cursor === undefined ? {} : { cursor }, timeout)
        names.push(...page.tools.map(({ name }) => name))
        cursor = page.nextCursor
      } while (cursor !== undefined)
      return names
    },
    async callTool(name, args) {
      const result = await client.callTool({ name, arguments: { ...args } }, undefined, timeout)
      return { isError: result.isError === true, text: textOf(result.content) }
    },
    close: () => client.close(),
  }
}

function textOf(content: unknown): string {
  if (!Array.isArray(content)) return ''
  return content
    .flatMap((block: unknown) =>
      typeof block === 'object' && block !== null && 'text' in block ? [String(block.text)] : [],
    )
    .join('\n')
}
