import { aliceToken, type McpHarness } from './mcp-harness.ts'
import { readEvents, type SseEvent } from './sse-reader.ts'

/** Plain HTTP to the MCP endpoint, for tests that look at sessions, streams and headers. */
export interface McpHttp {
  post(message: object, headers?: Readonly<Record<string, string>>): Promise<Response>
  get(headers?: Readonly<Record<string, string>>): Promise<Response>
  delete(headers?: Readonly<Record<string, string>>): Promise<Response>
  /** Opens a session and says that it is initialised; resolves with its id. */
  open(): Promise<string>
}

export function mcpHttp(
  mcp: Pick<McpHarness, 'origin'>,
  token = aliceToken,
  version = '2025-11-25',
): McpHttp {
  const request = (method: string, headers: Readonly<Record<string, string>> = {}, body?: string) =>
    fetch(`${mcp.origin}/mcp`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        ...headers,
      },
      ...(body !== undefined && { body }),
    })
  const post: McpHttp['post'] = (message, headers) => request('POST', headers, JSON.stringify(message))
  return {
    post,
    get: (headers) => request('GET', headers),
    delete: (headers) => request('DELETE', headers),
    async open() {
      const opened = await post(initializeMessage(version))
      await opened.text()
      const sessionId = opened.headers.get('mcp-session-id') ?? ''
      const noted = await post(
        { jsonrpc: '2.0', method: 'notifications/initialized' },
        { 'mcp-session-id': sessionId },
      )
      await noted.text()
      return sessionId
    },
  }
}

export function initializeMessage(protocolVersion = '2025-11-25'): object {
  const params = { protocolVersion, capabilities: {}, clientInfo: { name: 'http', version: '1' } }
  return { jsonrpc: '2.0', id: 'init', method: 'initialize', params }
}

export function callMessage(id: string | number, name: string, args: object = {}): object {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } }
}

/** The code of a JSON-RPC error answer, as the unified error in it spells it. */
export async function errorCodeOf(response: Response): Promise<string> {
  const body = (await response.json()) as {
    readonly error?: { readonly data?: { readonly error?: { readonly code?: string } } }
  }
  return body.error?.data?.error?.code ?? 'none'
}

/** Reads events one at a time, and lets go of the stream when asked. */
export function eventReader(response: Response): AsyncGenerator<SseEvent> {
  return readEvents(response.body)
}
