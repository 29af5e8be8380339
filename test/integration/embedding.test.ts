import { afterEach, describe, expect, spyOn, test } from 'bun:test'
import { WebClient } from '@slack/web-api'
import { createIntegratedApp, type IntegratedApp } from '../../src/app.ts'
import { Secret } from '../../src/base/secret.ts'
import { MemoryQueue, memoryLimitsDefault } from '../../src/queue/memory.ts'
import { signBody } from '../../src/slack/signature.ts'
import { startApp } from '../support/app-fixture.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { signingSecret } from '../support/http-fixture.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { RecordingMetrics } from '../support/recording-metrics.ts'
import { sequentialIds } from '../support/sequential-ids.ts'
import { verifies } from '../support/verifies.ts'

/** The server as a library: what it does by itself, what it takes from its embedder, and what two of it know of each other. */

const running: IntegratedApp[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.stop()))
})

/** Imports a module with everything that is work replaced by a note of it, then says what was noted and what was left behind. */
const importing = `
  const done = []
  const note = (owner, name) => {
    owner[name] = () => { done.push(name); return new Proxy({}, { get: () => () => undefined }) }
  }
  for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'fetch', 'WebSocket']) note(globalThis, name)
  for (const name of ['serve', 'listen', 'connect', 'spawn', 'spawnSync', 'write', 'udpSocket']) note(Bun, name)
  for (const name of ['on', 'once', 'exit', 'chdir', 'kill']) note(process, name)
  for (const stream of ['stdout', 'stderr']) note(process[stream], 'write')
  const names = new Set(Reflect.ownKeys(globalThis))
  const environment = JSON.stringify(process.env)
  const library = await import(process.argv[1])
  for (const name of Reflect.ownKeys(globalThis)) if (!names.has(name)) done.push('global ' + String(name))
  if (JSON.stringify(process.env) !== environment) done.push('environment')
  require('node:fs').writeSync(1, JSON.stringify({ done, names: Object.keys(library).sort() }))
`

