import { afterEach, expect } from 'bun:test'
import { Secret } from '../../src/base/secret.ts'
import { acceptedAdminTokens } from '../../src/config/accepted-tokens.ts'
import type { QueueBackend } from '../../src/queue/driver.ts'
import { MemoryQueue, memoryLimitsDefault } from '../../src/queue/memory.ts'
import { signBody } from '../../src/slack/signature.ts'
import { type AppFixture, startApp } from '../support/app-fixture.ts'
import { signingSecret } from '../support/http-fixture.ts'
import { fakeQueueDeps } from '../support/queue-deps.ts'
import { verifies } from '../support/verifies.ts'

/** What callers see of a defect behind each route: nothing of it (T2). */

const running: AppFixture[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()))
})

/** All that must not get out: words, markup, a file, a token. */
const fault = new TypeError('canary-words <html> at read (/srv/canary/src/queue/redis.ts:12:3) xoxb-1-canary')

/** What a queue does while it runs, as far as it may fail. */
const operations = [
  'publish',
  'ping',
  'depth',
  'groups',
  'removeGroup',
  'deadLetters',
  'deadLetterPage',
  'replayDeadLetter',
  'removeDeadLetter',
  'recent',
  'find',
  'purge',
] as const satisfies readonly (keyof QueueBackend)[]

function brokenQueue(): QueueBackend {
  const deps = fakeQueueDeps()
  const broken = Object.fromEntries(operations.map((name) => [name, () => Promise.reject(fault)]))
  return Object.assign(new MemoryQueue(memoryLimitsDefault, deps), broken)
}

const [admin] = acceptedAdminTokens({
  adminToken: undefined,
  slackSigningSecret: [new Secret(signingSecret)],
  slackBotToken: undefined,
})

function signed(type: string, body: string): RequestInit {
  const timestamp = Math.floor(Date.now() / 1000)
  return {
    method: 'POST',
    body,
    headers: {
      'content-type': type,
      'x-slack-request-timestamp': String(timestamp),
      'x-slack-signature': signBody(signingSecret, timestamp, body),
    },
  }
}

const form = 'application/x-www-form-urlencoded'
const json = (body: unknown): RequestInit => ({ method: 'POST', body: JSON.stringify(body) })

/** A request that the route takes, where a bare one is refused at its door. */
const proper: Readonly<Record<string, { readonly query?: string; readonly init?: () => RequestInit }>> = {
  'POST /slack/events': {
    init: () =>
      signed('application/json', '{"type":"event_callback","event_id":"Ev1","event":{"type":"message"}}'),
  },
  'POST /slack/commands': { init: () => signed(form, 'command=%2Fdeploy') },
  'POST /slack/interactivity': { init: () => signed(form, 'payload=%7B%22type%22%3A%22shortcut%22%7D') },
  'GET /admin/events/event': { query: '?id=Ev1' },
  'DELETE /admin/events/groups': { query: '?group=billing' },
  'POST /admin/events/dead/replay': { init: () => json({ all: true, dry_run: false }) },
  'POST /admin/events/dead/purge': { init: () => json({ all: true, dry_run: false }) },
  'POST /admin/events/purge': { init: () => json({ before: '2030-01-01T00:00:00Z', dry_run: false }) },
  'POST /admin/events/consume': { query: '?group=billing' },
  'POST /call_tool': { init: () => json({ name: 'slack_read_emojis', arguments: {} }) },
  'POST /read_resource': { init: () => json({ uri: 'slack://emojis' }) },
  'POST /get_prompt': { init: () => json({ name: 'slack_post_message_usage' }) },
}

/** The answers of all routes, each asked by who may ask. */
async function answersOf(server: AppFixture) {
  const routes = server.app.routes.filter(({ method }) => method !== 'ALL')
  return await Promise.all(
    routes.map(async ({ method, path }) => {
      const route = `${method} ${path}`
      const { query = '', init = () => (method === 'POST' ? json({}) : { method }) } = proper[route] ?? {}
      const { headers, ...rest } = init()
      const token = path.startsWith('/admin/') ? admin?.reveal() : server.bearer
      const response = await server.request(`${path}${query}`, {
        ...rest,
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          ...headers,
        },
      })
      const type = response.headers.get('content-type') ?? ''
      const isStream = /event-stream|ndjson/.test(type)
      if (isStream) await response.body?.cancel()
      const text = isStream ? '' : await response.text()
      return { route, status: response.status, type, text }
    }),
  )
}

for (const mcpTransport of ['sse', 'streamable-http']) {
  verifies('http:error:unified', `no route of ${mcpTransport} mode shows what broke behind it`, async () => {
    const server = await startApp({
      mcpTransport,
      retry: 0,
      queue: brokenQueue(),
      fetch: () => Promise.reject(fault),
    })
    running.push(server)
    const answers = await answersOf(server)
    expect(answers.length).toBeGreaterThan(20)
    for (const { route, status, type, text } of answers) {
      expect([route, text]).toEqual([route, expect.not.stringMatching(/canary|\bat \/|TypeError|stack/i)])
      // Health says what is wrong in a form of its own.
      if (status < 400 || route === 'GET /health') continue
      expect([route, type]).toEqual([route, expect.stringMatching(/^application\/json/)])
      expect([route, text.length <= 2048, text]).toEqual([
        route,
        true,
        expect.not.stringMatching(/<html|\.ts:/),
      ])
      expect([route, text]).toEqual([route, expect.stringContaining('"correlation_id":"')])
    }
    const broken = answers.filter(({ status }) => status >= 500).map(({ route }) => route)
    // Where nothing breaks, nothing is shown either: these stand on the queue or on Slack.
    expect(broken).toEqual(
      expect.arrayContaining([
        'POST /slack/events',
        'POST /slack/commands',
        'POST /slack/interactivity',
        'GET /admin/events',
        'GET /admin/events/event',
        'GET /admin/events/stats',
        'POST /admin/events/purge',
        'GET /health',
      ]),
    )
  })
}
