import { afterEach, describe, expect, test } from 'bun:test'
import type { IntegratedAppOptions } from '../../src/app-options.ts'
import { signBody } from '../../src/slack/signature.ts'
import { webhookBodyBytesMax } from '../../src/webhook/receive.ts'
import { type AppFixture, startApp } from '../support/app-fixture.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { signingSecret } from '../support/http-fixture.ts'
import { verifies } from '../support/verifies.ts'

/** Each option of the table reaches what it is about: a server that is put together ignores none of them. */

const running: AppFixture[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()))
})

async function start(options: IntegratedAppOptions): Promise<AppFixture> {
  const server = await startApp(options)
  running.push(server)
  return server
}

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
}

function signedHeaders(body: string, secret = signingSecret, nowMs = Date.now()): Record<string, string> {
  const timestamp = Math.floor(nowMs / 1000)
  return {
    'content-type': 'application/json',
    'x-slack-request-timestamp': String(timestamp),
    'x-slack-signature': signBody(secret, timestamp, body),
  }
}

describe('what Slack posts', () => {
  const bodyOf = (id: string) =>
    JSON.stringify({ type: 'event_callback', event_id: id, event: { type: 'message', channel: 'C1' } })
  const send = (server: AppFixture, id: string, headers = signedHeaders(bodyOf(id))) =>
    server.request('/slack/events', { method: 'POST', body: bodyOf(id), headers })

  verifies('webhook:signature:rotation', 'is taken with each of several signing secrets', async () => {
    const server = await start({ signingSecret: ['new-secret', 'old-secret'] })
    const statuses: number[] = []
    for (const secret of ['new-secret', 'old-secret', 'foreign'])
      statuses.push((await send(server, 'Ev1', signedHeaders(bodyOf('Ev1'), secret))).status)
    expect(statuses).toEqual([200, 200, 401])
  })

  verifies(
    'queue:memory:no-subscriber',
    'is always taken while nobody consumes: of three times the bound the newest are kept, the others counted',
    async () => {
      const eventsMax = 40
      const server = await start({ config: { queueMemoryEventsMax: eventsMax } })
      const ids = Array.from({ length: 3 * eventsMax }, (_, index) => `Ev${index}`)
      const statuses = await Promise.all(ids.map(async (id) => (await send(server, id)).status))
      expect(statuses).toEqual(ids.map(() => 200))
      expect((await server.events.recent(1000)).map(({ id }) => id)).toEqual(ids.slice(-eventsMax))
      // Dropped is not forgotten: what comes again is a duplicate still.
      expect((await send(server, 'Ev0')).status).toBe(200)
      expect((await server.events.depth()).events).toBe(eventsMax)
    },
  )

  test('is refused at the bound once a group is behind, so that Slack sends it again', async () => {
    const server = await start({ config: { queueMemoryEventsMax: 3 } })
    const over = new AbortController()
    const subscribed = server.events.subscribe({
      group: 'slow',
      signal: over.signal,
      handler: () => new Promise((resolve) => over.signal.addEventListener('abort', () => resolve())),
    })
    const statuses: number[] = []
    for (let index = 0; index < 4; index++) statuses.push((await send(server, `Ev${index}`)).status)
    expect(statuses).toEqual([200, 200, 200, 503])
    over.abort()
    await subscribed
  })

  test('is known again for QUEUE_DEDUPE_SECONDS, and goes to the topic of SLACK_EVENTS_TOPIC', async () => {
    const clock = new FakeClock()
    const server = await start({
      clock,
      config: { queueDedupeSeconds: 7_200, slackEventsTopic: 'acme.events' },
    })
    const outcome = async () => {
      await send(server, 'Ev1', signedHeaders(bodyOf('Ev1'), signingSecret, clock.now()))
      return server.log.named('webhook_event_received').at(-1)?.fields['outcome']
    }
    expect(await outcome()).toBe('stored')
    await clock.advance(7_199_999)
    expect(await outcome()).toBe('duplicate')
    await clock.advance(1)
    expect(await outcome()).toBe('stored')
    expect((await server.events.recent(9)).map(({ topic }) => topic)).toEqual(['acme.events', 'acme.events'])
  })

  test('is remembered by at most QUEUE_DEDUPE_IDS_MAX ids', async () => {
    const idsMax = 1_000
    const server = await start({ config: { queueDedupeIdsMax: idsMax } })
    for (let index = 0; index <= idsMax; index++) await send(server, `Ev${index}`)
    await send(server, 'Ev1')
    await send(server, 'Ev0')
    const outcomes = server.log.named('webhook_event_received').map(({ fields }) => fields['outcome'])
    expect(outcomes.slice(-2)).toEqual(['duplicate', 'stored'])
  })
})

