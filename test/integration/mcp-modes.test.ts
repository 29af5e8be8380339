import { describe, expect, test } from 'bun:test'
import type { TSchema } from '@sinclair/typebox'
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { createSystemClock } from '../../src/base/clock.ts'
import { unifiedErrorSchema } from '../../src/base/error-schema.ts'
import { AppError } from '../../src/base/errors.ts'
import type { ListChange } from '../../src/mcp/registry.ts'
import { createSlackAuth } from '../../src/mcp/slack-auth.ts'
import {
  promptListSchema,
  promptSchema,
  resourceListSchema,
  resourceSchema,
  resourceTemplateListSchema,
  rpcResultSchema,
  toolListSchema,
  toolResultSchema,
} from '../../src/mcp/wire-schemas.ts'
import { createSigningKeys, signBody } from '../../src/slack/signature.ts'
import { createFixtureOffer } from '../conformance/fixture-offer.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { createHoldingTool } from '../support/holding-tool.ts'
import {
  aliceToken,
  type McpHarness,
  type McpHarnessOptions,
  sketchOffer,
  sketchTool,
  startMcp,
} from '../support/mcp-harness.ts'
import { callMessage, errorCodeOf, eventReader, initializeMessage, mcpHttp } from '../support/mcp-http.ts'
import { RecordingMetrics } from '../support/recording-metrics.ts'
import { verifies } from '../support/verifies.ts'

const authorization = `Bearer ${aliceToken}`

describe('without sessions', () => {
  verifies('mcp:stateless', 'every POST stands alone, and there is nothing to GET or DELETE', async () => {
    await using mcp = startMcp({ sessionMode: 'stateless', offer: createFixtureOffer(() => undefined) })
    const http = mcpHttp(mcp)
    const opened = await http.post(initializeMessage())
    expect([opened.status, opened.headers.has('mcp-session-id')]).toEqual([200, false])
    const called = await http.post(callMessage(0, 'test_simple_text'))
    expect(await called.json()).toMatchObject({ id: 0, result: { structuredContent: {} } })
    const withForeignId = await http.post(callMessage(1, 'test_simple_text'), { 'mcp-session-id': 'any' })
    expect(withForeignId.status).toBe(200)
    for (const response of [await http.get(), await http.delete()])
      expect([response.status, response.headers.get('allow'), await errorCodeOf(response)]).toEqual([
        405,
        'POST',
        'METHOD_NOT_ALLOWED',
      ])
    expect(mcp.plugin.counts().streamableSessions).toBe(0)
  })

  verifies('mcp:version:measured', 'is counted under the revision that its header names', async () => {
    await using mcp = startMcp({ sessionMode: 'stateless', offer: createFixtureOffer(() => undefined) })
    const http = mcpHttp(mcp)
    const ask = async (method: string, headers: Readonly<Record<string, string>>) =>
      await (await http.post({ jsonrpc: '2.0', id: 1, method }, headers)).text()
    for (const version of ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])
      for (const method of ['tools/list', 'ping']) await ask(method, { 'mcp-protocol-version': version })
    for (const method of ['tools/list', 'ping']) await ask(method, {})
    const versionsOf = (method: string) =>
      mcp.metrics.records
        .filter(({ labels }) => labels['mcp_method_name'] === method)
        .map(({ labels }) => labels['mcp_protocol_version'])
    const told = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', '2025-03-26']
    expect([versionsOf('tools/list'), versionsOf('ping')]).toEqual([told, told])
  })

  verifies('mcp:stateless:sse', 'legacy SSE answers where streamable HTTP is', async () => {
    await using mcp = startMcp({ sessionMode: 'stateless', publicPathPrefix: '/behind' })
    for (const [path, method] of [
      ['/mcp/sse', 'GET'],
      ['/mcp/messages', 'POST'],
    ] as const) {
      const response = await fetch(`${mcp.origin}${path}`, {
        method,
        headers: { authorization, 'content-type': 'application/json' },
        ...(method === 'POST' && { body: '{}' }),
      })
      const body = (await response.json()) as {
        readonly error: {
          readonly data: { readonly error: { readonly code: string; readonly details: object } }
        }
      }
      expect([response.status, body.error.data.error.code, body.error.data.error.details]).toEqual([
        501,
        'MCP_SSE_UNAVAILABLE',
        { path: '/behind/mcp' },
      ])
    }
  })

  test('lets go of the server object of each POST', async () => {
    const { tool, began, open } = createHoldingTool()
    await using mcp = startMcp({ sessionMode: 'stateless', offer: sketchOffer({ tools: [tool] }) })
    const call = mcpHttp(mcp).post(callMessage(1, 'hold'))
    await began
    open()
    expect(await (await call).json()).toMatchObject({ result: { structuredContent: { text: 'held' } } })
    expect(mcp.plugin.counts().callsInFlight).toBe(0)
  })
})

