import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { IntegratedAppOptions } from '../../src/app-options.ts'
import { parseTraceContext } from '../../src/observe/trace-context.ts'
import type { Span, SpanOptions, Tracer } from '../../src/observe/tracer.ts'
import type { EventMeta } from '../../src/queue/driver.ts'
import { type AppFixture, startApp } from '../support/app-fixture.ts'
import { startForwardEndpoint } from '../support/forward-endpoint.ts'
import { callMessage } from '../support/mcp-http.ts'
import { startTraceCollector, type TraceCollector } from '../support/trace-collector.ts'
import { verifies } from '../support/verifies.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`
const canary = 'CANARY-what-a-person-wrote'

let collector: TraceCollector
beforeEach(() => {
  collector = startTraceCollector()
})
afterEach(() => collector[Symbol.asyncDispose]())

function startTraced(
  config: IntegratedAppOptions['config'] = {},
  prepare?: Parameters<typeof startApp>[1],
): Promise<AppFixture> {
  return startApp(
    { config: { tracesEndpoint: collector.endpoint, mcpSessions: 'stateless', ...config } },
    prepare,
  )
}

/** A call of a tool in revision 2025-11-25, with what the client says beside it. */
function call(server: AppFixture, name: string, args: object, meta: object = {}, headers: object = {}) {
  const message = callMessage(1, name, args) as { readonly params: object }
  const body = { ...message, params: { ...message.params, _meta: meta } }
  return server.authorized('/mcp', body, {
    headers: { 'mcp-protocol-version': '2025-11-25', ...headers },
  })
}

/** The same in revision 2026-07-28. */
function modernCall(server: AppFixture, name: string, args: object, meta: object) {
  const envelope = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  }
  const params = { name, arguments: args, _meta: { ...envelope, ...meta } }
  return server.authorized(
    '/mcp',
    { jsonrpc: '2.0', id: 1, method: 'tools/call', params },
    { headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name } },
  )
}

/** Starts a server in a process of its own and says how many modules of OpenTelemetry have been evaluated by then. */
const loading = `
  const { createIntegratedApp } = await import(process.argv[1])
  const server = createIntegratedApp({
    fetch: async () => Response.json({ ok: false, error: 'invalid_auth' }),
    config: { tracesEndpoint: process.argv[2] },
  })
  await server.start()
  await server.app.handle(new Request('http://localhost/slack/events', { method: 'POST' }))
  console.log(Object.keys(require.cache).filter((path) => path.includes('@opentelemetry')).length)
  process.exit(0)
`

const anEvent = { type: 'message', channel: 'C1', user: 'U1', ts: '1.1', text: canary }

/** A server whose handler resolves the promise with the meta of the event. */
async function startWithHandler(config?: IntegratedAppOptions['config'], handle = () => Promise.resolve()) {
  const handled = Promise.withResolvers<EventMeta>()
  const server = await startTraced(config, ({ events }) =>
    events.on('message', async ({ delivery }) => {
      handled.resolve(delivery.event.meta)
      await handle()
    }),
  )
  return { server, handled: handled.promise }
}

