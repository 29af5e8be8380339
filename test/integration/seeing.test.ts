import { afterEach, describe, expect, test } from 'bun:test'
import type { IntegratedApp } from '../../src/app.ts'
import type { IntegratedAppOptions } from '../../src/app-options.ts'
import { AppError } from '../../src/base/errors.ts'
import type { QueueBackend } from '../../src/queue/driver.ts'
import { MemoryQueue, memoryLimitsDefault } from '../../src/queue/memory.ts'
import { type AppFixture, startApp } from '../support/app-fixture.ts'
import { fakeQueueDeps } from '../support/queue-deps.ts'
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

/** A memory queue whose store can be told to be away. */
function createFailingQueue() {
  const deps = fakeQueueDeps()
  const queue = new MemoryQueue(memoryLimitsDefault, deps)
  let isAway = false
  const guarded: QueueBackend = Object.assign(Object.create(queue) as QueueBackend, {
    publish: (...args: Parameters<QueueBackend['publish']>) =>
      isAway ? Promise.reject(new AppError('QUEUE_UNAVAILABLE')) : queue.publish(...args),
    ping: () => (isAway ? Promise.reject(new AppError('QUEUE_UNAVAILABLE')) : queue.ping()),
    start: () => queue.start(),
    stop: () => queue.stop(),
    depth: () => queue.depth(),
    recent: (topic: string, limit: number) => queue.recent(topic, limit),
  })
  return {
    queue: guarded,
    setAway(value: boolean) {
      isAway = value
    },
  }
}

const callTool = (name: string, args: object) => ({ name, arguments: args })

describe('health', () => {
  verifies('S48', 'has status, components and timestamp', async () => {
    const server = await start()
    const body = (await (await server.request('/health')).json()) as Record<string, unknown>
    expect(Object.keys(body).sort()).toEqual(['components', 'configuration', 'status', 'timestamp'])
  })

  const seenWhenGood = async () => {
    const server = await start()
    await server.slack.identify()
    return server.health()
  }

  verifies('S49', 'is "healthy" when all is good', async () => {
    expect((await seenWhenGood()).status).toBe('healthy')
  })

  verifies('S50', 'says the MCP half is ready', async () => {
    expect((await seenWhenGood()).components.mcp_server).toBe('ready')
  })

  verifies('S51', 'says the webhook is ready', async () => {
    expect((await seenWhenGood()).components.webhook_server).toBe('ready')
  })

  verifies('S52', 'says connected only after Slack itself answered auth.test', async () => {
    const unreachable = await start({ fetch: () => Promise.reject(new TypeError('no network')) })
    await unreachable.slack.identify(AbortSignal.timeout(50)).catch(() => undefined)
    expect((await unreachable.health()).components.slack_client).not.toBe('connected')
    expect((await unreachable.health()).status).toBe('degraded')
    expect((await unreachable.request('/health')).status).toBe(200)
    const reached = await start()
    await reached.slack.identify()
    expect((await reached.health()).components.slack_client).toBe('connected')
  })

  verifies('S53', 'asks the queue itself and leaves no message behind', async () => {
    const server = await start()
    expect((await server.health()).components.queue_backend).toBe('connected')
    expect((await server.events.depth()).events).toBe(0)
  })

  verifies('S54', 'carries the time of the answer in ISO 8601, UTC', async () => {
    const server = await start()
    const before = Date.now()
    const at = Date.parse((await server.health()).timestamp)
    expect(at).toBeGreaterThanOrEqual(before)
    expect(at).toBeLessThanOrEqual(Date.now())
  })

  verifies('S55', 'answers 503 and unhealthy while events cannot be stored, MCP goes on', async () => {
    const { queue, setAway } = createFailingQueue()
    const server = await start({ queue })
    setAway(true)
    const response = await server.request('/health')
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({
      status: 'unhealthy',
      components: { queue_backend: 'disconnected', mcp_server: 'ready' },
    })
    expect((await server.event('Ev1', { type: 'message' })).status).toBe(503)
    expect((await server.request('/readyz')).status).toBe(200)
  })

  verifies('S56', 'tells liveness, readiness and health apart; nothing else is served', async () => {
    const server = await start()
    for (const path of ['/health', '/livez', '/readyz']) expect((await server.request(path)).status).toBe(200)
    for (const path of ['/health/detailed', '/startupz', '/healthz']) {
      expect((await server.request(path)).status).toBe(404)
    }
  })
})