describe('calls to Slack', () => {
  /** A Slack that answers `answer` and keeps what it was asked. */
  function scripted(answer: () => Response) {
    const asked: string[] = []
    const fetch = (url: string, { body }: RequestInit) => {
      if (!url.endsWith('/auth.test')) asked.push(`${url.split('/').at(-1)} ${String(body)}`)
      return Promise.resolve(
        url.endsWith('/auth.test') ? Response.json({ ok: true, user_id: 'U1', team_id: 'T1' }) : answer(),
      )
    }
    return { asked, fetch }
  }

  for (const [retry, sentCount] of [
    [0, 1],
    [1, 2],
  ] as const) {
    verifies('S76', `are sent ${sentCount} times with retry ${retry}`, async () => {
      const { asked, fetch } = scripted(() => new Response('', { status: 503 }))
      const clock = new FakeClock()
      const server = await start({ retry, fetch, clock })
      const call = server.slack.call('emoji.list', {}).catch(() => undefined)
      for (let round = 0; round < 10; round++) await clock.advance(500)
      await call
      expect(asked).toHaveLength(sentCount)
    })
  }

  test('of a distributed app ask for what Slack grants it', async () => {
    const { asked, fetch } = scripted(() => Response.json({ ok: true, messages: [] }))
    const server = await start({ fetch, config: { slackDistributedAppLimits: true } })
    await server.slack.call('conversations.history', { channel: 'C1', limit: 200 })
    expect(asked).toEqual(['conversations.history channel=C1&limit=15'])
  })
})

describe('MCP', () => {
  test('takes so many calls of one tool a minute as LIMITS_TOOL_CALLS_PER_MINUTE says', async () => {
    const server = await start({
      mcpTransport: 'streamable-http',
      config: { limitsToolCallsPerMinute: 2 },
    })
    const statuses: number[] = []
    for (let count = 0; count < 3; count++)
      statuses.push((await server.authorized('/call_tool', { name: 'slack_read_emojis' })).status)
    expect(statuses).toEqual([200, 200, 429])
  })

  test('keeps so many sessions of one principal as MCP_SESSIONS_PER_PRINCIPAL_MAX says', async () => {
    const server = await start({ config: { mcpSessionsPerPrincipalMax: 2 } })
    const sessions: string[] = []
    for (let count = 0; count < 3; count++)
      sessions.push((await server.authorized('/mcp', initialize)).headers.get('mcp-session-id') ?? '')
    const statuses = await Promise.all(
      sessions.map(async (session) => {
        const headers = { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' }
        return (await server.authorized('/mcp', { jsonrpc: '2.0', id: 2, method: 'ping' }, { headers }))
          .status
      }),
    )
    expect(statuses).toEqual([404, 200, 200])
  })

  test('is called by pages of CORS_ALLOW_ORIGINS, of its own Host, and of no other', async () => {
    const server = await start({ config: { corsAllowOrigins: ['https://app.example.com'] } })
    const statusFrom = async (origin: string) =>
      (await server.authorized('/mcp', initialize, { headers: { origin } })).status
    expect(await statusFrom('https://app.example.com')).toBe(200)
    expect(await statusFrom('http://localhost')).toBe(200)
    for (const origin of ['https://evil.example', 'https://app.example.com.evil.example', 'null'])
      expect(await statusFrom(origin)).toBe(403)
  })
})

verifies(
  'http:body:budget',
  'large bodies of both halves share 48 of 64 MiB, small ones get in',
  async () => {
    const server = await start({})
    const ended = new AbortController()
    const stalled = () =>
      new ReadableStream<Uint8Array>({
        start: (controller) => ended.signal.addEventListener('abort', () => controller.close()),
      })
    const headers = { ...signedHeaders(''), 'content-length': String(webhookBodyBytesMax) }
    const send = () => server.request('/slack/events', { method: 'POST', body: stalled(), headers })
    const large = { ...initialize, params: { ...initialize.params, filling: 'x'.repeat(20_000) } }
    const held = Array.from({ length: 48 }, send)
    await settle()
    for (const response of [await send(), await server.authorized('/mcp', large)])
      expect([response.status, response.headers.get('connection')]).toEqual([503, 'close'])
    expect((await server.event('Ev1', { type: 'message' })).status).toBe(200)
    ended.abort()
    await Promise.all(held)
    expect((await server.authorized('/mcp', large)).status).toBe(200)
  },
)