describe('an event', () => {
  for (const protocol of ['http/protobuf', 'http/json'] as const) {
    verifies('traces:event', `is one trace from webhook to handler, told by ${protocol}`, async () => {
      const { server, handled } = await startWithHandler({ tracesProtocol: protocol })
      expect((await server.event('Ev1', anEvent)).status).toBe(200)
      const meta = await handled
      await server.stop()
      const request = collector.span('POST /slack/events')
      const send = collector.span('send slack.events')
      const process = collector.span('process slack.events')
      expect([request.parentSpanId, send.parentSpanId, process.parentSpanId]).toEqual([
        '',
        request.spanId,
        send.spanId,
      ])
      expect(new Set([request, send, process].map((span) => span.traceId)).size).toBe(1)
      expect([request.kind, send.kind, process.kind]).toEqual([2, 4, 5])
      expect(meta.traceparent).toBe(`00-${send.traceId}-${send.spanId}-01`)
      expect(request.attributes).toEqual({
        'http.request.method': 'POST',
        'http.route': '/slack/events',
        'url.path': '/slack/events',
        'url.scheme': 'http',
        'http.response.status_code': expect.anything(),
        'slackmcp.correlation_id': meta.correlationId,
      })
      expect(Number(request.attributes['http.response.status_code'])).toBe(200)
      expect(process.attributes).toMatchObject({
        'messaging.system': 'memory',
        'messaging.operation.name': 'process',
        'messaging.destination.name': 'slack.events',
        'messaging.message.id': 'Ev1',
        'messaging.consumer.group.name': 'app',
        'slack.event.type': 'message',
      })
      expect(request.resource).toMatchObject({ 'service.name': 'slack-integrated-server' })
      expect(collector.requests.map(({ path }) => path)).toEqual(['/v1/traces'])
    })
  }

  verifies(
    'traces:event',
    'a try that fails and the next are told apart, and Slack is below them',
    async () => {
      let triesCount = 0
      const again = Promise.withResolvers<void>()
      const fixture = { current: undefined as AppFixture | undefined }
      const { server } = await startWithHandler({}, async () => {
        await fixture.current?.slack.call('auth.test', {})
        if (++triesCount === 1) throw new RangeError(canary)
        again.resolve()
      })
      fixture.current = server
      await server.event('Ev1', anEvent)
      await again.promise
      await server.stop()
      const tries = collector.spans.filter(({ name }) => name === 'process slack.events')
      expect(
        tries.map(({ status, attributes }) => [
          status,
          attributes['error.type'],
          Number(attributes['slackmcp.delivery.attempt']),
        ]),
      ).toEqual([
        [2, 'RangeError', 1],
        [0, undefined, 2],
      ])
      const calls = collector.spans.filter(({ name }) => name === 'slack auth.test')
      const parents = calls.map(({ parentSpanId }) => parentSpanId)
      for (const { spanId } of tries) expect(parents).toContain(spanId)
    },
  )

  verifies('traces:forward', 'its delivery carries the span of the delivery', async () => {
    await using endpoint = startForwardEndpoint()
    const server = await startTraced({ forwardUrl: endpoint.url, forwardPrivateNetwork: true })
    await server.event('Ev1', anEvent)
    await endpoint.receivedCount(1)
    await server.stop()
    const post = collector.span('POST')
    const process = collector.span('process slack.events')
    expect(post.parentSpanId).toBe(process.spanId)
    expect(endpoint.received[0]?.headers.get('traceparent')).toBe(`00-${post.traceId}-${post.spanId}-01`)
    expect(post.attributes).toMatchObject({ 'server.address': '127.0.0.1', 'http.request.method': 'POST' })
    expect(Number(post.attributes['http.response.status_code'])).toBe(200)
    expect(JSON.stringify(collector.spans)).not.toContain('code=1')
  })
})