describe('metrics', () => {
  const scrape = async (server: AppFixture) => (await server.request('/metrics')).text()

  verifies('S61', 'answers the text format of Prometheus with every name of the table', async () => {
    const server = await start()
    const response = await server.request('/metrics')
    expect(response.headers.get('content-type')).toStartWith('text/plain')
    const text = await response.text()
    for (const name of ['slackmcp_build_info', 'process_resident_memory_bytes', 'slackmcp_queue_depth']) {
      expect(text).toContain(`# TYPE ${name} `)
    }
  })

  verifies('S59', 'counts events by type and outcome, and times their acknowledgement', async () => {
    const server = await start()
    await server.event('Ev1', { type: 'app_mention', channel: 'C1' })
    await server.event('Ev1', { type: 'app_mention', channel: 'C1' })
    const text = await scrape(server)
    expect(text).toContain('slackmcp_events_received_total{event_type="app_mention",outcome="accepted"} 1')
    expect(text).toContain('slackmcp_events_received_total{event_type="app_mention",outcome="duplicate"} 1')
    expect(text).toContain('slackmcp_event_ack_duration_seconds_count{event_type="app_mention"} 2')
    expect(text).toContain('slackmcp_queue_depth 1')
  })

  test('no caller can mint a label', async () => {
    const server = await start({ mcpTransport: 'streamable-http' })
    const sizeBefore = (await scrape(server)).length
    for (let count = 0; count < 300; count++) {
      await server.event(`Ev${count}`, { type: `invented_${count}` })
      await server.request(`/invented/${count}`)
      await server.authorized('/call_tool', callTool(`invented_${count}`, {}))
    }
    const text = await scrape(server)
    expect(text).not.toContain('invented')
    expect(text.length - sizeBefore).toBeLessThan(40_000)
    expect(text).toContain('slackmcp_events_received_total{event_type="_other",outcome="accepted"} 300')
  })

  verifies('S58', 'counts tool calls by tool and outcome', async () => {
    const server = await start({ mcpTransport: 'streamable-http' })
    await server.authorized('/call_tool', callTool('slack_read_channel_messages', { channel: '#general' }))
    await server.authorized(
      '/call_tool',
      callTool('slack_read_channel_messages', { channel: '#no-such-channel' }),
    )
    const counts = (await scrape(server))
      .split('\n')
      .filter((line) => /^mcp_server_operation_duration_seconds_count/.test(line))
    expect(
      counts.filter((line) => line.includes('gen_ai_tool_name="slack_read_channel_messages"')),
    ).toHaveLength(2)
    expect(counts.join('\n')).toContain('error_type="tool_error"')
  })

  verifies('S60', 'counts errors by code and component', async () => {
    const server = await start()
    await server.request('/nowhere')
    await server.request('/mcp', { method: 'POST' })
    const text = await scrape(server)
    expect(text).toContain('slackmcp_errors_total{code="NOT_FOUND",component="server"} 1')
    expect(text).toContain('slackmcp_errors_total{code="MCP_UNAUTHORIZED",component="mcp"} 1')
  })

  verifies(
    'S83',
    'shows what an autoscaler needs: requests in flight, their rate, queue depth and its bound',
    async () => {
      const text = await scrape(await start())
      for (const name of [
        'http_server_active_requests',
        'http_server_request_duration_seconds',
        'slackmcp_queue_depth',
        'slackmcp_queue_events_max',
        'process_cpu_seconds_total',
      ]) {
        expect(text).toContain(`# TYPE ${name} `)
      }
    },
  )
})

describe('logs and correlation', () => {
  const given = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff'

  verifies('S64', 'logs mcp_tool_executed with tool, seconds and correlation id', async () => {
    const server = await start({ mcpTransport: 'streamable-http' })
    await server.authorized('/call_tool', callTool('slack_read_emojis', {}), {
      headers: { 'x-correlation-id': given },
    })
    const [line, ...more] = server.log.named('mcp_tool_executed')
    expect(more).toEqual([])
    expect(line?.fields).toMatchObject({ tool_name: 'slack_read_emojis', correlation_id: given })
    expect(typeof line?.fields['execution_time']).toBe('number')
  })

  verifies(
    'S65',
    'carries the correlation id into log, answer header, error body and stored event',
    async () => {
      const server = await start({ mcpTransport: 'streamable-http' })
      const refused = await server.request('/nowhere', { headers: { 'x-correlation-id': given } })
      expect(refused.headers.get('x-correlation-id')).toBe(given)
      expect(await refused.json()).toMatchObject({ error: { correlation_id: given } })
      await server.event('Ev1', { type: 'message' })
      const [event] = await server.events.recent(1)
      expect(server.log.named('webhook_event_received')[0]?.fields['correlation_id']).toBe(
        event?.meta.correlationId,
      )
    },
  )

  verifies(
    'S98',
    'has one client, configuration, health, metrics, log, correlation and error shape for both halves',
    async () => {
      const server = await start({ mcpTransport: 'streamable-http' })
      await server.event('Ev1', { type: 'message' })
      await server.authorized('/call_tool', callTool('slack_read_emojis', {}))
      const events = new Set(server.log.lines.map(({ event }) => event))
      expect(events.has('webhook_event_received') && events.has('mcp_tool_executed')).toBe(true)
      const text = await (await server.request('/metrics')).text()
      expect(text).toContain('slackmcp_events_received_total{')
      expect(text).toContain('mcp_server_operation_duration_seconds_count{')
    },
  )
})