describe('REST', () => {
  const offer = createFixtureOffer(() => undefined)
  const rest = (mcp: McpHarness, path: string, body?: unknown) =>
    fetch(`${mcp.origin}${path}`, {
      headers: { authorization, 'content-type': 'application/json' },
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    })

  const good: readonly (readonly [path: string, body: unknown, schema: TSchema])[] = [
    ['/list_tools', undefined, toolListSchema],
    ['/call_tool', { name: 'test_simple_text', arguments: {} }, toolResultSchema],
    ['/call_tool', { name: 'test_multiple_content_types' }, toolResultSchema],
    ['/list_resources', undefined, resourceListSchema],
    ['/list_resource_templates', undefined, resourceTemplateListSchema],
    ['/read_resource', { uri: 'test://static-text' }, resourceSchema],
    ['/read_resource', { uri: 'test://static-binary' }, resourceSchema],
    ['/read_resource', { uri: 'test://template/7/data' }, resourceSchema],
    ['/list_prompts', undefined, promptListSchema],
    ['/get_prompt', { name: 'test_simple_prompt' }, promptSchema],
    [
      '/get_prompt',
      { name: 'test_prompt_with_arguments', arguments: { arg1: 'a', arg2: 'b' } },
      promptSchema,
    ],
  ]
  for (const [path, body, schema] of good)
    verifies(
      'mcp:rest',
      `${path} ${body === undefined ? '' : JSON.stringify(body)} answers what its schema says`,
      async () => {
        await using mcp = startMcp({ transport: 'streamable-http', offer })
        const response = await rest(mcp, path, body)
        expect(response.status).toBe(200)
        const answer: unknown = await response.json()
        expect([...Value.Errors(schema, answer)]).toEqual([])
      },
    )

  const refuse = sketchTool({
    name: 'refuse',
    input: Type.Object({}),
    run: async () => {
      throw new AppError('SLACK_RATE_LIMITED', { details: { retry_after_s: 7 } })
    },
  })
  const refused: readonly (readonly [
    what: string,
    path: string,
    body: unknown,
    status: number,
    code: string,
  ])[] = [
    ['a tool that failed', '/call_tool', { name: 'refuse' }, 429, 'SLACK_RATE_LIMITED'],
    ['an unknown tool', '/call_tool', { name: 'absent' }, 404, 'TOOL_NOT_FOUND'],
    ['the tool __proto__', '/call_tool', { name: '__proto__' }, 404, 'TOOL_NOT_FOUND'],
    ['wrong arguments', '/call_tool', { name: 'refuse', arguments: 5 }, 400, 'MCP_REQUEST_INVALID'],
    ['no name', '/call_tool', {}, 400, 'MCP_REQUEST_INVALID'],
    ['an unknown resource', '/read_resource', { uri: 'x://y' }, 404, 'RESOURCE_NOT_FOUND'],
    ['an unknown prompt', '/get_prompt', { name: 'absent' }, 404, 'PROMPT_NOT_FOUND'],
  ]
  for (const [what, path, body, status, code] of refused)
    verifies('mcp:rest:errors', `${what} answers ${status} and the unified error`, async () => {
      await using mcp = startMcp({ transport: 'streamable-http', offer: sketchOffer({ tools: [refuse] }) })
      const response = await rest(mcp, path, body)
      const answer = (await response.json()) as { readonly error: { readonly code: string } }
      expect([...Value.Errors(unifiedErrorSchema, answer)]).toEqual([])
      expect([response.status, answer.error.code]).toEqual([status, code])
      if (status === 429) expect(response.headers.get('retry-after')).toBe('7')
    })

  test('counts and logs each error once, whether a call failed or a request was refused', async () => {
    await using mcp = startMcp({ transport: 'streamable-http', offer })
    for (const name of ['test_error_handling', 'no_such_tool'])
      await (await rest(mcp, '/call_tool', { name })).text()
    const counted = mcp.metrics.records.filter(({ name }) => name === 'slackmcp_errors_total')
    expect(counted.map(({ labels }) => labels['code'])).toEqual(['INTERNAL', 'TOOL_NOT_FOUND'])
    const told = mcp.log.lines.filter(({ fields }) => fields['code'] ?? fields['outcome'])
    expect(told.map(({ event }) => event)).toEqual(['mcp_tool_executed', 'mcp_request_refused'])
  })

  test('measures each operation once, under the method that it stands for', async () => {
    await using mcp = startMcp({ transport: 'streamable-http', offer })
    for (const [path, body] of good) await (await rest(mcp, path, body)).text()
    const measured = mcp.metrics.records.filter(
      ({ name }) => name === 'mcp_server_operation_duration_seconds',
    )
    expect(measured.map(({ labels }) => labels['mcp_method_name'])).toEqual([
      'tools/list',
      'tools/call',
      'tools/call',
      'resources/list',
      'resources/templates/list',
      ...['resources/read', 'resources/read', 'resources/read'],
      'prompts/list',
      ...['prompts/get', 'prompts/get'],
    ])
    expect(new Set(measured.map(({ labels }) => labels['mcp_protocol_version']))).toEqual(new Set(['rest']))
  })

  test('is not there in sse mode', async () => {
    await using mcp = startMcp()
    expect((await rest(mcp, '/list_tools')).status).toBe(404)
  })
})

