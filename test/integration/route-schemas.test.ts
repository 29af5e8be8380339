import { afterEach, describe, expect } from 'bun:test'
import type { TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { unifiedErrorSchema } from '../../src/base/error-schema.ts'
import { AppError } from '../../src/base/errors.ts'
import { healthSchema, liveSchema, readySchema } from '../../src/http/operations-route.ts'
import { MemoryQueue, memoryLimitsDefault } from '../../src/queue/memory.ts'
import { signBody } from '../../src/slack/signature.ts'
import {
  commandBodySchema,
  eventBodySchema,
  interactionBodySchema,
  receiptSchema,
} from '../../src/webhook/route.ts'
import { type AppFixture, startApp } from '../support/app-fixture.ts'
import { signingSecret } from '../support/http-fixture.ts'
import { fakeQueueDeps } from '../support/queue-deps.ts'
import { verifies } from '../support/verifies.ts'

/** What the webhook and operations really take and answer is what their routes say; nobody checks it while they run. */

const running: AppFixture[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()))
})

class AwayQueue extends MemoryQueue {
  override ping(): Promise<never> {
    return Promise.reject(new AppError('QUEUE_UNAVAILABLE'))
  }
}

function awayQueue(): MemoryQueue {
  const deps = fakeQueueDeps()
  return new AwayQueue(memoryLimitsDefault, deps)
}

async function start(options: Parameters<typeof startApp>[0] = {}): Promise<AppFixture> {
  const server = await startApp(options)
  running.push(server)
  return server
}

function expectTo(schema: TSchema, value: unknown): void {
  expect([...Value.Errors(schema, value)].map(({ path, message }) => `${path}: ${message}`)).toEqual([])
}

function expectNotTo(schema: TSchema, value: unknown): void {
  expect(Value.Check(schema, value)).toBe(false)
}

describe('operations answer what their routes say', () => {
  const rows: readonly (readonly [path: string, schema: TSchema, statuses: readonly number[]])[] = [
    ['/health', healthSchema, [200, 503, 503]],
    ['/livez', liveSchema, [200, 200, 200]],
    ['/readyz', readySchema, [200, 200, 503]],
  ]
  for (const [path, schema, statuses] of rows) {
    verifies('S20', `${path}: running, without its queue, stopped`, async () => {
      const [good, away, stopped] = [await start(), await start({ queue: awayQueue() }), await start()]
      await stopped.stop()
      const answers = await Promise.all([good, away, stopped].map((server) => server.request(path)))
      expect(answers.map(({ status }) => status)).toEqual([...statuses])
      for (const answer of answers) expectTo(schema, await answer.json())
      // The schema itself lets nothing else through.
      expectNotTo(schema, { status: 'fine' })
      expectNotTo(schema, { status: 'ready', more: true })
    })
  }
})

describe('the webhook takes and answers what its routes say', () => {
  const post = (server: AppFixture, path: string, body: string) => {
    const timestamp = Math.floor(Date.now() / 1000)
    return server.request(path, {
      method: 'POST',
      body,
      headers: {
        'content-type': path === '/slack/events' ? 'application/json' : 'application/x-www-form-urlencoded',
        'x-slack-request-timestamp': String(timestamp),
        'x-slack-signature': signBody(signingSecret, timestamp, body),
      },
    })
  }

  verifies('S20', 'at /slack/events', async () => {
    const server = await start()
    for (const body of [
      '{"type":"url_verification","challenge":"abc","token":"t"}',
      '{"type":"event_callback","event_id":"Ev1","team_id":"T1","event":{"type":"message"}}',
      '{"type":"app_rate_limited","team_id":"T1","minute_rate_limited":1518467820}',
    ]) {
      expectTo(eventBodySchema, JSON.parse(body))
      const response = await post(server, '/slack/events', body)
      expect(response.status).toBe(200)
      expectTo(receiptSchema, await response.json())
    }
    for (const body of [[], 'text', {}, { type: 5 }]) {
      expectNotTo(eventBodySchema, body)
      expect((await post(server, '/slack/events', JSON.stringify(body))).status).toBe(400)
    }
  })

  const forms: readonly (readonly [path: string, schema: TSchema, body: string])[] = [
    ['/slack/commands', commandBodySchema, 'command=%2Fdeploy&text=now&team_id=T1&channel_id=C1&user_id=U1'],
    ['/slack/interactivity', interactionBodySchema, 'payload=%7B%22type%22%3A%22shortcut%22%7D'],
  ]
  for (const [path, schema, body] of forms) {
    verifies('S20', `at ${path}`, async () => {
      const server = await start()
      expectTo(schema, Object.fromEntries(new URLSearchParams(body)))
      const response = await post(server, path, body)
      expect([response.status, await response.text()]).toEqual([200, ''])
      const { paths } = (await (await server.request('/openapi.json')).json()) as {
        readonly paths: Readonly<Record<string, { readonly post: { readonly responses: object } }>>
      }
      const { responses = {} } = paths[path]?.post ?? {}
      expect(Object.keys(responses)).toEqual(['200', '400', '401', '413', '415', '503'])
      expect(responses).toMatchObject({ 200: { description: expect.stringContaining('empty') } })
      expectNotTo(schema, { text: 'now' })
      const refused = await post(server, path, 'text=now')
      expect(refused.status).toBe(400)
      expectTo(unifiedErrorSchema, await refused.json())
    })
  }
})
