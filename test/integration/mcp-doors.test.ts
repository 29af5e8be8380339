import { describe, expect, test } from 'bun:test'
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { createSystemClock } from '../../src/base/clock.ts'
import { unifiedErrorSchema } from '../../src/base/error-schema.ts'
import { createHostGuard } from '../../src/mcp/guard.ts'
import { createSlackAuth } from '../../src/mcp/slack-auth.ts'
import { rpcErrorSchema } from '../../src/mcp/wire-schemas.ts'
import { createRateLimiter } from '../../src/resilience/rate-limiter.ts'
import { createSigningKeys } from '../../src/slack/signature.ts'
import { FakeClock } from '../support/fake-clock.ts'
import {
  adminToken,
  aliceToken,
  bobToken,
  type McpHarness,
  type McpHarnessOptions,
  sketchOffer,
  sketchTool,
  startMcp,
} from '../support/mcp-harness.ts'
import { callMessage, mcpHttp } from '../support/mcp-http.ts'
import { RecordingMetrics } from '../support/recording-metrics.ts'
import { verifies } from '../support/verifies.ts'

type Form = 'json_rpc' | 'unified'

interface Route {
  readonly path: string
  readonly form: Form
}

const inSse: readonly Route[] = [
  '/mcp',
  '/mcp/',
  '/mcp/sse',
  '/mcp/sse/',
  '/mcp/messages',
  '/mcp/messages/',
  '/mcp/messages?sessionId=00000000-0000-4000-8000-000000000000',
].map((path) => ({ path, form: 'json_rpc' }))

const inStreamable: readonly Route[] = [
  ...['/', '/mcp', '/mcp/'].map((path): Route => ({ path, form: 'json_rpc' })),
  ...[
    '/list_tools',
    '/call_tool',
    '/list_resources',
    '/list_resource_templates',
    '/read_resource',
    '/list_prompts',
    '/get_prompt',
  ].map((path): Route => ({ path, form: 'unified' })),
]

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

interface Failure {
  readonly title: string
  readonly headers: Readonly<Record<string, string>>
  readonly query?: string
  /** Whether Slack's own client is let in too. */
  readonly admitsSlack?: true
  readonly status: number
  readonly code: string
}

const good = `Bearer ${aliceToken}`

