import { afterEach, describe, expect } from 'bun:test'
import { composeApp, type ReconfigurableApp } from '../../src/app.ts'
import { createSystemClock } from '../../src/base/clock.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { Secret } from '../../src/base/secret.ts'
import { listen } from '../../src/cli/listen.ts'
import { configWith } from '../../src/config/default-config.ts'
import type { Config } from '../../src/config/option-table.ts'
import { createDemoWorkspace } from '../../src/demo/workspace.ts'
import { aliceToken } from '../support/mcp-harness.ts'
import { callMessage, initializeMessage, mcpHttp } from '../support/mcp-http.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { verifies } from '../support/verifies.ts'

/** What a reload means for what is under way: requests, sessions, streams. */

const adminToken = 'z'.repeat(40)
const otherToken = 'o'.repeat(40)
const post = { name: 'slack_post_message', arguments: { channel: 'C0DEMO00GEN', text: 'hello' } }

const running: ReconfigurableApp[] = []
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop()
})

/** A server with Alice as its client. Slack's answers to posts wait while `hold` says so. */
async function start(given: Partial<Config> = {}) {
  const clock = createSystemClock()
  const workspace = createDemoWorkspace({ clock, ids: createSystemIds() })
  const held = {
    isHeld: false,
    arrived: Promise.withResolvers<void>(),
    release: Promise.withResolvers<void>(),
  }
  const log = new RecordingLogger()
  const config = configWith({
    slackApiUrl: 'http://127.0.0.1:1/api/',
    slackBotToken: new Secret(workspace.botToken),
    slackSigningSecret: [new Secret('a'.repeat(32))],
    mcpAuthTokens: [{ name: 'alice', token: new Secret(aliceToken) }],
    adminToken: new Secret(adminToken),
    ...given,
  })
  const server = composeApp(config, {
    clock,
    logger: log,
    async fetch(url, init) {
      if (held.isHeld && String(url).endsWith('/chat.postMessage')) {
        held.arrived.resolve()
        await held.release.promise
      }
      return workspace.handle(new Request(url, init))
    },
  })
  await server.start()
  running.push(server)
  const { url: origin } = listen(server.app, { host: '127.0.0.1', port: 0 })
  return { server, config, held, log, origin }
}

const bob = { mcpAuthTokens: [{ name: 'bob', token: new Secret(otherToken) }] }

function callRest(
  origin: string,
  body: string | ReadableStream<Uint8Array>,
  token = aliceToken,
): Promise<Response> {
  return fetch(`${origin}/call_tool`, {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  })
}

describe('a request that is under way', () => {
  const streamable = { mcpTransport: 'streamable-http' } as const

  verifies(
    'reload:atomic',
    'ends by the policy that it began with; the next one has the new one',
    async () => {
      const { server, config, held, origin } = await start(streamable)
      held.isHeld = true
      const first = callRest(origin, JSON.stringify(post))
      await held.arrived.promise
      server.reconfigure({ ...config, mcpReadOnly: true })
      held.release.resolve()
      expect((await first).status).toBe(200)
      const second = await callRest(origin, JSON.stringify(post))
      expect(await second.json()).toMatchObject({ error: { details: { rule: 'read_only' } } })
    },
  )

  /** Sends the head and the first byte, then `meanwhile`, then the rest. */
  async function slowly(origin: string, meanwhile: () => void): Promise<Response> {
    const text = JSON.stringify(post)
    const sent = Promise.withResolvers<void>()
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        controller.enqueue(Buffer.from(text.slice(0, 1)))
        await sent.promise
        controller.enqueue(Buffer.from(text.slice(1)))
        controller.close()
      },
    })
    const answer = callRest(origin, body)
    await metric(origin, 'http_server_active_requests 2')
    meanwhile()
    sent.resolve()
    return answer
  }

  verifies('reload:atomic', 'is judged as a whole by what counts when its body is there', async () => {
    const { server, config, origin } = await start(streamable)
    const refused = await slowly(origin, () => server.reconfigure({ ...config, mcpReadOnly: true }))
    expect(await refused.json()).toMatchObject({ error: { details: { rule: 'read_only' } } })
  })

  verifies(
    'reload:revoked',
    'does nothing where its token is taken away before its body is there',
    async () => {
      const { server, config, origin } = await start(streamable)
      const refused = await slowly(origin, () => server.reconfigure({ ...config, ...bob }))
      expect(refused.status).toBe(401)
      expect(await refused.json()).toMatchObject({ error: { code: 'MCP_UNAUTHORIZED' } })
    },
  )
})

