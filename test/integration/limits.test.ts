import { afterEach, describe, expect, test } from 'bun:test'
import { createIntegratedApp } from '../../src/app.ts'
import type { IntegratedAppOptions } from '../../src/app-options.ts'
import { listen } from '../../src/cli/listen.ts'
import { MemoryQueue, memoryLimitsDefault } from '../../src/queue/memory.ts'
import { signBody } from '../../src/slack/signature.ts'
import { type AppFixture, startApp } from '../support/app-fixture.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { signingSecret } from '../support/http-fixture.ts'
import { fakeQueueDeps } from '../support/queue-deps.ts'
import { verifies } from '../support/verifies.ts'

const running: AppFixture[] = []

async function serve(options?: IntegratedAppOptions) {
  // Time stands still: on a starved machine a bucket would fill again between two requests. Events are signed by the real time of day.
  const server = await startApp({ clock: new FakeClock(Date.now()), ...options })
  running.push(server)
  const { url } = listen(server.app, { host: '127.0.0.1', port: 0 })
  return { server, url }
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()))
})

const adminToken = 'admin-'.repeat(8)

const list = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'

function post(url: string, bearer: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/mcp`, {
    method: 'POST',
    body: list,
    headers: {
      authorization: `Bearer ${bearer}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
  })
}

describe('limits', () => {
  verifies(
    'S91',
    'slow down whoever guesses tokens, and nobody with a valid one at the same address',
    async () => {
      const { server, url } = await serve({
        config: { limitsAddressFailuresPerMinute: 5, mcpSessions: 'stateless' },
      })
      const statuses: number[] = []
      for (let count = 1; count <= 7; count++) statuses.push((await post(url, 'x'.repeat(43))).status)
      expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429])
      const refused = await post(url, 'x'.repeat(43))
      expect(refused.headers.get('retry-after')).not.toBeNull()
      expect((await post(url, server.bearer)).status).toBe(200)
    },
  )

  verifies('admin:auth', 'slow down whoever guesses the admin token, and nobody who has it', async () => {
    for (const adminPort of [undefined, 0]) {
      const server = await startApp({ config: { limitsAddressFailuresPerMinute: 3, adminToken, adminPort } })
      running.push(server)
      const { url } = listen(server.admin ?? server.app, { host: '127.0.0.1', port: 0 })
      const ask = (headers: Record<string, string>) => fetch(`${url}/admin/events/stats`, { headers })
      const guess = { authorization: `Bearer ${'x'.repeat(43)}` }
      const statuses: number[] = []
      for (const headers of [guess, {}, guess, guess, {}]) statuses.push((await ask(headers)).status)
      expect(statuses).toEqual([401, 401, 401, 429, 429])
      const refused = await ask(guess)
      expect(refused.headers.get('retry-after')).toMatch(/^[1-9][0-9]*$/)
      expect(await refused.json()).toMatchObject({
        error: { code: 'ADMIN_RATE_LIMITED', component: 'server', details: { scope: 'address' } },
      })
      expect((await ask({ authorization: `Bearer ${adminToken}` })).status).toBe(200)
    }
  })

  test('one principal may send so many requests', async () => {
    const { server, url } = await serve({
      config: { limitsPrincipalRequestsPerMinute: 3, mcpSessions: 'stateless' },
    })
    const statuses: number[] = []
    for (let count = 1; count <= 4; count++) statuses.push((await post(url, server.bearer)).status)
    expect(statuses).toEqual([200, 200, 200, 429])
  })

  verifies('S87', 'believe a forwarded address only from a configured proxy', async () => {
    const config = { limitsAddressFailuresPerMinute: 2 }
    const believing = await serve({ config: { ...config, serverTrustedProxies: ['127.0.0.1'] } })
    const doubting = await serve({ config })
    const statusesOf = async (url: string) => {
      const statuses: number[] = []
      for (let count = 1; count <= 4; count++) {
        statuses.push((await post(url, 'x'.repeat(43), { 'x-forwarded-for': `203.0.113.${count}` })).status)
      }
      return statuses
    }
    expect(await statusesOf(believing.url)).toEqual([401, 401, 401, 401])
    expect(await statusesOf(doubting.url)).toEqual([401, 401, 429, 429])
  })

  verifies(
    'S92',
    'end with a signed event still taken: refused requests cost little and are not counted against Slack',
    async () => {
      const { server, url } = await serve({ config: { limitsAddressFailuresPerMinute: 2 } })
      const forged = await Promise.all(
        Array.from({ length: 200 }, () =>
          fetch(`${url}/slack/events`, {
            method: 'POST',
            body: '{}',
            headers: {
              'content-type': 'application/json',
              'x-slack-request-timestamp': String(Math.floor(Date.now() / 1000)),
              'x-slack-signature': `v0=${'0'.repeat(64)}`,
            },
          }),
        ),
      )
      expect(new Set(forged.map(({ status }) => status))).toEqual(new Set([401]))
      expect((await server.event('Ev1', { type: 'message' })).status).toBe(200)
    },
  )
})

describe('what an embedder hands in', () => {
  verifies('S109', 'any queue driver takes the place of a named one', async () => {
    const deps = fakeQueueDeps()
    const queue = new MemoryQueue(memoryLimitsDefault, deps)
    const server = await startApp({ queue })
    running.push(server)
    await server.event('Ev1', { type: 'message', channel: 'C1' })
    expect((await queue.recent('slack.events', 1)).map(({ id }) => id)).toEqual(['Ev1'])
  })

  verifies(
    'S111',
    'the Slack client can be given another token while it runs, and none is kept globally',
    async () => {
      const server = await startApp()
      running.push(server)
      await server.slack.identify()
      const other = createIntegratedApp({ token: 'xoxb-other', signingSecret })
      expect(other.slack).not.toBe(server.slack)
      expect(other.slack.identity()).toBeUndefined()
      await other.stop()
    },
  )
})

verifies('S86', 'the webhook verifies raw bytes within five minutes', async () => {
  const server = await startApp()
  running.push(server)
  const send = (body: string, sentBody: string, ageSeconds = 0) => {
    const timestamp = Math.floor(Date.now() / 1000) - ageSeconds
    return server.request('/slack/events', {
      method: 'POST',
      body: sentBody,
      headers: {
        'content-type': 'application/json',
        'x-slack-request-timestamp': String(timestamp),
        'x-slack-signature': signBody(signingSecret, timestamp, body),
      },
    })
  }
  const body = '{"type":"event_callback","event_id":"Ev1","event":{"type":"message"}}'
  expect((await send(body, body)).status).toBe(200)
  expect((await send(body, body.replace('"type":"message"', '"type" :"message"'))).status).toBe(401)
  expect((await send(body, body, 310)).status).toBe(401)
})