const failures: readonly Failure[] = [
  { title: 'no credentials', headers: {}, status: 401, code: 'MCP_UNAUTHORIZED' },
  {
    title: 'an unknown token',
    headers: { authorization: 'Bearer nobody' },
    status: 401,
    code: 'MCP_UNAUTHORIZED',
  },
  {
    title: 'another scheme',
    headers: { authorization: 'Basic YTpi' },
    status: 401,
    code: 'MCP_UNAUTHORIZED',
  },
  {
    title: 'an unsigned JWT',
    headers: { authorization: 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.' },
    status: 401,
    code: 'MCP_UNAUTHORIZED',
  },
  {
    title: 'a good token in the query',
    headers: {},
    query: `access_token=${aliceToken}`,
    status: 401,
    code: 'MCP_UNAUTHORIZED',
  },
  {
    title: 'a forged signature of Slack',
    headers: {
      'x-slack-signature': `v0=${'0'.repeat(64)}`,
      'x-slack-request-timestamp': String(Math.floor(Date.now() / 1000)),
    },
    admitsSlack: true,
    status: 401,
    code: 'MCP_UNAUTHORIZED',
  },
  {
    title: 'a signature of Slack without its time',
    headers: { 'x-slack-signature': `v0=${'0'.repeat(64)}` },
    admitsSlack: true,
    status: 401,
    code: 'MCP_UNAUTHORIZED',
  },
  {
    title: 'a signature of Slack where its client may not come in',
    headers: {
      'x-slack-signature': `v0=${'0'.repeat(64)}`,
      'x-slack-request-timestamp': String(Math.floor(Date.now() / 1000)),
    },
    status: 401,
    code: 'MCP_UNAUTHORIZED',
  },
  {
    title: 'the admin token',
    headers: { authorization: `Bearer ${adminToken}` },
    status: 403,
    code: 'MCP_TOKEN_FORBIDDEN',
  },
  {
    title: 'a foreign Host',
    headers: { authorization: good, host: 'evil.example.com' },
    status: 403,
    code: 'MCP_FORBIDDEN',
  },
  {
    title: 'a foreign Origin',
    headers: { authorization: good, origin: 'https://evil.example.com' },
    status: 403,
    code: 'MCP_FORBIDDEN',
  },
  {
    title: 'the Origin null',
    headers: { authorization: good, origin: 'null' },
    status: 403,
    code: 'MCP_FORBIDDEN',
  },
]

function requestOf(
  route: Route,
  method: string,
  { headers, query }: Pick<Failure, 'headers' | 'query'>,
): Request {
  const separator = route.path.includes('?') ? '&' : '?'
  const url = `http://${headers['host'] ?? 'localhost'}${route.path}${query === undefined ? '' : `${separator}${query}`}`
  const hasBody = method === 'POST' || method === 'PUT' || method === 'PATCH'
  return new Request(url, {
    method,
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...headers,
    },
    ...(hasBody && { body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}' }),
  })
}

interface UnifiedBody {
  readonly error: {
    readonly code: string
    readonly correlation_id: string
    readonly details: Readonly<Record<string, unknown>>
  }
}

interface RpcErrorBody {
  readonly error: { readonly code: number; readonly data: UnifiedBody }
}

/** The code of an error answer, after its whole shape was checked. */
async function codeOf(response: Response, form: Form): Promise<string> {
  const body: unknown = await response.json()
  const schema = form === 'json_rpc' ? rpcErrorSchema : unifiedErrorSchema
  expect([...Value.Errors(schema, body)].map(({ path, message }) => `${path}: ${message}`)).toEqual([])
  // The schema just proved the shape.
  const { error } = form === 'json_rpc' ? (body as RpcErrorBody).error.data : (body as UnifiedBody)
  expect(response.headers.get('x-correlation-id')).toBe(error.correlation_id)
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  return error.code
}

function slackAuth() {
  return createSlackAuth({
    signingKeys: () => createSigningKeys(['a-signing-secret']),
    isAllowed: () => true,
    clock: createSystemClock(),
    metrics: new RecordingMetrics(),
  })
}

const modes: readonly (readonly [title: string, options: McpHarnessOptions, routes: readonly Route[]])[] = [
  ['sse', { transport: 'sse' }, inSse],
  ['streamable-http', { transport: 'streamable-http' }, inStreamable],
]

for (const [title, options, routes] of modes)
  for (const failure of failures)
    verifies(
      'mcp:auth:every-route',
      `${title}: every route and method refuses ${failure.title}`,
      async () => {
        await using mcp = startMcp({ ...options, ...(failure.admitsSlack && { slackAuth: slackAuth() }) })
        for (const route of routes)
          for (const method of methods) {
            const response = await mcp.handle(requestOf(route, method, failure))
            const what = `${method} ${route.path}`
            expect([what, response.status]).toEqual([what, failure.status])
            expect(response.headers.has('www-authenticate')).toBe(failure.status === 401)
            expect([what, await codeOf(response, route.form)]).toEqual([what, failure.code])
          }
        expect(mcp.plugin.counts()).toEqual({
          sseSessions: 0,
          streamableSessions: 0,
          listenStreams: 0,
          callsInFlight: 0,
          callsAbandoned: 0,
        })
      },
    )

verifies('mcp:auth:says-what-to-do', 'a 401 says what to send and which command prints it', async () => {
  await using mcp = startMcp()
  const response = await mcp.handle(new Request('http://localhost/mcp', { method: 'POST' }))
  const { error } = (await response.json()) as { readonly error: { readonly message: string } }
  expect(error.message).toContain('Authorization: Bearer')
  expect(error.message).toContain('slack-integrated-server token')
})

test('methods that a route does not take are 405 with Allow, for who may come in', async () => {
  await using mcp = startMcp({ transport: 'streamable-http' })
  const allow = async (path: string, method: string, form: Form) => {
    const response = await mcp.handle(requestOf({ path, form }, method, { headers: { authorization: good } }))
    return [response.status, response.headers.get('allow'), await codeOf(response, form)]
  }
  expect(await allow('/mcp', 'PUT', 'json_rpc')).toEqual([405, 'GET, POST, DELETE', 'METHOD_NOT_ALLOWED'])
  expect(await allow('/list_tools', 'POST', 'unified')).toEqual([405, 'GET', 'METHOD_NOT_ALLOWED'])
  expect(await allow('/call_tool', 'GET', 'unified')).toEqual([405, 'POST', 'METHOD_NOT_ALLOWED'])
})

describe('a body', () => {
  const post = (mcp: McpHarness, init: RequestInit & { readonly headers?: Record<string, string> }) =>
    mcp.handle(
      new Request('http://localhost/mcp', {
        method: 'POST',
        ...init,
        headers: {
          authorization: good,
          accept: 'application/json, text/event-stream',
          'content-type': 'application/json',
          ...init.headers,
        },
      }),
    )
  const initialize = (filling: string, version = '2025-11-25') =>
    JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: {
        protocolVersion: version,
        capabilities: {},
        clientInfo: { name: 'x', version: '1' },
        filling,
      },
    })
  const sized = (bytes: number) => initialize('x'.repeat(bytes - initialize('').length))
  const mebibytes4 = 4 * 1024 * 1024

  for (const [bytes, status] of [
    [mebibytes4 - 1, 200],
    [mebibytes4, 200],
    [mebibytes4 + 1, 413],
  ] as const) {
    verifies('mcp:body:size', `of ${bytes} declared bytes is answered ${status}`, async () => {
      await using mcp = startMcp()
      expect((await post(mcp, { body: sized(bytes) })).status).toBe(status)
    })
    verifies('mcp:body:size', `of ${bytes} bytes without a length is answered ${status}`, async () => {
      await using mcp = startMcp()
      const body = new Blob([sized(bytes)]).stream()
      expect((await post(mcp, { body })).status).toBe(status)
    })
  }

  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
  for (const [depth, isTooDeep] of [
    [36, false],
    [37, true],
    [100_000, true],
  ] as const)
    verifies('mcp:body:nesting', `nested ${depth} deep is ${isTooDeep ? 'too deep' : 'read'}`, async () => {
      await using mcp = startMcp()
      // A list in a list is no message, so the shallow one is refused as well, but for what it is.
      const response = await post(mcp, { body: nested(depth) })
      const { error } = (await response.json()) as RpcErrorBody
      expect([response.status, error.code]).toEqual([400, isTooDeep ? -32700 : -32600])
      expect(error.data.error.details['problem'] === 'nested deeper than 36').toBe(isTooDeep)
    })

  const refused: readonly (readonly [
    what: string,
    init: RequestInit & { readonly headers?: Record<string, string> },
    status: number,
    rpcCode: number,
  ])[] = [
    ['that is no JSON', { body: '{' }, 400, -32700],
    ['that is empty', { body: '' }, 400, -32700],
    ['that is not UTF-8', { body: new Uint8Array([0x22, 0xff, 0x22]) }, 400, -32700],
    ['that is no message', { body: '{"jsonrpc":"2.0"}' }, 400, -32600],
    ['that is an empty batch', { body: '[]' }, 400, -32600],
    ['of text', { body: '{}', headers: { 'content-type': 'text/plain' } }, 415, -32000],
    [
      'of a form',
      { body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      415,
      -32000,
    ],
    ['of a type like JSON', { body: '{}', headers: { 'content-type': 'application/jsonp' } }, 415, -32000],
    ['that is compressed', { body: '{}', headers: { 'content-encoding': 'gzip' } }, 415, -32000],
    [
      'for who takes no JSON',
      { body: initialize(''), headers: { accept: 'text/event-stream' } },
      406,
      -32000,
    ],
    [
      'for who takes no stream',
      { body: initialize(''), headers: { accept: 'application/json' } },
      406,
      -32000,
    ],
    [
      'of an unknown revision',
      { body: '{"jsonrpc":"2.0","id":1,"method":"ping"}', headers: { 'mcp-protocol-version': '1999-01-01' } },
      400,
      -32600,
    ],
    ['without a session', { body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' }, 400, -32600],
  ]
  for (const [what, init, status, rpcCode] of refused)
    verifies('mcp:body:refused', `${what} is answered ${status}`, async () => {
      await using mcp = startMcp()
      const response = await post(mcp, init)
      expect(response.status).toBe(status)
      const { error } = (await response.clone().json()) as { readonly error: { readonly code: number } }
      expect(error.code).toBe(rpcCode)
      await codeOf(response, 'json_rpc')
    })

  test('of JSON with a charset is taken', async () => {
    await using mcp = startMcp()
    const headers = { 'content-type': 'Application/JSON; charset=utf-8', accept: '*/*' }
    expect((await post(mcp, { body: initialize(''), headers })).status).toBe(200)
  })

  for (const [count, status] of [
    [100, 202],
    [101, 400],
  ] as const)
    test(`with ${count} notifications is answered ${status}`, async () => {
      await using mcp = startMcp()
      const opened = await post(mcp, { body: initialize('', '2025-03-26') })
      const note = {
        jsonrpc: '2.0',
        method: 'notifications/progress',
        params: { progressToken: 1, progress: 1 },
      }
      const response = await post(mcp, {
        body: JSON.stringify(Array.from({ length: count }, () => note)),
        headers: { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' },
      })
      expect(response.status).toBe(status)
    })
})

describe('rate', () => {
  verifies('mcp:limit:principal', 'a principal over its rate is told when to come back', async () => {
    await using mcp = startMcp({ requestLimiter: { take: () => ({ ok: false, retryAfterMs: 1500 }) } })
    const response = await mcp.handle(
      requestOf({ path: '/mcp', form: 'json_rpc' }, 'POST', { headers: { authorization: good } }),
    )
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '2'])
    expect(await codeOf(response, 'json_rpc')).toBe('MCP_RATE_LIMITED')
    expect(mcp.metrics.sum('slackmcp_rate_limiter_rejected_total', { scope: 'principal' })).toBe(1)
  })

  verifies('mcp:limit:tool', 'holds for one tool and one principal, and for no other of either', async () => {
    const clock = new FakeClock()
    const toolLimiter = createRateLimiter({ clock, ratePerSecond: 2 / 60, burst: 2, keysMax: 10 })
    const tools = ['one', 'other'].map((name) =>
      sketchTool({ name, input: Type.Object({}), run: async () => 'done' }),
    )
    await using mcp = startMcp({ toolLimiter, sessionMode: 'stateless', offer: sketchOffer({ tools }) })
    const call = async (name: string, token = aliceToken) => {
      const answer = await (await mcpHttp(mcp, token).post(callMessage(1, name))).json()
      const { content, isError } = (answer as { readonly result: ToolResult }).result
      return isError === true ? JSON.parse(content[0].text).error : content[0].text
    }
    expect([await call('one'), await call('one')]).toEqual(['done', 'done'])
    const refused = { code: 'MCP_RATE_LIMITED', details: { scope: 'tool', retry_after_s: 30 } }
    expect(await call('one')).toMatchObject(refused)
    expect([await call('other'), await call('one', bobToken)]).toEqual(['done', 'done'])
    expect(mcp.metrics.sum('slackmcp_rate_limiter_rejected_total', { scope: 'tool' })).toBe(1)
    await clock.advance(30_000)
    expect([await call('one'), (await call('one')).code]).toEqual(['done', 'MCP_RATE_LIMITED'])
  })
})

interface ToolResult {
  readonly isError?: boolean
  readonly content: readonly [{ readonly text: string }]
}

describe('CORS', () => {
  test('a preflight needs no credentials, and only listed origins get an answer', async () => {
    const { createCors } = await import('../../src/mcp/cors.ts')
    const origin = 'https://app.example.com'
    await using mcp = startMcp({
      guard: createHostGuard({ allowedHosts: [], allowedOrigins: [origin] }),
      cors: createCors({ origins: [origin], methods: ['POST'], headers: [], allowCredentials: false }),
    })
    const ask = (from: string) =>
      mcp.handle(
        new Request('http://localhost/mcp', {
          method: 'OPTIONS',
          headers: { origin: from, 'access-control-request-method': 'POST' },
        }),
      )
    expect((await ask(origin)).status).toBe(204)
    expect((await ask('https://evil.example.com')).status).toBe(403)
    const refused = await mcp.handle(new Request('http://localhost/mcp', { headers: { origin } }))
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, origin])
  })
})
