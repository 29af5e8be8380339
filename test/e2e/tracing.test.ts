import { expect } from 'bun:test'
import { createSystemClock } from '../../src/base/clock.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { createDemoWorkspace } from '../../src/demo/workspace.ts'
import { type BinaryOptions, derivedToken, startServer, testCredentials } from '../support/binary.ts'
import { startForwardEndpoint } from '../support/forward-endpoint.ts'
import { callMessage } from '../support/mcp-http.ts'
import { eventCallback, signedRequest } from '../support/signed-sender.ts'
import { startTraceCollector } from '../support/trace-collector.ts'
import { verifies } from '../support/verifies.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'

async function start(env: BinaryOptions['env']) {
  const { child, url } = await startServer({ env: { MCP_SESSIONS: 'stateless', ...env } })
  return {
    child,
    url,
    async event(eventId: string): Promise<number> {
      const { SLACK_SIGNING_SECRET: signingSecret } = testCredentials
      const options = { signingSecret, nowMs: Date.now(), url: `${url}/slack/events` }
      return (await fetch(signedRequest(eventCallback({ eventId }), options))).status
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  }
}

/** The embedded workspace behind a port, for a binary that knows no other Slack. */
function startWorkspace() {
  const workspace = createDemoWorkspace({ clock: createSystemClock(), ids: createSystemIds() })
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: (request) => workspace.handle(request) })
  return {
    env: { SLACK_BOT_TOKEN: workspace.botToken, SLACK_API_URL: `http://127.0.0.1:${server.port}/api/` },
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

verifies('e2e:traces', 'one webhook event is one trace down to whoever it is delivered to', async () => {
  await using collector = startTraceCollector()
  await using endpoint = startForwardEndpoint()
  await using server = await start({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    FORWARD_URL: endpoint.url,
    FORWARD_PRIVATE_NETWORK: 'true',
  })
  expect(await server.event('Ev1')).toBe(200)
  await endpoint.receivedCount(1)
  expect(await server.child.stop()).toBe(0)
  const names = ['POST /slack/events', 'send slack.events', 'process slack.events', 'POST']
  const chain = names.map((name) => collector.span(name))
  expect(chain.map(({ parentSpanId }) => parentSpanId)).toEqual(
    ['', ...chain.map(({ spanId }) => spanId)].slice(0, -1),
  )
  expect(new Set(chain.map((span) => span.traceId)).size).toBe(1)
  expect(server.child.stdout.logged('webhook_event_received')[0]).toMatchObject({
    trace_id: chain[0]?.traceId,
    span_id: chain[0]?.spanId,
  })
})

verifies('e2e:traces', 'one MCP call is in the trace of its client, down to Slack', async () => {
  await using collector = startTraceCollector()
  await using workspace = startWorkspace()
  await using server = await start({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    ...workspace.env,
  })
  const { params, ...message } = callMessage(1, 'slack_read_emojis') as { readonly params: object }
  const _meta = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` }
  const response = await fetch(`${server.url}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await derivedToken()}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-protocol-version': '2025-11-25',
    },
    body: JSON.stringify({ ...message, params: { ...params, _meta } }),
  })
  expect(await response.text()).toContain('structuredContent')
  expect(await server.child.stop()).toBe(0)
  const tool = collector.span('tools/call slack_read_emojis')
  const slack = collector.span('slack emoji.list')
  expect([tool.traceId, tool.parentSpanId]).toEqual([traceId, '00f067aa0ba902b7'])
  expect([slack.traceId, slack.parentSpanId]).toEqual([traceId, tool.spanId])
})

verifies(
  'traces:collector',
  'one that hangs delays neither the events nor the stop of the binary',
  async () => {
    await using collector = startTraceCollector()
    collector.answer('hang')
    await using server = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint })
    // More than wait at once: sending begins, and what does not fit is dropped.
    for (let round = 0; round < 30; round++)
      expect(
        await Promise.all(Array.from({ length: 50 }, (_, index) => server.event(`Ev${round}-${index}`))),
      ).toEqual(Array.from({ length: 50 }, () => 200))
    await collector.requested(1)
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    expect(metrics).toMatch(/^slackmcp_trace_spans_total\{outcome="dropped"\} [1-9]/m)
    expect(await server.child.stop()).toBe(0)
    expect(server.child.stdout.logged('server_stopped')).toHaveLength(1)
  },
)

verifies('traces:collector', 'one that is not there delays neither', async () => {
  const closed = startTraceCollector()
  await closed[Symbol.asyncDispose]()
  await using server = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: closed.endpoint })
  expect(await server.event('Ev1')).toBe(200)
  expect(await server.child.stop()).toBe(0)
})
