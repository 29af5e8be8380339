import { afterEach, describe, expect, test } from 'bun:test'
import { createIntegratedApp, type IntegratedApp } from '../../src/app.ts'
import type { IntegratedAppOptions } from '../../src/app-options.ts'
import { Secret } from '../../src/base/secret.ts'
import type { Delivery } from '../../src/queue/driver.ts'
import { signBody } from '../../src/slack/signature.ts'
import { type AppFixture, startApp } from '../support/app-fixture.ts'
import { settle } from '../support/fake-clock.ts'
import { signingSecret } from '../support/http-fixture.ts'
import { verifies } from '../support/verifies.ts'

const running: IntegratedApp[] = []

async function start(options?: IntegratedAppOptions): Promise<AppFixture> {
  const app = await startApp(options)
  running.push(app)
  return app
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.stop()))
})

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
}

const routesOf = ({ app }: IntegratedApp) => app.routes.map(({ method, path }) => `${method} ${path}`)

describe('the factory', () => {
  verifies('S3', 'returns the app without listening and without asking Slack anything', async () => {
    const server = createIntegratedApp()
    expect(server.app.server).toBeNull()
    expect(routesOf(server)).toContain('GET /mcp/sse')
    expect((await server.app.handle(new Request('http://localhost/livez'))).status).toBe(200)
    await server.stop()
  })

  verifies('S5', 'mounts MCP below the mount path, and below /mcp where it is empty or null', () => {
    for (const [mcpMountPath, path] of [
      ['/api/mcp', '/api/mcp'],
      ['/mcp', '/mcp'],
      ['', '/mcp'],
      [null, '/mcp'],
      [undefined, '/mcp'],
    ] as const) {
      const routes = routesOf(createIntegratedApp({ mcpMountPath }))
      expect(routes).toContain(`GET ${path}/sse`)
      expect(routes).toContain(`POST ${path}/messages`)
      expect(routes).toContain(`POST ${path}`)
      expect(routes).not.toContain('POST /')
    }
  })

  verifies('S6', 'merges streamable HTTP and REST into the root in streamable-http mode, without SSE', () => {
    const routes = routesOf(createIntegratedApp({ mcpTransport: 'streamable-http' }))
    for (const route of ['POST /', 'POST /mcp', 'GET /list_tools', 'POST /call_tool'])
      expect(routes).toContain(route)
    expect(routes.filter((route) => route.endsWith('/sse'))).toEqual([])
  })

  test('needs nothing for a queue that no event reaches', () => {
    const config = { webhookEnabled: false, queueBackendType: 'sqlite' } as const
    expect(() => createIntegratedApp({ config })).not.toThrow()
  })

  verifies('S3', 'takes credentials later, but does not start without them', async () => {
    const missing = [
      [{ token: 'xoxb-1' }, 'slackSigningSecret: is required'],
      [{ signingSecret: 'a-secret' }, 'slackBotToken: is required'],
    ] as const
    for (const [options, message] of missing) {
      const server = createIntegratedApp(options)
      await expect(server.start()).rejects.toThrow(message)
      await server.stop()
    }
  })

  test('listens without credentials no longer than it takes to say so', async () => {
    const server = createIntegratedApp({ token: 'xoxb-1' })
    const listen = () => server.app.listen({ port: 0, hostname: '127.0.0.1' })
    expect(listen).toThrow('slackSigningSecret: is required')
    await expect(fetch(`http://127.0.0.1:${server.app.server?.port}/livez`)).rejects.toThrow()
    await server.stop()
  })

  test('starts without credentials where Slack is a double', async () => {
    const server = createIntegratedApp({ fetch: () => Promise.reject(new Error('no Slack')) })
    await server.start()
    expect((await server.app.handle(new Request('http://localhost/readyz'))).status).toBe(200)
    await server.stop()
  })

  for (const transport of ['', null, 'stdio', 'socket-mode', 'websocket']) {
    verifies('S7', `refuses the transport ${JSON.stringify(transport)} with what to use instead`, () => {
      expect(() => createIntegratedApp({ mcpTransport: transport })).toThrow(
        /sse or streamable-http|stdio|Socket Mode/,
      )
    })
  }

  verifies('S8', 'builds two apps in one process that share neither routes nor state', async () => {
    const first = await start()
    const second = await start()
    const routes = routesOf(first)
    expect(new Set(routes).size).toBe(routes.length)
    expect(routesOf(second)).toEqual(routes)
    await first.event('Ev1', { type: 'message', channel: 'C1' })
    expect((await first.events.depth()).events).toBe(1)
    expect((await second.events.depth()).events).toBe(0)
    await first.stop()
    expect((await second.event('Ev1', { type: 'message', channel: 'C1' })).status).toBe(200)
    expect((await second.events.depth()).events).toBe(1)
  })

  verifies('S4', 'puts webhook, Slack client and MCP together, one client for both halves', async () => {
    const server = await start()
    expect(routesOf(server)).toContain('POST /slack/events')
    const identity = await server.slack.identify()
    expect(identity.teamId).toBe(server.workspace.teamId)
    expect(server.workspace.callCount('auth.test')).toBe(1)
  })
})

