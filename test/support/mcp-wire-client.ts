import type { McpHarness } from './mcp-harness.ts'
import { aliceToken } from './mcp-harness.ts'
import { readEvents } from './sse-reader.ts'

export type WireMessage = {
  readonly id?: string | number | null
  readonly method?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly result?: Readonly<Record<string, unknown>>
  readonly error?: {
    readonly code: number
    readonly message: string
    readonly data?: Readonly<Record<string, unknown>>
  }
}

export interface SendOptions {
  readonly id?: string | number
  /** Hears what comes before the answer. */
  readonly onMessage?: (message: WireMessage) => void
}

/** A client that writes JSON-RPC itself, so that tests can do what no SDK does. */
export interface WireClient {
  /** Resolves with the answer; never for a request that gets none. */
  request(method: string, params?: object, options?: SendOptions): Promise<WireMessage>
  /** Cancels as the revision has it: by a notification, or by closing the stream of the request. */
  cancel(id: string | number): Promise<void>
  /** What the server says by itself. */
  readonly notices: readonly WireMessage[]
  /** Resolves once the server has said something that `isWanted`. */
  hears(isWanted: (message: WireMessage) => boolean): Promise<WireMessage>
  close(): Promise<void>
}

const clientInfo = { name: 'wire', version: '1' }

/** Sorts what arrives: answers to those who wait for them, the rest to whoever listens. */
export class Inbox {
  readonly notices: WireMessage[] = []
  readonly #waiting = new Map<string | number, (message: WireMessage) => void>()
  readonly #listeners = new Set<(message: WireMessage) => void>()

  /** The answer to what `send` sends under this id; `onMessage` hears what comes before it. */
  async exchange(
    id: string | number,
    onMessage: SendOptions['onMessage'],
    send: () => Promise<void>,
  ): Promise<WireMessage> {
    const stop = onMessage === undefined ? undefined : this.listen(onMessage)
    const answer = new Promise<WireMessage>((resolve) => this.#waiting.set(id, resolve))
    await send()
    const message = await answer
    stop?.()
    return message
  }

  take(message: WireMessage): void {
    const { id } = message
    if (message.method === undefined && id !== undefined && id !== null) {
      this.#waiting.get(id)?.(message)
      this.#waiting.delete(id)
      return
    }
    this.notices.push(message)
    for (const listener of [...this.#listeners]) listener(message)
  }

  listen(listener: (message: WireMessage) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  hears(isWanted: (message: WireMessage) => boolean): Promise<WireMessage> {
    const known = this.notices.find(isWanted)
    if (known !== undefined) return Promise.resolve(known)
    return new Promise((resolve) => {
      const stop = this.listen((message) => {
        if (!isWanted(message)) return
        stop()
        resolve(message)
      })
    })
  }
}

/** What a transport must do for the client on top. */
interface Wire {
  readonly inbox: Inbox
  send(message: object): Promise<void>
  close(): Promise<void>
}

function createLegacyClient(wire: Wire): WireClient {
  const { inbox } = wire
  let lastId = 1000
  return {
    notices: inbox.notices,
    hears: (isWanted) => inbox.hears(isWanted),
    request: (method, params = {}, { id = ++lastId, onMessage } = {}) =>
      inbox.exchange(id, onMessage, () => wire.send({ jsonrpc: '2.0', id, method, params })),
    cancel: (requestId) =>
      wire.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } }),
    close: () => wire.close(),
  }
}

async function initialise(client: WireClient, wire: Wire, version: string): Promise<void> {
  const params = { protocolVersion: version, capabilities: {}, clientInfo }
  await client.request('initialize', params)
  await wire.send({ jsonrpc: '2.0', method: 'notifications/initialized' })
}

export interface ConnectOptions {
  readonly token?: string
  readonly version?: string
}

/** Streamable HTTP of the revisions with sessions; the stream for notifications is open. */
export async function connectStreamable(
  mcp: McpHarness,
  { token = aliceToken, version = '2025-11-25' }: ConnectOptions = {},
): Promise<WireClient> {
  const inbox = new Inbox()
  const headers = new Headers({
    authorization: `Bearer ${token}`,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
  })
  const abort = new AbortController()
  const take = async (response: Response) => {
    if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) {
      for await (const { data } of readEvents(response.body)) if (data !== '') inbox.take(JSON.parse(data))
    } else if (response.body !== null) {
      const text = await response.text()
      if (text !== '') inbox.take(JSON.parse(text))
    }
  }
  const wire: Wire = {
    inbox,
    async send(message) {
      const body = JSON.stringify(message)
      const response = await fetch(`${mcp.origin}/mcp`, {
        method: 'POST',
        headers,
        body,
        signal: abort.signal,
      })
      const sessionId = response.headers.get('mcp-session-id')
      if (sessionId !== null) headers.set('mcp-session-id', sessionId)
      take(response).catch(() => undefined)
    },
    async close() {
      await fetch(`${mcp.origin}/mcp`, { method: 'DELETE', headers })
      abort.abort()
    },
  }
  const client = createLegacyClient(wire)
  await initialise(client, wire, version)
  headers.set('mcp-protocol-version', version)
  take(await fetch(`${mcp.origin}/mcp`, { headers, signal: abort.signal })).catch(() => undefined)
  return client
}