test('what MCP answers over HTTP is what its schema says', async () => {
  await using mcp = startMcp({ offer: createFixtureOffer(() => undefined) })
  const http = mcpHttp(mcp)
  const headers = { 'mcp-session-id': await http.open() }
  const answer: unknown = await (await http.post(callMessage(1, 'test_simple_text'), headers)).json()
  expect([...Value.Errors(rpcResultSchema, answer)]).toEqual([])
})

describe('the endpoint event', () => {
  for (const [mountPath, publicPathPrefix, path] of [
    ['/mcp', '', '/mcp/messages'],
    ['/api/mcp', '', '/api/mcp/messages'],
    ['/mcp', '/slack', '/slack/mcp/messages'],
  ] as const)
    verifies('mcp:sse:endpoint', `says ${path} for ${mountPath} behind "${publicPathPrefix}"`, async () => {
      await using mcp = startMcp({ mountPath, publicPathPrefix })
      const response = await fetch(`${mcp.origin}${mountPath}/sse`, { headers: { authorization } })
      const events = eventReader(response)
      const { value } = await events.next()
      expect(value?.event).toBe('endpoint')
      expect(value?.data).toMatch(new RegExp(`^${path}\\?sessionId=[0-9a-f-]{36}$`))
      await events.return(undefined)
    })
})

