import { afterEach, expect } from 'bun:test'
import type { IntegratedAppOptions } from '../../src/app-options.ts'
import { AppError } from '../../src/base/errors.ts'
import { listen } from '../../src/cli/listen.ts'
import { MemoryQueue, memoryLimitsDefault } from '../../src/queue/memory.ts'
import { type AppFixture, startApp } from '../support/app-fixture.ts'
import { fakeQueueDeps } from '../support/queue-deps.ts'
import { verifies } from '../support/verifies.ts'

const running: AppFixture[] = []

async function start(options?: IntegratedAppOptions): Promise<AppFixture> {
  const server = await startApp(options)
  running.push(server)
  return server
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()))
})

const call = { name: 'slack_read_emojis', arguments: {} }

verifies('S2', 'one configuration, health, metrics and log serve both halves', async () => {
  const server = await start({ mcpTransport: 'streamable-http' })
  await server.event('Ev1', { type: 'message', channel: 'C1' })
  await server.authorized('/call_tool', call)
  const health = await server.health()
  expect(Object.keys(health.components).sort()).toEqual([
    'mcp_server',
    'queue_backend',
    'slack_client',
    'webhook_server',
  ])
  const metrics = await (await server.request('/metrics')).text()
  expect(metrics).toContain('slackmcp_events_received_total{')
  expect(metrics).toContain('mcp_server_operation_duration_seconds_count{')
  const events = server.log.lines.map(({ event }) => event)
  expect(events).toContain('webhook_event_received')
  expect(events).toContain('mcp_tool_executed')
})

verifies('S80', 'one process at one port is all there is to watch', async () => {
  const server = await start()
  const { url } = listen(server.app, { host: '127.0.0.1', port: 0 })
  for (const path of ['/health', '/livez', '/readyz', '/metrics', '/docs']) {
    expect((await fetch(`${url}${path}`)).status).toBe(200)
  }
  expect((await fetch(`${url}/mcp`, { method: 'POST' })).status).toBe(401)
  expect((await fetch(`${url}/slack/events`, { method: 'POST' })).status).toBe(401)
})

/** A queue whose store is away. */
class AbsentQueue extends MemoryQueue {
  override publish(): Promise<never> {
    return Promise.reject(new AppError('QUEUE_UNAVAILABLE'))
  }

  override ping(): Promise<never> {
    return Promise.reject(new AppError('QUEUE_UNAVAILABLE'))
  }
}

verifies('S74', 'a breaker stands before the queue as one stands before Slack', async () => {
  const deps = fakeQueueDeps()
  const server = await start({ queue: new AbsentQueue(memoryLimitsDefault, deps) })
  for (let count = 0; count < 8; count++) {
    expect((await server.event(`Ev${count}`, { type: 'message' })).status).toBe(503)
  }
  const metrics = await (await server.request('/metrics')).text()
  expect(metrics).toContain('slackmcp_circuit_breaker_state{name="queue",state="open"} 1')
  expect(metrics).toContain('slackmcp_circuit_breaker_state{name="slack",state="closed"} 1')
  expect((await server.request('/health')).status).toBe(503)
})

verifies('S85', 'one token is the source of truth: replaced once, it counts for every tool', async () => {
  const server = await start({ mcpTransport: 'streamable-http' })
  expect((await server.authorized('/call_tool', call)).status).toBe(200)
  const { Secret } = await import('../../src/base/secret.ts')
  server.slack.replaceToken(new Secret('xoxb-revoked'))
  const response = await server.authorized('/call_tool', {
    name: 'slack_read_channel_messages',
    arguments: { channel: '#general' },
  })
  expect(await response.json()).toMatchObject({ error: { code: 'SLACK_AUTH_FAILED' } })
  server.slack.replaceToken(new Secret(server.workspace.botToken))
  expect((await server.authorized('/call_tool', call)).status).toBe(200)
})

verifies(
  'S84',
  'instances share nothing that is hidden: a request needs none of what another instance saw',
  async () => {
    const options = { config: { mcpSessions: 'stateless' as const } }
    const [first, second] = [await start(options), await start(options)]
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
    const texts = await Promise.all(
      [first, second].map(async (server) => (await server.authorized('/mcp', body)).text()),
    )
    expect(texts[0]).toContain('slack_post_message')
    expect(texts[1]).toBe(texts[0] ?? '')
  },
)

verifies('S82', 'requests of one client may be spread over instances', async () => {
  const options = { config: { mcpSessions: 'stateless' as const } }
  const servers = [await start(options), await start(options)]
  for (let turn = 0; turn < 4; turn++) {
    const server = servers[turn % 2]
    const body = { jsonrpc: '2.0', id: turn, method: 'tools/call', params: call }
    expect(await (await server?.authorized('/mcp', body))?.text()).toContain(`"id":${turn}`)
  }
})

verifies('S106', 'four options say which browser pages may call', async () => {
  const config = {
    corsAllowOrigins: ['https://app.example.com'],
    corsAllowMethods: ['POST'],
    corsAllowHeaders: ['X-Mine'],
    corsAllowCredentials: true,
  }
  const server = await start({ config })
  const preflight = (origin: string) =>
    server.request('/mcp', {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    })
  const { headers } = await preflight('https://app.example.com')
  expect(headers.get('access-control-allow-origin')).toBe('https://app.example.com')
  expect(headers.get('access-control-allow-methods')).toBe('POST')
  expect(headers.get('access-control-allow-headers')).toContain('X-Mine')
  expect(headers.get('access-control-allow-credentials')).toBe('true')
  expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull()
  const closed = await start()
  const answer = await closed.request('/mcp', {
    method: 'OPTIONS',
    headers: { origin: 'https://app.example.com' },
  })
  expect(answer.headers.get('access-control-allow-origin')).toBeNull()
})

verifies('mcp:cors:any', 'a page of any origin calls with a token, and operates nothing', async () => {
  const server = await start({ config: { corsAllowOrigins: ['*'], mcpSessions: 'stateless' } })
  const ask = async (path: string, headers: Readonly<Record<string, string>>) => {
    const response = await server.request(path, {
      method: path === '/mcp' ? 'POST' : 'GET',
      headers: {
        origin: 'https://any.example',
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        ...headers,
      },
      ...(path === '/mcp' && { body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }) }),
    })
    return [response.status, response.headers.get('access-control-allow-origin')]
  }
  const authorization = `Bearer ${server.bearer}`
  expect(await ask('/mcp', { authorization })).toEqual([200, '*'])
  expect(await ask('/mcp', {})).toEqual([401, '*'])
  expect(await ask('/docs', { authorization })).toEqual([403, null])
})
