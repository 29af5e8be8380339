/** Requests of MCP over streamable HTTP, as clients of both eras send them. */

export type McpEra = 'legacy' | 'modern'

export interface McpTarget {
  readonly origin: string
  readonly token: string
  readonly era: McpEra
}

export interface ToolCall {
  readonly name: string
  readonly arguments: Readonly<Record<string, unknown>>
}

const legacyVersion = '2025-06-18'
const modernVersion = '2026-07-28'
const clientInfo = { name: 'bench', version: '1' }

/** What every request of a client carries beside those of HTTP. Opens a session where the era has them. */
export async function openClient(target: McpTarget): Promise<Readonly<Record<string, string>>> {
  const headers = {
    authorization: `Bearer ${target.token}`,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
  }
  if (target.era === 'modern') return { ...headers, 'mcp-protocol-version': modernVersion }
  const params = { protocolVersion: legacyVersion, capabilities: {}, clientInfo }
  const opened = await post(target.origin, headers, { id: 0, method: 'initialize', params })
  await opened.text()
  const sessionId = opened.headers.get('mcp-session-id')
  if (!opened.ok || sessionId === null) throw new Error(`No session was opened: ${opened.status}`)
  const session = { ...headers, 'mcp-protocol-version': legacyVersion, 'mcp-session-id': sessionId }
  await (await post(target.origin, session, { method: 'notifications/initialized' })).text()
  return session
}

export function post(
  origin: string,
  headers: Readonly<Record<string, string>>,
  message: object,
): Promise<Response> {
  const body = JSON.stringify({ jsonrpc: '2.0', ...message })
  return fetch(`${origin}/mcp`, { method: 'POST', headers, body })
}

/** Calls a tool once; resolves with its result, also where the answer is a stream of one event. */
export async function callTool(
  target: McpTarget,
  client: Readonly<Record<string, string>>,
  call: ToolCall,
): Promise<Readonly<Record<string, unknown>>> {
  const { headers, message } = callOf(target.era, call)
  const response = await post(target.origin, { ...client, ...headers }, { id: 1, ...message })
  const text = await response.text()
  const { result } = JSON.parse(/^data: ?(\{.*)$/m.exec(text)?.[1] ?? text)
  if (result === undefined || result.isError === true) throw new Error(`The tool failed: ${text}`)
  return result
}

/** The request of one call, as bytes of HTTP. `id` has as many digits in all of them. */
export function callRequest(
  era: McpEra,
  client: Readonly<Record<string, string>>,
  { id, call }: { readonly id: number; readonly call: ToolCall },
): string {
  const { headers, message } = callOf(era, call)
  const body = JSON.stringify({ jsonrpc: '2.0', id, ...message })
  return renderRequest('POST', { ...client, ...headers }, body)
}

function callOf(era: McpEra, call: ToolCall) {
  const method = 'tools/call'
  const { headers, message } = requestOf(era, { method, params: call })
  return { headers: era === 'legacy' ? headers : { ...headers, 'mcp-name': call.name }, message }
}

/** A request of the era: the newer one says in every one what an older one says once. */
function requestOf(era: McpEra, { method, params }: { readonly method: string; readonly params: object }) {
  if (era === 'legacy') return { headers: {}, message: { method, params } }
  const meta = {
    'io.modelcontextprotocol/protocolVersion': modernVersion,
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': clientInfo,
  }
  return { headers: { 'mcp-method': method }, message: { method, params: { ...params, _meta: meta } } }
}

/** Subscribes to a resource as a client of the era does; resolves with the request, as bytes of HTTP, that opens the stream of its changes. */
export async function subscribe(
  target: McpTarget,
  client: Readonly<Record<string, string>>,
  uri: string,
): Promise<string> {
  if (target.era === 'legacy') {
    const subscribing = { id: 1, method: 'resources/subscribe', params: { uri } }
    const subscribed = await post(target.origin, client, subscribing)
    if (!subscribed.ok) throw new Error(`No subscription: ${subscribed.status} ${await subscribed.text()}`)
    await subscribed.text()
    return renderRequest('GET', client)
  }
  const params = { notifications: { resourceSubscriptions: [uri] } }
  const { headers, message } = requestOf(target.era, { method: 'subscriptions/listen', params })
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, ...message })
  return renderRequest('POST', { ...client, ...headers }, body)
}

function renderRequest(method: 'GET' | 'POST', headers: Readonly<Record<string, string>>, body = ''): string {
  const all = { host: 'localhost', ...headers, ...(method === 'POST' && { 'content-length': body.length }) }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} /mcp HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}