describe('an MCP call', () => {
  const revisions = { '2025-11-25': call, '2026-07-28': modernCall } as const
  for (const [revision, callIn] of Object.entries(revisions)) {
    verifies('traces:mcp', `goes on from _meta and links to its request, in ${revision}`, async () => {
      const server = await startTraced()
      const meta = { traceparent, tracestate: 'rojo=1' }
      const response = await callIn(server, 'slack_post_message', { channel: 'general', text: canary }, meta)
      expect(await response.text()).toContain('structuredContent')
      await server.stop()
      const request = collector.span('POST /mcp')
      const tool = collector.span('tools/call slack_post_message')
      const slack = collector.span('slack chat.postMessage')
      expect([tool.traceId, tool.parentSpanId]).toEqual([traceId, '00f067aa0ba902b7'])
      expect(tool.linkedSpanIds).toEqual([request.spanId])
      expect([slack.traceId, slack.parentSpanId, slack.kind]).toEqual([traceId, tool.spanId, 3])
      expect(tool.attributes).toMatchObject({
        'mcp.method.name': 'tools/call',
        'mcp.protocol.version': expect.stringMatching(/^20\d\d-\d\d-\d\d$/),
        'gen_ai.tool.name': 'slack_post_message',
        'gen_ai.operation.name': 'execute_tool',
      })
      expect(slack.attributes).toEqual({
        'slack.api.method': 'chat.postMessage',
        'http.request.method': 'POST',
        'server.address': '127.0.0.1',
      })
    })
  }

  verifies(
    'traces:mcp',
    'without _meta it is a part of its request, which goes on from its header',
    async () => {
      const server = await startTraced()
      await (await call(server, 'slack_read_emojis', {}, {}, { traceparent })).text()
      await (await call(server, 'slack_read_emojis', {}, { traceparent: 'nonsense' })).text()
      await server.stop()
      const requests = collector.spans.filter(({ name }) => name === 'POST /mcp')
      const tools = collector.spans.filter(({ name }) => name === 'tools/call slack_read_emojis')
      expect(tools.map((span) => span.parentSpanId)).toEqual(requests.map((span) => span.spanId))
      expect([requests[0]?.traceId, tools[0]?.traceId]).toEqual([traceId, traceId])
      expect(requests[1]?.parentSpanId).toBe('')
      expect(requests[1]?.traceId).not.toBe(traceId)
    },
  )

  verifies('traces:slack', 'what Slack refuses fails the call and its tool, by code', async () => {
    const server = await startTraced()
    await (await call(server, 'slack_read_channel_messages', { channel: 'C0NOTTHERE' })).text()
    await server.stop()
    const slack = collector.spans.find(({ attributes }) => attributes['slack.api.error'] !== undefined)
    expect(slack?.attributes).toMatchObject({
      'slack.api.error': 'channel_not_found',
      'error.type': 'SLACK_REFUSED',
    })
    expect(slack?.status).toBe(2)
    const tool = collector.span('tools/call slack_read_channel_messages')
    expect([tool.status, tool.attributes['error.type']]).toEqual([2, 'tool_error'])
  })

  verifies(
    'traces:secrecy',
    'no text, argument, token or made-up name is sent to the collector',
    async () => {
      const { server, handled } = await startWithHandler({ tracesHeaders: 'x-collector-key=s3cr3t' })
      await server.event('Ev1', anEvent)
      await handled
      await (await call(server, 'slack_post_message', { channel: 'general', text: canary })).text()
      await (await call(server, `${canary}-tool`, { channel: canary })).text()
      await (await server.request(`/${canary}?${canary}=1`, { method: canary })).text()
      await server.stop()
      expect(collector.spans.length).toBeGreaterThan(6)
      const sent = collector.requests.map(({ text }) => text).join('')
      for (const secret of [canary, server.bearer, server.workspace.botToken, 's3cr3t'])
        expect(sent).not.toContain(secret)
      expect(collector.requests[0]?.headers.get('x-collector-key')).toBe('s3cr3t')
    },
  )
})

describe('log lines', () => {
  verifies('traces:logs', 'name the span that they were written in', async () => {
    const server = await startTraced()
    await server.event('Ev1', anEvent)
    await (await call(server, 'slack_read_emojis', {})).text()
    await server.stop()
    const request = collector.span('POST /slack/events')
    const tool = collector.span('tools/call slack_read_emojis')
    expect(server.log.named('webhook_event_received')[0]?.fields).toMatchObject({
      trace_id: request.traceId,
      span_id: request.spanId,
    })
    expect(server.log.named('mcp_tool_executed')[0]?.fields).toMatchObject({
      trace_id: tool.traceId,
      span_id: tool.spanId,
    })
  })
})

describe('without tracing', () => {
  verifies('traces:off', 'events, lines and headers are what they were', async () => {
    const { server, handled } = await startWithHandler({ tracesEndpoint: undefined })
    await server.event('Ev1', anEvent)
    expect(Object.keys(await handled)).not.toContain('traceparent')
    await server.stop()
    expect(JSON.stringify(server.log.lines)).not.toContain('trace_id')
    expect(collector.requests).toEqual([])
  })

  verifies(
    'traces:off',
    'a running server has loaded none of the libraries, and with a collector it has',
    async () => {
      const countOf = async (endpoint: string) => {
        const index = new URL('../../src/index.ts', import.meta.url).pathname
        const child = Bun.spawn([process.execPath, '-e', loading, index, endpoint], {
          env: {},
          stdout: 'pipe',
        })
        return Number(await child.stdout.text())
      }
      expect(await countOf('')).toBe(0)
      expect(await countOf(collector.endpoint)).toBeGreaterThan(0)
    },
  )

  verifies('traces:off', 'probes and scrapes are not traced where the rest is', async () => {
    const server = await startTraced()
    for (const path of ['/livez', '/readyz', '/health', '/metrics']) await (await server.request(path)).text()
    await (await server.request('/openapi.json')).text()
    await server.stop()
    const requests = collector.spans.filter(({ kind }) => kind === 2)
    expect(requests.map(({ name }) => name)).toEqual(['GET /openapi.json'])
  })
})