describe('stopping', () => {
  verifies(
    'mcp:stop',
    'refuses what is new, finishes calls in flight, and says goodbye on every stream',
    async () => {
      const { tool, began, open } = createHoldingTool()
      await using mcp = startMcp({ offer: sketchOffer({ tools: [tool] }), drainDeadlineMs: 5000 })
      const http = mcpHttp(mcp)
      const headers = { 'mcp-session-id': await http.open() }
      const notices = await http.get(headers)
      const call = http.post(callMessage(1, 'hold'), headers)
      await began
      const stopped = mcp.plugin.component.stop()
      const refused = [await http.post(initializeMessage()), await http.post(callMessage(2, 'hold'), headers)]
      for (const response of refused)
        expect([
          response.status,
          response.headers.has('retry-after'),
          response.headers.get('connection'),
          await errorCodeOf(response),
        ]).toEqual([503, true, 'close', 'SHUTTING_DOWN'])
      expect(mcp.plugin.component.check()).toBe('down')
      open()
      expect(await (await call).json()).toMatchObject({ result: { structuredContent: { text: 'held' } } })
      await stopped
      expect(await notices.text()).toMatch(/^: open\n\nretry: \d{4}\n: the server is stopping\n\n$/)
      expect(mcp.plugin.counts()).toEqual({
        sseSessions: 0,
        streamableSessions: 0,
        listenStreams: 0,
        callsInFlight: 0,
        callsAbandoned: 0,
      })
    },
  )

  describe('at its deadline', () => {
    const abandon = async (
      options: McpHarnessOptions,
      send: (mcp: McpHarness) => Promise<Response>,
    ): Promise<readonly [status: number, body: unknown]> => {
      const { tool, began } = createHoldingTool()
      const offer = sketchOffer({ tools: [tool] })
      await using mcp = startMcp({ ...options, offer, drainDeadlineMs: 1 })
      const sent = send(mcp)
      await began
      await mcp.plugin.component.stop()
      expect(mcp.log.named('mcp_calls_abandoned').map(({ fields }) => fields)).toEqual([{ calls: 1 }])
      expect(mcp.plugin.counts()).toMatchObject({ callsInFlight: 0, callsAbandoned: 1 })
      const response = await sent
      return [response.status, await response.json()]
    }
    const failedResult = {
      id: 'held',
      result: { isError: true, content: [{ text: expect.stringContaining('"SHUTTING_DOWN"') }] },
    }

    verifies('mcp:stop:deadline', 'aborts a call of a session, and answers it', async () => {
      const [, body] = await abandon({}, async (mcp) => {
        const http = mcpHttp(mcp)
        return http.post(callMessage('held', 'hold'), { 'mcp-session-id': await http.open() })
      })
      expect(body).toMatchObject(failedResult)
    })

    verifies('mcp:stop:deadline', 'aborts a call of the stateless revision, and answers it', async () => {
      const _meta = {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': {},
      }
      const params = { name: 'hold', arguments: {}, _meta }
      const [, body] = await abandon({}, (mcp) =>
        mcpHttp(mcp).post(
          { jsonrpc: '2.0', id: 'held', method: 'tools/call', params },
          { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'hold' },
        ),
      )
      expect(body).toMatchObject(failedResult)
    })

    verifies('mcp:stop:deadline', 'aborts a call over REST, and answers 503', async () => {
      const [status, body] = await abandon({ transport: 'streamable-http' }, (mcp) =>
        fetch(`${mcp.origin}/call_tool`, {
          method: 'POST',
          headers: { authorization, 'content-type': 'application/json' },
          body: JSON.stringify({ name: 'hold' }),
        }),
      )
      expect([status, body]).toMatchObject([503, { error: { code: 'SHUTTING_DOWN' } }])
    })

    verifies('mcp:stop:deadline', 'answers a call of a session that does not end when aborted', async () => {
      const began = Promise.withResolvers<void>()
      const deaf = sketchTool({
        name: 'deaf',
        input: Type.Object({}),
        run: () => {
          began.resolve()
          return new Promise<never>(() => undefined)
        },
      })
      const clock = new FakeClock()
      await using mcp = startMcp({ offer: sketchOffer({ tools: [deaf] }), clock })
      const http = mcpHttp(mcp)
      const call = http.post(callMessage('deaf', 'deaf'), { 'mcp-session-id': await http.open() })
      await began.promise
      const stopped = mcp.plugin.component.stop()
      // The deadline, what aborted calls may take, and the way of the last words.
      await clock.advance(2000)
      await stopped
      expect(await (await call).text()).toContain('"SHUTTING_DOWN"')
    })
  })

  verifies('mcp:stop:hurried', 'aborts what is under way as soon as nobody waits any longer', async () => {
    const { tool, began } = createHoldingTool()
    const clock = new FakeClock()
    await using mcp = startMcp({ offer: sketchOffer({ tools: [tool] }), clock, drainDeadlineMs: 3_600_000 })
    const http = mcpHttp(mcp)
    const call = http.post(callMessage(1, 'hold'), { 'mcp-session-id': await http.open() })
    await began
    const hurry = new AbortController()
    const stopped = mcp.plugin.component.stop(hurry.signal)
    await settle()
    expect(mcp.plugin.counts().callsInFlight).toBe(1)
    hurry.abort()
    await clock.advance(1000)
    await stopped
    expect(mcp.plugin.counts()).toMatchObject({ callsInFlight: 0, callsAbandoned: 1 })
    expect(await (await call).text()).toContain('SHUTTING_DOWN')
  })

  test('stops once', async () => {
    await using mcp = startMcp()
    await Promise.all([mcp.plugin.component.stop(), mcp.plugin.component.stop()])
    await mcp.plugin.component.stop()
  })
})