/** Legacy HTTP+SSE. */
export async function connectSse(
  mcp: McpHarness,
  { token = aliceToken, version = '2024-11-05' }: ConnectOptions = {},
): Promise<WireClient> {
  const inbox = new Inbox()
  const abort = new AbortController()
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const stream = await fetch(`${mcp.origin}/mcp/sse`, { headers, signal: abort.signal })
  const events = readEvents(stream.body)
  const endpoint = `${mcp.origin}${(await events.next()).value?.data}`
  const pump = async () => {
    for await (const { data } of events) inbox.take(JSON.parse(data))
  }
  pump().catch(() => undefined)
  const wire: Wire = {
    inbox,
    async send(message) {
      const response = await fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(message) })
      if (!response.ok) inbox.take((await response.json()) as WireMessage)
    },
    close: async () => abort.abort(),
  }
  const client = createLegacyClient(wire)
  await initialise(client, wire, version)
  return client
}

/** Stdio over a pipe inside the process. */
export async function connectStdio(
  mcp: McpHarness,
  { version = '2025-11-25' }: ConnectOptions = {},
): Promise<WireClient> {
  const inbox = new Inbox()
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  const encoder = new TextEncoder()
  const served = mcp.plugin.serveStdio(
    { input: readable, write: (line) => inbox.take(JSON.parse(line)) },
    new AbortController().signal,
  )
  const wire: Wire = {
    inbox,
    send: (message) => writer.write(encoder.encode(`${JSON.stringify(message)}\n`)),
    async close() {
      await writer.close()
      await served
    },
  }
  const client = createLegacyClient(wire)
  await initialise(client, wire, version)
  return client
}

const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': clientInfo,
}

/** Streamable HTTP of the revision without sessions. */
export async function connectModern(
  mcp: McpHarness,
  { token = aliceToken }: ConnectOptions = {},
): Promise<WireClient> {
  const inbox = new Inbox()
  const streams = new Map<string | number, AbortController>()
  let lastId = 1000
  const send = async (id: string | number, method: string, params: object) => {
    const { _meta: meta = {}, ...rest } = params as { readonly _meta?: object }
    const { name, uri } = rest as { readonly name?: string; readonly uri?: string }
    const message = { jsonrpc: '2.0', id, method, params: { ...rest, _meta: { ...envelope, ...meta } } }
    const abort = new AbortController()
    streams.set(id, abort)
    const response = await fetch(`${mcp.origin}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': method,
        ...((name ?? uri) !== undefined && { 'mcp-name': name ?? uri }),
      },
      body: JSON.stringify(message),
      signal: abort.signal,
    })
    if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) {
      const pump = async () => {
        for await (const { data } of readEvents(response.body)) inbox.take(JSON.parse(data))
      }
      pump().catch(() => undefined)
    } else inbox.take((await response.json()) as WireMessage)
  }
  return {
    notices: inbox.notices,
    hears: (isWanted) => inbox.hears(isWanted),
    request: (method, params = {}, { id = ++lastId, onMessage } = {}) =>
      inbox.exchange(id, onMessage, () => send(id, method, params)),
    cancel: async (id) => streams.get(id)?.abort(),
    async close() {
      for (const abort of streams.values()) abort.abort()
    },
  }
}