describe('MCP_AUTH', () => {
  const call = { jsonrpc: '2.0', id: 1, method: 'initialize', params: initialize.params }
  const post = (server: AppFixture, headers: Record<string, string>, body: unknown = call) =>
    server.request('/mcp', {
      method: 'POST',
      body: JSON.stringify(body),
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
    })

  test('a token hears of nothing that its toolsets do not read', async () => {
    const token = 'narrow-token-0123456789-0123456789-0123'
    const narrow = {
      name: 'narrow',
      tokenFile: undefined,
      token: new Secret(token),
      isReadOnly: true,
      toolsets: ['emoji'],
      channels: undefined,
    }
    const server = await start({ config: { mcpSessions: 'stateless', mcpTokens: [narrow] } })
    const watch = async (uri: string) => {
      const call = { jsonrpc: '2.0', id: 1, method: 'resources/subscribe', params: { uri } }
      return await (await post(server, { authorization: `Bearer ${token}` }, call)).json()
    }
    expect(await watch('slack://emojis')).toMatchObject({ result: {} })
    for (const uri of ['slack://users/U1', 'slack://channels/C1', 'slack://channels/C1/threads/1.2'])
      expect(await watch(uri)).toMatchObject({ error: { data: { error: { code: 'RESOURCE_NOT_FOUND' } } } })
  })

  verifies('mcp:auth:none-on-loopback', 'none is refused beyond loopback, and behind a proxy', async () => {
    for (const config of [
      { mcpAuth: ['none'], host: '0.0.0.0' },
      { mcpAuth: ['none'], publicUrl: 'https://slack.example.com' },
      { mcpAuth: ['none', 'token'] },
    ] as const) {
      expect(() => createIntegratedApp({ config })).toThrow(/mcpAuth/)
    }
    const server = await start({ config: { mcpAuth: ['none'] } })
    expect((await post(server, {})).status).toBe(200)
    for (const header of ['forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'via']) {
      expect((await post(server, { [header]: '203.0.113.9' })).status).toBe(403)
    }
  })

  verifies(
    'mcp:auth:slack',
    "slack lets Slack's own client in, for users of our workspace, by its signature alone",
    async () => {
      const server = await start({ config: { mcpAuth: ['token', 'slack'] } })
      await server.slack.identify()
      const signed = (teamId: string, secret = signingSecret) => {
        const body = JSON.stringify({
          ...call,
          params: { ...call.params, _meta: { slack: { user_id: 'U0ANA00001', team_id: teamId } } },
        })
        const timestamp = Math.floor(Date.now() / 1000)
        return post(
          server,
          {
            'x-slack-request-timestamp': String(timestamp),
            'x-slack-signature': signBody(secret, timestamp, body),
          },
          JSON.parse(body),
        )
      }
      expect((await signed(server.workspace.teamId)).status).toBe(200)
      expect((await signed('T0FOREIGN')).status).toBe(403)
      expect((await signed(server.workspace.teamId, 'forged')).status).toBe(401)
      const closed = await start()
      expect((await post(closed, { 'x-slack-signature': `v0=${'a'.repeat(64)}` })).status).toBe(401)
    },
  )
})

describe('one process, two halves', () => {
  verifies('S1', 'takes a signed event while an MCP session is open at the same app', async () => {
    const server = await start()
    const opened = await server.authorized('/mcp', initialize)
    expect(opened.status).toBe(200)
    const session = opened.headers.get('mcp-session-id') ?? ''
    expect(session).not.toBe('')
    expect((await server.event('Ev1', { type: 'app_mention', channel: 'C1' })).status).toBe(200)
    const listed = await server.authorized(
      '/mcp',
      { jsonrpc: '2.0', id: 2, method: 'tools/list' },
      { headers: { 'mcp-session-id': session, 'mcp-protocol-version': '2025-06-18' } },
    )
    expect(listed.status).toBe(200)
    expect(await listed.text()).toContain('slack_post_message')
    expect((await server.events.depth()).events).toBe(1)
  })

  for (const transport of ['sse', 'streamable-http'] as const) {
    verifies('S9', `takes events at POST /slack/events in ${transport} mode`, async () => {
      const server = await start({ mcpTransport: transport })
      expect((await server.event('Ev1', { type: 'message' })).status).toBe(200)
    })

    verifies('S10', `answers one health for both halves in ${transport} mode`, async () => {
      const server = await start({ mcpTransport: transport })
      await server.slack.identify()
      const response = await server.request('/health')
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual({
        status: 'healthy',
        components: {
          mcp_server: 'ready',
          webhook_server: 'ready',
          slack_client: 'connected',
          queue_backend: 'connected',
        },
        configuration: { loaded_at: expect.stringMatching(/Z$/), last_reload: 'none' },
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      })
    })
  }

  verifies('S14', 'runs a tool over plain REST in streamable-http mode', async () => {
    const server = await start({ mcpTransport: 'streamable-http' })
    const response = await server.authorized('/call_tool', {
      name: 'slack_post_message',
      arguments: { channel: '#general', text: 'posted over REST' },
    })
    expect(response.status).toBe(200)
    expect(server.workspace.messages('general').at(-1)).toMatchObject({ text: 'posted over REST' })
  })

  verifies('S15', 'lists tools over plain REST in streamable-http mode', async () => {
    const server = await start({ mcpTransport: 'streamable-http' })
    const { tools } = (await (await server.authorized('/list_tools')).json()) as { tools: { name: string }[] }
    expect(tools.map(({ name }) => name)).toContain('slack_thread_reply')
  })

  test('with one half off, its routes are gone and health says disabled', async () => {
    const webhookOnly = await start({ config: { mcpEnabled: false } })
    expect((await webhookOnly.request('/mcp')).status).toBe(404)
    expect((await webhookOnly.health()).components).toMatchObject({
      mcp_server: 'disabled',
      slack_client: 'disabled',
    })
    const mcpOnly = await start({ config: { webhookEnabled: false } })
    expect((await mcpOnly.event('Ev1', { type: 'message' })).status).toBe(404)
    expect((await mcpOnly.health()).components).toMatchObject({
      webhook_server: 'disabled',
      queue_backend: 'disabled',
    })
  })

  test("Elysia's own stop stops the components", async () => {
    const server = createIntegratedApp({ token: 'xoxb-1', signingSecret })
    server.app.listen({ port: 0, hostname: '127.0.0.1' })
    await server.start()
    await server.app.stop()
    expect((await server.app.handle(new Request('http://localhost/readyz'))).status).toBe(503)
  })

  test("a wrong method at Slack's path is the webhook's error, one at another path the server's", async () => {
    const server = await start()
    expect(await (await server.request('/slack/events')).json()).toMatchObject({
      error: { component: 'webhook' },
    })
    expect(await (await server.request('/health', { method: 'POST' })).json()).toMatchObject({
      error: { component: 'server' },
    })
  })

  test('ready is said between start and stop only, by probe and metric alike, alive always', async () => {
    const server = createIntegratedApp({ token: 'xoxb-1', signingSecret: 's' })
    const get = (path: string) => server.app.handle(new Request(`http://localhost${path}`))
    const said = async () => [
      (await get('/readyz')).status,
      /^slackmcp_ready (\d)$/m.exec(await (await get('/metrics')).text())?.[1],
      (await get('/livez')).status,
    ]
    expect(await said()).toEqual([503, '0', 200])
    await server.start()
    expect(await said()).toEqual([200, '1', 200])
    await server.stop()
    expect(await said()).toEqual([503, '0', 200])
  })
})

describe('events for embedders', () => {
  test('a subscriber gets each event once, bytes and metadata included', async () => {
    const server = await start()
    const got: Delivery[] = []
    const stop = new AbortController()
    const subscribed = server.events.subscribe({
      group: 'test',
      handler: async (delivery) => void got.push(delivery),
      signal: stop.signal,
    })
    await server.event('Ev1', { type: 'message', channel: 'C7' })
    await server.event('Ev1', { type: 'message', channel: 'C7' })
    await server.event('Ev2', { type: 'reaction_added', item: { channel: 'C8' } })
    await settle()
    stop.abort()
    await subscribed
    expect(got.map(({ event, attempt }) => [event.id, event.key, event.meta.type, attempt])).toEqual([
      ['Ev1', 'C7', 'message', 1],
      ['Ev2', 'C8', 'reaction_added', 1],
    ])
  })
})

describe('handlers for embedders', () => {
  test('are called for what they asked for, from start to stop', async () => {
    const texts: unknown[] = []
    const server = createIntegratedApp({ token: 'xoxb-1', signingSecret, config: { mcpEnabled: false } })
    server.events.on('app_mention', ({ event, delivery }) => void texts.push([event.text, delivery.event.id]))
    await server.start()
    const body = JSON.stringify({
      type: 'event_callback',
      event_id: 'Ev1',
      event: { type: 'app_mention', text: 'hi' },
    })
    const timestamp = Math.floor(Date.now() / 1000)
    const headers = {
      'content-type': 'application/json',
      'x-slack-request-timestamp': String(timestamp),
      'x-slack-signature': signBody(signingSecret, timestamp, body),
    }
    await server.app.handle(new Request('http://localhost/slack/events', { method: 'POST', body, headers }))
    await settle()
    await server.stop()
    expect(texts).toEqual([['hi', 'Ev1']])
  })
})

describe('documents', () => {
  test('documents can be switched off', async () => {
    const off = await start({ config: { docsEnabled: false } })
    for (const path of ['/docs', '/openapi.json', '/docs/viewer.js'])
      expect((await off.request(path)).status).toBe(404)
  })

  test('a foreign Host or Origin does not see the documents', async () => {
    const server = await start()
    const statusOf = async (headers: Record<string, string>) =>
      (await server.request('/docs', { headers })).status
    expect(await statusOf({ origin: 'https://evil.example' })).toBe(403)
    expect(await statusOf({ origin: 'http://localhost' })).toBe(200)
    const rebound = new Request('http://evil.example/docs')
    expect((await server.app.handle(rebound)).status).toBe(403)
  })
})
