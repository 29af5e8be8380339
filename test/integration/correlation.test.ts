import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createSystemClock } from '../../src/base/clock.ts'
import { AppError } from '../../src/base/errors.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { createDemoWorkspace } from '../../src/demo/workspace.ts'
import { MemoryQueue, memoryLimitsDefault } from '../../src/queue/memory.ts'
import { signBody } from '../../src/slack/signature.ts'
import { type AppFixture, startApp } from '../support/app-fixture.ts'
import { settle } from '../support/fake-clock.ts'
import { signingSecret } from '../support/http-fixture.ts'
import { fakeQueueDeps } from '../support/queue-deps.ts'
import { verifies } from '../support/verifies.ts'

/** What a caller can find its request by: the same id in the answer, in the error, on every line of the log and in the stored event. */

const given = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff'

/** Slack for the methods that go wrong; everything else is the embedded workspace. */
const broken: Readonly<Record<string, () => Response>> = {
  'chat.postMessage': () => new Response('down', { status: 500 }),
  'conversations.history': () => new Response('', { status: 429, headers: { 'retry-after': '60' } }),
  'reactions.add': () => Response.json({ ok: false, error: 'too_many_emoji' }),
}

/** Takes every event but one. */
class FussyQueue extends MemoryQueue {
  override publish(...[event, signal]: Parameters<MemoryQueue['publish']>) {
    if (event.id === 'EvRefused') return Promise.reject(new AppError('QUEUE_UNAVAILABLE'))
    return super.publish(event, signal)
  }
}

let server: AppFixture
beforeAll(async () => {
  const workspace = createDemoWorkspace({ clock: createSystemClock(), ids: createSystemIds() })
  const queueDeps = fakeQueueDeps()
  server = await startApp({
    token: workspace.botToken,
    mcpTransport: 'streamable-http',
    retry: 0,
    queue: new FussyQueue(memoryLimitsDefault, queueDeps),
    async fetch(url, init) {
      const method = new URL(url).pathname.split('/').at(-1) ?? ''
      return broken[method]?.() ?? (await workspace.handle(new Request(url, init)))
    },
  })
  await server.slack.identify()
  await settle()
})
afterAll(() => server.stop())

type Ask = () => Promise<Response>

const headers = { 'x-correlation-id': given }
const plain =
  (path: string, init: RequestInit = {}): Ask =>
  () =>
    server.request(path, { ...init, headers: { ...headers, ...init.headers } })
const authorized =
  (path: string, body?: unknown, more: Readonly<Record<string, string>> = {}): Ask =>
  () =>
    server.authorized(path, body, { headers: { ...headers, ...more } })
const call = (name: string, args: object) => authorized('/call_tool', { name, arguments: args })

/** A signed post to Slack's path. */
const posted =
  (body: string, secret = signingSecret): Ask =>
  () => {
    const timestamp = Math.floor(Date.now() / 1000)
    return plain('/slack/events', {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'x-slack-request-timestamp': String(timestamp),
        'x-slack-signature': signBody(secret, timestamp, body),
      },
    })()
  }
const event = (id: string) =>
  JSON.stringify({ type: 'event_callback', event_id: id, event: { type: 'message', channel: 'C1' } })

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
}
const modern = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

const rows: readonly (readonly [what: string, ask: Ask, status: number])[] = [
  ['an unknown path', plain('/nowhere'), 404],
  ['a wrong method', plain('/health', { method: 'POST' }), 405],
  ['health', plain('/health'), 200],
  ['the document', plain('/openapi.json'), 200],
  ['an admin route without a token', plain('/admin/events'), 401],
  ['an event', posted(event('EvTaken')), 200],
  ['an event that cannot be stored', posted(event('EvRefused')), 503],
  ['a forged event', posted(event('EvForged'), 'forger'), 401],
  ['an event without a signature', plain('/slack/events', { method: 'POST', body: '{}' }), 401],
  ['a body that is no event', posted('[]'), 400],
  ['MCP without a token', plain('/mcp', { method: 'POST', body: '{}' }), 401],
  ['a session that begins', authorized('/mcp', initialize), 200],
  ['a message without its session', authorized('/mcp', { jsonrpc: '2.0', id: 1, method: 'ping' }), 400],
  [
    'a request of revision 2026-07-28 that the SDK refuses',
    authorized(
      '/mcp',
      { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: modern } },
      { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call' },
    ),
    400,
  ],
  ['a tool', call('slack_read_emojis', {}), 200],
  ['a tool that nobody knows', call('absent', {}), 404],
  ['a tool whose arguments are wrong', call('slack_post_message', { channel: 7 }), 400],
]

/** About the connection to Slack and not about the request in which it was noticed. */
const ofTheProcess: ReadonlySet<string> = new Set(['slack_connection_changed', 'slack_breaker_changed'])

function expectFound(response: Response, text: string, lines: AppFixture['log']['lines']): void {
  expect(response.headers.get('x-correlation-id')).toBe(given)
  if (response.status >= 400) expect(text).toContain(`"correlation_id":"${given}"`)
  expect(lines.length).toBeGreaterThan(0)
  const lost = lines.filter(
    ({ event: name, fields }) => fields['correlation_id'] !== given && !ofTheProcess.has(name),
  )
  expect(lost.map(({ event: name, fields }) => [name, fields])).toEqual([])
}

async function ask(request: Ask) {
  const before = server.log.lines.length
  const response = await request()
  const text = await response.text()
  await settle()
  return { response, text, lines: server.log.lines.slice(before) }
}

describe('the correlation id of the request', () => {
  for (const [what, request, status] of rows) {
    verifies('S65', `is on everything that comes of ${what}`, async () => {
      const { response, text, lines } = await ask(request)
      expect(response.status).toBe(status)
      expectFound(response, text, lines)
    })
  }

  const failing: readonly (readonly [tool: string, args: object, line: string])[] = [
    ['slack_post_message', { channel: '#general', text: 'x' }, 'slack_request_failed'],
    ['slack_read_channel_messages', { channel: '#general' }, 'slack_method_limited'],
    [
      'slack_add_reactions',
      { channel: '#general', timestamp: '1700000000.000100', emojis: ['tada'] },
      'slack_call_refused',
    ],
  ]
  for (const [tool, args, line] of failing) {
    verifies('S65', `is on what the Slack client says of a failed ${tool}`, async () => {
      const { response, text, lines } = await ask(call(tool, args))
      expect(response.status).toBeGreaterThanOrEqual(400)
      expectFound(response, text, lines)
      expect(lines.map(({ event: name }) => name)).toContain(line)
    })
  }

  test('is stored with the event', async () => {
    await ask(posted(event('EvStored')))
    const [stored] = await server.events.recent(1)
    expect([stored?.id, stored?.meta.correlationId]).toEqual(['EvStored', given])
  })
})
