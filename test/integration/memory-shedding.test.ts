import { afterEach, describe, expect } from 'bun:test'
import { type AppFixture, startApp } from '../support/app-fixture.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { verifies } from '../support/verifies.ts'

const running: AppFixture[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()))
})

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
}
const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' }

/** A server that holds `held` of 1,000 bytes, and has seen so. */
async function startWith(held: number) {
  const clock = new FakeClock(Date.now())
  const memory = { limitBytes: 1_000, held, heldBytes: () => memory.held }
  const server = await startApp({
    clock,
    memory,
    config: { mcpTransport: 'streamable-http' },
  })
  running.push(server)
  const hold = async (bytes: number) => {
    memory.held = bytes
    await clock.advance(1_000)
  }
  await hold(held)
  return { server, hold }
}

describe('while memory is short', () => {
  verifies('server:memory:shed', 'MCP and REST are answered 503, with when to come again', async () => {
    const { server, hold } = await startWith(800)
    for (const response of [
      await server.authorized('/mcp', initialize),
      await server.authorized('/list_tools'),
      // Nobody needs to be known to be sent away.
      await server.request('/list_tools'),
    ]) {
      expect([response.status, response.headers.get('connection')]).toEqual([503, 'close'])
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
      const { error }: { error: { data?: { error: object } } } = JSON.parse(await response.text())
      // In JSON-RPC the unified error is the data of the protocol's own.
      expect(error.data?.error ?? error).toMatchObject({
        code: 'OVERLOADED',
        component: 'mcp',
        details: { scope: 'memory' },
      })
    }
    const metrics = await (await server.authorized('/metrics')).text()
    expect(metrics).toContain('slackmcp_rate_limiter_rejected_total{scope="memory"} 3')
    expect(metrics).toContain('slackmcp_memory_shedding 1')
    await hold(700)
    expect((await server.authorized('/mcp', initialize)).status).toBe(200)
    expect((await server.authorized('/list_tools')).status).toBe(200)
  })

  verifies('server:memory:shed', 'an event is taken, and probes are answered', async () => {
    const { server } = await startWith(1_000)
    expect((await server.event('EvShort', { type: 'message', channel: 'C1', text: 'x' })).status).toBe(200)
    expect((await server.request('/livez')).status).toBe(200)
    expect((await server.request('/readyz')).status).toBe(200)
    const health = await server.request('/health')
    expect([health.status, await health.json()]).toMatchObject([
      200,
      { status: 'degraded', components: { mcp_server: 'degraded' } },
    ])
  })

  verifies('server:memory:shed', 'a session may be ended', async () => {
    const { server, hold } = await startWith(0)
    const opened = await server.authorized('/mcp', initialize)
    const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' }
    await hold(1_000)
    expect((await server.authorized('/mcp', list, { headers: session })).status).toBe(503)
    const ended = await server.authorized('/mcp', undefined, { method: 'DELETE', headers: session })
    expect(ended.status).toBe(204)
  })

  verifies('server:memory:shed', 'nobody is sent away just below 80 %', async () => {
    const { server } = await startWith(799)
    expect((await server.authorized('/mcp', initialize)).status).toBe(200)
  })
})
