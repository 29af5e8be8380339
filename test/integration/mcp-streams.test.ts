import { describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { Type } from '@sinclair/typebox'
import type { CallContext } from '../../src/mcp/registry.ts'
import { startMcpChild } from '../support/mcp-child.ts'
import { aliceToken, type McpHarness, sketchOffer, sketchTool, startMcp } from '../support/mcp-harness.ts'
import { callMessage, eventReader, mcpHttp } from '../support/mcp-http.ts'
import { connectModern } from '../support/mcp-wire-client.ts'
import { verifies } from '../support/verifies.ts'

const modernMeta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
}

/** Sends one request over a socket of its own and never reads a byte of the answer. */
async function neverReadingClient(mcp: Pick<McpHarness, 'origin'>, head: readonly string[], body = '') {
  const { port, hostname } = new URL(mcp.origin)
  const socket = connect({ port: Number(port), host: '127.0.0.1' })
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()))
  socket.pause()
  const lines = [
    ...head,
    `Host: ${hostname}:${port}`,
    `Authorization: Bearer ${aliceToken}`,
    ...(body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${body.length}`]),
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`)
  return socket
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await Bun.sleep(5)
}

const kibibytes64 = 'x'.repeat(64 * 1024)

/** A tool that says as much as it can until it is stopped or has said 256 MiB. */
function chattyTool(seen: { said: number; signal?: AbortSignal; isDone?: boolean }) {
  return sketchTool({
    name: 'chatter',
    input: Type.Object({}),
    async run(_, { tell, signal }: CallContext) {
      seen.signal = signal
      for (; seen.said < 4096 && !signal.aborted; seen.said++) {
        tell?.('info', kibibytes64)
        if (seen.said % 16 === 0) await Bun.sleep(0)
      }
      seen.isDone = true
      return 'done'
    },
  })
}

/** How often the tool of the child speaks, 64 KiB each time. */
const chatterSays = 4096

/** 256 MiB are said. A stream holds 1 MiB, the sockets some, and up to 16 Mi characters are kept for a client that comes back. */
const rssGrowthMaxMib = 96

describe('a client that never reads', () => {
  verifies(
    'mcp:stream:slow-reader',
    'costs a bounded amount in a call of the revisions with sessions',
    async () => {
      await using child = await startMcpChild()
      const sessionId = await mcpHttp(child).open()
      const before = await child.state()
      const socket = await neverReadingClient(
        child,
        ['POST /mcp HTTP/1.1', 'Accept: application/json, text/event-stream', `Mcp-Session-Id: ${sessionId}`],
        JSON.stringify(callMessage(1, 'chatter')),
      )
      let after = await child.state()
      while (after.said < chatterSays) {
        await Bun.sleep(20)
        after = await child.state()
      }
      socket.destroy()
      expect((after.rss - before.rss) / 1024 / 1024).toBeLessThan(rssGrowthMaxMib)
    },
  )

  verifies('mcp:stream:slow-reader', 'is cancelled in a call of the revision without sessions', async () => {
    const seen: { said: number; signal?: AbortSignal; isDone?: boolean } = { said: 0 }
    await using mcp = startMcp({ offer: sketchOffer({ tools: [chattyTool(seen)] }) })
    const meta = { ...modernMeta, 'io.modelcontextprotocol/logLevel': 'info' }
    const message = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'chatter', arguments: {}, _meta: meta },
    }
    const socket = await neverReadingClient(
      mcp,
      [
        'POST /mcp HTTP/1.1',
        'Accept: application/json, text/event-stream',
        'Mcp-Protocol-Version: 2026-07-28',
        'Mcp-Method: tools/call',
        'Mcp-Name: chatter',
      ],
      JSON.stringify(message),
    )
    await until(() => seen.isDone === true)
    socket.destroy()
    expect(seen.signal?.aborted).toBe(true)
    expect(seen.said).toBeLessThan(4096)
  })

  verifies('mcp:stream:slow-reader', 'loses its legacy SSE session, and nobody else notices', async () => {
    await using mcp = startMcp({ offer: sketchOffer({ tools: [chattyTool({ said: 0 })] }) })
    const http = mcpHttp(mcp)
    const headers = { 'mcp-session-id': await http.open() }
    const socket = await neverReadingClient(mcp, ['GET /mcp/sse HTTP/1.1', 'Accept: text/event-stream'])
    await until(() => mcp.plugin.counts().sseSessions === 1)
    for (let said = 0; said < 400_000 && mcp.plugin.counts().sseSessions === 1; said++) {
      mcp.changes.publish({ kind: 'tools_changed' })
      if (said % 1000 === 0) await Bun.sleep(0)
    }
    socket.destroy()
    expect(mcp.plugin.counts().sseSessions).toBe(0)
    expect((await http.post({ jsonrpc: '2.0', id: 1, method: 'ping' }, headers)).status).toBe(200)
  })
})