/** Waits until the metrics have that line. */
async function metric(origin: string, line: string): Promise<void> {
  const isThere = async () => (await (await fetch(`${origin}/metrics`)).text()).includes(`\n${line}\n`)
  const deadlineMs = Date.now() + 20_000
  while (!(await isThere())) {
    if (Date.now() > deadlineMs) throw new Error(`The metrics never had ${line}`)
  }
}

describe('what a token opened', () => {
  verifies('reload:revoked', 'ends with the reload that takes the token away', async () => {
    const { server, config, origin } = await start()
    const http = mcpHttp({ origin })
    const headers = { 'mcp-session-id': await http.open() }
    const stream = await http.get(headers)
    expect(stream.status).toBe(200)
    server.reconfigure({ ...config, ...bob })
    await stream.text()
    expect((await http.post(callMessage(1, 'slack_read_emojis'), headers)).status).toBe(401)
    const now = mcpHttp({ origin }, otherToken)
    expect((await now.post(callMessage(1, 'slack_read_emojis'), headers)).status).toBe(404)
  })

  verifies('reload:revoked', 'ends where the same name gets another token', async () => {
    const { server, config, origin } = await start()
    const http = mcpHttp({ origin })
    const stream = await http.get({ 'mcp-session-id': await http.open() })
    server.reconfigure({ ...config, mcpAuthTokens: [{ name: 'alice', token: new Secret(otherToken) }] })
    await stream.text()
    expect((await http.post(initializeMessage())).status).toBe(401)
  })

  verifies('reload:revoked', 'goes on where the token stays, with what it may do now', async () => {
    const { server, config, origin } = await start()
    const http = mcpHttp({ origin })
    const headers = { 'mcp-session-id': await http.open() }
    const policy = {
      name: 'alice',
      tokenFile: undefined,
      token: undefined,
      toolsets: undefined,
      channels: undefined,
    }
    server.reconfigure({ ...config, mcpTokens: [{ ...policy, isReadOnly: true }] })
    const answer = await (await http.post(callMessage(1, post.name, post.arguments), headers)).text()
    expect(answer).toContain('read_only')
  })

  verifies('reload:revoked', 'as an operator ends too', async () => {
    const { server, config, origin } = await start()
    const consume = (token: string) =>
      fetch(`${origin}/admin/events/consume?group=g`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
      })
    const stream = await consume(adminToken)
    server.reconfigure({ ...config, adminToken: new Secret(otherToken) })
    expect(await stream.text()).toStartWith('{"stream":')
    expect((await consume(adminToken)).status).toBe(401)
    const next = await consume(otherToken)
    expect(next.status).toBe(200)
    await next.body?.cancel()
  })
})

verifies('reload:refused', 'a configuration that cannot be changes nothing at all', async () => {
  const { server, config, origin } = await start({ mcpTransport: 'streamable-http' })
  const broken = { ...config, ...bob, mcpToolsets: ['nonsense'] }
  expect(() => server.reconfigure(broken)).toThrow('The configuration is not valid.')
  expect((await callRest(origin, JSON.stringify(post))).status).toBe(200)
  expect((await callRest(origin, JSON.stringify(post), otherToken)).status).toBe(401)
})

verifies('reload:atomic', 'clients hear of the lists that changed', async () => {
  const { server, config, origin } = await start()
  const http = mcpHttp({ origin })
  const stream = await http.get({ 'mcp-session-id': await http.open() })
  server.reconfigure({ ...config, mcpToolsets: ['users'] })
  server.reconfigure({ ...config, mcpToolsets: ['users'], ...bob })
  const told = await stream.text()
  for (const list of ['tools', 'prompts', 'resources'])
    expect(told).toContain(`notifications/${list}/list_changed`)
})