test('importing it does no work: no timer, socket, file, listener or global', async () => {
  const index = new URL('../../src/index.ts', import.meta.url).pathname
  const child = Bun.spawn([process.execPath, '-e', importing, index], {
    env: {},
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [text, problems] = await Promise.all([child.stdout.text(), child.stderr.text()])
  expect(problems).toBe('')
  // By itself: nothing that was begun keeps the process.
  expect(await child.exited).toBe(0)
  const { done, names } = JSON.parse(text) as Record<'done' | 'names', readonly string[]>
  // Zod, which comes with a dependency, finds its other copies by globals of its own.
  expect(done.filter((what) => !what.startsWith('global __zod'))).toEqual([])
  expect(names).toContain('createIntegratedApp')
})

/** Everything real, made up. */
function madeUp() {
  const clock = new FakeClock()
  const ids = sequentialIds()
  const log = new RecordingLogger()
  const asked: string[] = []
  const fetch = (url: string) => {
    asked.push(url)
    return Promise.resolve(Response.json({ ok: true, user_id: 'U1', team_id: 'T1', user: 'bot', team: 'x' }))
  }
  const queue = new MemoryQueue(memoryLimitsDefault, { clock, ids, log, metrics: new RecordingMetrics() })
  return { clock, ids, logger: log, fetch, queue, asked }
}

test('takes clock, ids, logger, queue and the way to Slack from its embedder, and uses no other', async () => {
  const { asked, ...given } = madeUp()
  const server = createIntegratedApp({
    ...given,
    token: 'xoxb-1',
    signingSecret,
    config: { slackApiUrl: 'http://127.0.0.1:1/api/' },
  })
  running.push(server)
  await server.start()
  await server.slack.identify()
  expect(asked).toEqual(['http://127.0.0.1:1/api/auth.test'])
  const body = '{"type":"event_callback","event_id":"Ev1","event":{"type":"message"}}'
  const timestamp = Math.floor(given.clock.now() / 1000)
  const taken = await server.app.handle(
    new Request('http://localhost/slack/events', {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'x-slack-request-timestamp': String(timestamp),
        'x-slack-signature': signBody(signingSecret, timestamp, body),
      },
    }),
  )
  // Signed years ago by any other clock.
  expect(taken.status).toBe(200)
  const [event, ...more] = await given.queue.recent('slack.events', 10)
  expect([event?.id, event?.meta.receivedAtMs, more]).toEqual(['Ev1', given.clock.now(), []])
  expect(event?.meta.correlationId).toMatch(/^00000000-0000-4000-8000-/)
  expect(given.logger.named('webhook_event_received')).toHaveLength(1)
  const health = await server.health()
  expect(health.timestamp).toBe(new Date(given.clock.now()).toISOString())
  await server.stop()
  expect(given.clock.timerCount).toBe(0)
})

describe('two in one process', () => {
  const initialize = {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
  }

  verifies(
    'S8',
    'know nothing of each other: events, ids, sessions, metrics, limits, log, Slack',
    async () => {
      const config = { limitsAddressFailuresPerMinute: 2, limitsPrincipalRequestsPerMinute: 3 }
      const [first, second] = [await startApp({ config }), await startApp({ config })]
      running.push(first, second)
      const ping = { jsonrpc: '2.0', id: 2, method: 'ping' }
      const session = (await first.authorized('/mcp', initialize)).headers.get('mcp-session-id') ?? ''
      const use = async (server: typeof first) =>
        (
          await server.authorized('/mcp', ping, {
            headers: { 'mcp-session-id': session, 'mcp-protocol-version': '2025-06-18' },
          })
        ).status
      expect([await use(first), await use(second)]).toEqual([200, 404])
      // The last of three in a minute for one, and two more for the other.
      expect([await use(first), await use(first), await use(second), await use(second)]).toEqual([
        200, 429, 404, 404,
      ])
      await first.event('Ev1', { type: 'app_mention', channel: 'C1' })
      await first.slack.identify()
      const seen = await (await second.request('/metrics')).text()
      expect(seen).not.toContain('event_type="app_mention"')
      expect(seen).not.toContain('scope="principal"} 1')
      expect(second.log.named('webhook_event_received')).toEqual([])
      expect(second.slack.identity()).not.toBe(first.slack.identity())
      expect((await second.events.recent(10)).length).toBe(0)
      // The same event at the other is no duplicate.
      await second.event('Ev1', { type: 'app_mention', channel: 'C1' })
      expect(second.log.named('webhook_event_received').map(({ fields }) => fields['outcome'])).toEqual([
        'stored',
      ])
      const metrics = await (await second.request('/metrics')).text()
      expect(metrics).toContain(
        'slackmcp_events_received_total{event_type="app_mention",outcome="accepted"} 1',
      )
    },
  )
})

verifies(
  'S22',
  'one client of web-api carries all calls of a token, and another one those of the other',
  async () => {
    const clients = new Set<WebClient>()
    const original = WebClient.prototype.apiCall
    const seen = spyOn(WebClient.prototype, 'apiCall').mockImplementation(function (
      this: WebClient,
      ...args: Parameters<WebClient['apiCall']>
    ) {
      clients.add(this)
      return original.apply(this, args)
    })
    try {
      const { clock: _, asked, queue: _queue, ids, ...given } = madeUp()
      const server = createIntegratedApp({
        ...given,
        ids,
        token: 'xoxb-1',
        signingSecret,
        config: { slackApiUrl: 'http://127.0.0.1:1/api/', slackUserToken: new Secret('xoxp-1') },
      })
      running.push(server)
      await server.start()
      await Promise.all(
        ['team.info', 'emoji.list', 'users.list'].map((method) => server.slack.call(method, {})),
      )
      expect(clients.size).toBe(1)
      await server.slack.call('search.messages', {}, { token: 'user' })
      await server.slack.call('search.messages', {}, { token: 'user' })
      expect(clients.size).toBe(2)
      expect(asked.length).toBeGreaterThanOrEqual(5)
    } finally {
      seen.mockRestore()
    }
  },
)