describe('a quiet connection', () => {
  verifies(
    'mcp:stream:idle',
    'is closed while its body is missing, and stays open as a stream or for a slow call',
    async () => {
      const gate = Promise.withResolvers<void>()
      const hold = sketchTool({
        name: 'hold',
        input: Type.Object({}),
        async run() {
          await gate.promise
          return 'held'
        },
      })
      await using mcp = startMcp({ offer: sketchOffer({ tools: [hold] }), idleTimeoutSeconds: 1 })
      const http = mcpHttp(mcp)
      const sessionId = await http.open()
      const headers = { 'mcp-session-id': sessionId }
      const notices = eventReader(await http.get(headers))
      const call = http.post(callMessage(1, 'hold'), headers)
      await until(() => mcp.plugin.counts().callsInFlight === 1)
      const stalled = await neverReadingClient(mcp, [
        'POST /mcp HTTP/1.1',
        'Content-Type: application/json',
        'Content-Length: 100',
      ])
      const closed = new Promise((resolve) => stalled.once('close', resolve))
      stalled.resume()
      await closed
      gate.resolve()
      const said = await (await call).text()
      expect(said).toContain('"text":"held"')
      mcp.changes.publish({ kind: 'tools_changed' })
      expect((await notices.next()).value?.data).toContain('list_changed')
      await notices.return(undefined)
    },
  )
})

describe('a stream', () => {
  for (const [what, path] of [
    ['for notifications', '/mcp'],
    ['of legacy SSE', '/mcp/sse'],
  ] as const)
    verifies('mcp:stream:first-byte', `${what} shows its headers and first bytes at once`, async () => {
      await using mcp = startMcp()
      const sessionId = await mcpHttp(mcp).open()
      const response = await fetch(`${mcp.origin}${path}`, {
        headers: {
          authorization: `Bearer ${aliceToken}`,
          accept: 'text/event-stream',
          'mcp-session-id': sessionId,
        },
      })
      const reader = response.body?.getReader()
      const { value } = (await reader?.read()) ?? {}
      expect(new TextDecoder().decode(value)).toStartWith(': open\n\n')
      await reader?.cancel()
    })

  test('of legacy SSE ends its session when its reader leaves', async () => {
    await using mcp = startMcp()
    const response = await fetch(`${mcp.origin}/mcp/sse`, {
      headers: { authorization: `Bearer ${aliceToken}` },
    })
    const events = eventReader(response)
    await events.next()
    expect(mcp.plugin.counts().sseSessions).toBe(1)
    await events.return(undefined)
    await until(() => mcp.plugin.counts().sseSessions === 0)
  })

  verifies(
    'mcp:cancel:disconnect',
    'that closes cancels the call in the revision without sessions',
    async () => {
      const began = Promise.withResolvers<AbortSignal>()
      const hold = sketchTool({
        name: 'hold',
        input: Type.Object({}),
        async run(_, { signal }) {
          began.resolve(signal)
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
          return 'late'
        },
      })
      await using mcp = startMcp({ offer: sketchOffer({ tools: [hold] }) })
      const client = await connectModern(mcp)
      client.request('tools/call', { name: 'hold', arguments: {} }, { id: 5 }).catch(() => undefined)
      const signal = await began.promise
      const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve))
      await client.cancel(5)
      await aborted
      await until(() => mcp.log.named('mcp_tool_executed').length === 1)
      expect(mcp.log.named('mcp_tool_executed')[0]?.fields['outcome']).toBe('ok')
    },
  )

  verifies(
    'mcp:cancel:disconnect',
    'that closes cancels nothing in the revisions with sessions',
    async () => {
      const began = Promise.withResolvers<AbortSignal>()
      const gate = Promise.withResolvers<void>()
      const hold = sketchTool({
        name: 'hold',
        input: Type.Object({}),
        async run(_, { signal, progress }) {
          progress({ progress: 1 })
          began.resolve(signal)
          await gate.promise
          return signal.aborted ? 'stopped' : 'went on'
        },
      })
      await using mcp = startMcp({ offer: sketchOffer({ tools: [hold] }) })
      const http = mcpHttp(mcp)
      const headers = { 'mcp-session-id': await http.open(), 'mcp-protocol-version': '2025-11-25' }
      const call = { jsonrpc: '2.0', id: 1, method: 'tools/call' }
      const params = { name: 'hold', arguments: {}, _meta: { progressToken: 1 } }
      const events = eventReader(await http.post({ ...call, params }, headers))
      const primer = await events.next()
      await began.promise
      await events.return(undefined)
      gate.resolve()
      const cursor = { ...headers, 'last-event-id': primer.value?.id ?? '' }
      await until(() => mcp.plugin.counts().callsInFlight === 0)
      const rest = await Array.fromAsync(eventReader(await http.get(cursor)))
      expect(rest.map(({ data }) => JSON.parse(data)).at(-1)).toMatchObject({
        id: 1,
        result: { structuredContent: { text: 'went on' } },
      })
    },
  )

  for (const id of [0, 'a'])
    verifies(
      'mcp:cancel:stream',
      `of the cancelled request ${JSON.stringify(id)} ends, without an answer`,
      async () => {
        const began = Promise.withResolvers<void>()
        const hold = sketchTool({
          name: 'hold',
          input: Type.Object({}),
          async run(_, { signal }) {
            began.resolve()
            await new Promise((resolve) => signal.addEventListener('abort', resolve))
            return 'late'
          },
        })
        await using mcp = startMcp({ offer: sketchOffer({ tools: [hold] }) })
        const http = mcpHttp(mcp)
        const headers = { 'mcp-session-id': await http.open() }
        const call = http.post(callMessage(id, 'hold'), headers)
        await began.promise
        const params = { requestId: id }
        await http.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params }, headers)
        const said = await (await call).text()
        expect(said).toStartWith(': open\n\n')
        expect(said).not.toContain('event: message')
        const again = http.post(callMessage(id, 'absent'), headers)
        expect(await (await again).json()).toMatchObject({ id, error: { code: -32602 } })
      },
    )
})