describe('sampling', () => {
  verifies('traces:config', 'always_off sends nothing, and hands on that it does not', async () => {
    const { server, handled } = await startWithHandler({ tracesSampler: 'always_off' })
    await server.event('Ev1', anEvent)
    expect(parseTraceContext((await handled).traceparent)?.isSampled).toBe(false)
    await server.stop()
    expect(collector.requests).toEqual([])
  })

  verifies(
    'traces:config',
    'a caller decides where the sampler asks it, and not where it does not',
    async () => {
      const unsampled = { traceparent: `00-${traceId}-00f067aa0ba902b7-00` }
      for (const [tracesSampler, count] of [
        ['parentbased_always_on', 0],
        ['always_on', 1],
        ['parentbased_traceidratio', 0],
      ] as const) {
        await using own = startTraceCollector()
        const server = await startTraced({ tracesSampler, tracesEndpoint: own.endpoint })
        await (await call(server, 'slack_read_emojis', {}, {}, unsampled)).text()
        await server.stop()
        const found = own.spans.filter(({ name }) => name === 'POST /mcp')
        expect([tracesSampler, found.length]).toEqual([tracesSampler, count])
      }
    },
  )

  verifies(
    'traces:config',
    'the resource says what OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME say',
    async () => {
      const server = await startTraced({
        tracesServiceName: 'slack',
        tracesResourceAttributes: 'deployment.environment.name=pre%20production,service.name=other',
      })
      await server.event('Ev1', anEvent)
      await server.stop()
      expect(collector.span('POST /slack/events').resource).toMatchObject({
        'service.name': 'slack',
        'deployment.environment.name': 'pre production',
      })
    },
  )
})

describe('a collector', () => {
  verifies('traces:collector', 'that refuses is warned of once and counted, and delays no stop', async () => {
    collector.answer(400)
    const server = await startTraced()
    await server.event('Ev1', anEvent)
    await server.event('Ev2', anEvent)
    expect((await server.stop()).isClean).toBe(true)
    const [line, ...more] = server.log.named('traces_export_failed')
    expect(more).toEqual([])
    expect(line?.fields).toMatchObject({ host: new URL(collector.endpoint).host, reason: 'HTTP 400' })
  })

  verifies('traces:collector', 'that hangs makes a stop no less clean', async () => {
    collector.answer('hang')
    const server = await startTraced({ serverShutdownSeconds: '30' })
    expect((await server.event('Ev1', anEvent)).status).toBe(200)
    const stopped = server.stop()
    await collector.requested(1)
    expect((await stopped).isClean).toBe(true)
  })
})

describe('an embedder', () => {
  verifies('traces:embedder', 'brings a tracer of its own', async () => {
    const told: string[] = []
    const context = { traceId, spanId: '00f067aa0ba902b7', isSampled: true }
    const tracer: Tracer = {
      startSpan(name: string, { kind }: SpanOptions): Span {
        told.push(`${kind} ${name}`)
        return {
          context,
          set: () => undefined,
          fail: (type) => told.push(`failed ${name}: ${type}`),
          end: () => told.push(`ended ${name}`),
        }
      },
      run: (_, work) => work(),
      active: () => context,
    }
    const server = await startApp({ tracer })
    await server.event('Ev1', anEvent)
    await server.stop()
    expect(told.filter((line) => !line.includes('auth.test'))).toEqual([
      'server POST /slack/events',
      'producer send slack.events',
      'ended send slack.events',
      'ended POST /slack/events',
    ])
    expect(server.log.named('webhook_event_received')[0]?.fields['trace_id']).toBe(traceId)
  })
})

test('a request for a path that nobody serves is told by its method alone', async () => {
  const server = await startTraced()
  expect((await server.request(`/${canary}`)).status).toBe(404)
  await server.stop()
  expect(collector.span('GET').attributes['url.path']).toBeUndefined()
})