describe("Slack's own client", () => {
  const secret = 'a-signing-secret'
  const clock = createSystemClock()
  const who = sketchTool({
    name: 'who',
    input: Type.Object({}),
    run: async (_, { principal }) => `${principal.name} ${principal.slackUser?.userId}`,
  })
  const write = sketchTool({
    name: 'write',
    effect: 'write',
    input: Type.Object({}),
    run: async () => 'written',
  })
  const start = (options: McpHarnessOptions = {}) =>
    startMcp({
      ...options,
      offer: sketchOffer({ tools: [who, write] }),
      sessionMode: 'stateless',
      slackAuth: createSlackAuth({
        signingKeys: () => createSigningKeys([secret]),
        isAllowed: ({ teamId }) => teamId === 'T123',
        clock,
        metrics: new RecordingMetrics(),
      }),
    })
  const signed = (name: string, signWith = secret) => {
    const slack = { user_id: 'U123', team_id: 'T123' }
    const params = { name, arguments: {}, _meta: { slack } }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
    const timestamp = Math.floor(clock.now() / 1000)
    return {
      method: 'POST',
      headers: {
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        'x-slack-signature': signBody(signWith, timestamp, body),
        'x-slack-request-timestamp': String(timestamp),
      },
      body,
    }
  }

  verifies('mcp:auth:slack', 'comes in by its signature, as the user that Slack names', async () => {
    await using mcp = start()
    const response = await fetch(`${mcp.origin}/mcp`, signed('who'))
    expect(await response.json()).toMatchObject({
      result: { structuredContent: { text: 'slack:T123:U123 U123' } },
    })
  })

  verifies('mcp:auth:slack', 'does not come in without a good signature, nor by GET', async () => {
    await using mcp = start()
    const forged = await fetch(`${mcp.origin}/mcp`, signed('who', 'another-secret'))
    const { headers } = signed('who')
    const get = await fetch(`${mcp.origin}/mcp`, { headers })
    expect([forged.status, get.status]).toEqual([401, 401])
  })

  verifies('mcp:auth:slack:replay', 'writes once by one signature', async () => {
    await using mcp = start()
    const request = signed('write')
    const first = await (await fetch(`${mcp.origin}/mcp`, request)).json()
    const second = await (await fetch(`${mcp.origin}/mcp`, request)).json()
    expect(first).toMatchObject({ result: { structuredContent: { text: 'written' } } })
    expect(second).toMatchObject({ result: { isError: true } })
    expect(mcp.log.named('mcp_tool_executed').map(({ fields }) => fields['outcome'])).toEqual([
      'ok',
      'TOOL_FORBIDDEN',
    ])
  })

  verifies('mcp:auth:slack:replay', 'may send again what the rate limit refused', async () => {
    let isOpen = false
    const requestLimiter = {
      take: () => (isOpen ? ({ ok: true } as const) : { ok: false as const, retryAfterMs: 1 }),
    }
    await using mcp = start({ requestLimiter })
    const request = signed('write')
    const refused = await fetch(`${mcp.origin}/mcp`, request)
    expect([refused.status, await errorCodeOf(refused)]).toEqual([429, 'MCP_RATE_LIMITED'])
    isOpen = true
    const written = await (await fetch(`${mcp.origin}/mcp`, request)).json()
    expect(written).toMatchObject({ result: { structuredContent: { text: 'written' } } })
    const again = await (await fetch(`${mcp.origin}/mcp`, request)).json()
    expect(again).toMatchObject({ result: { isError: true } })
  })

  test('is not let in where nobody asked for it', async () => {
    await using mcp = startMcp()
    expect((await fetch(`${mcp.origin}/mcp`, signed('who'))).status).toBe(401)
  })
})

describe('tools that come and go', () => {
  verifies(
    'mcp:tools:changed',
    'are listed and callable as they are now, and clients hear of it',
    async () => {
      const [one, two] = ['one', 'two'].map((name) =>
        sketchTool({ name, input: Type.Object({}), run: async () => name }),
      )
      if (one === undefined || two === undefined) return expect.unreachable()
      let tools = [one]
      let announce: (changed: readonly ListChange[]) => void = () => undefined
      const offer = {
        ...sketchOffer(),
        get tools() {
          return tools
        },
        onChanged(listener: typeof announce) {
          announce = listener
          return () => undefined
        },
      }
      await using mcp = startMcp({ offer })
      const http = mcpHttp(mcp)
      const headers = { 'mcp-session-id': await http.open() }
      const events = eventReader(await http.get(headers))
      tools = [two]
      announce(['tools_changed'])
      expect(JSON.parse((await events.next()).value?.data ?? '')).toMatchObject({
        method: 'notifications/tools/list_changed',
      })
      await events.return(undefined)
      const gone = await http.post(callMessage(1, 'one'), headers)
      const come = await http.post(callMessage(2, 'two'), headers)
      expect(await gone.json()).toMatchObject({ error: { code: -32602 } })
      expect(await come.json()).toMatchObject({ result: { structuredContent: { text: 'two' } } })
    },
  )
})
