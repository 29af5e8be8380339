import { describe, expect, test } from 'bun:test'
import { BodyBudget } from '../../../src/base/body.ts'
import { webhookBodyBytesMax } from '../../../src/webhook/receive.ts'
import { createWebhookFixture, queueUnavailable } from '../../support/http-fixture.ts'
import type { RecordingMetrics } from '../../support/recording-metrics.ts'
import { verifies } from '../../support/verifies.ts'

const message = {
  type: 'event_callback',
  event_id: 'Ev1',
  team_id: 'T1',
  event_time: 1_699_999_998,
  event: { type: 'message', channel: 'C1', user: 'U1', ts: '1699999998.000100', text: 'hello' },
}

const errorBody = (code: string, message: string, details: object = {}) => ({
  error: {
    code,
    message,
    component: 'webhook',
    details,
    correlation_id: '00000000-0000-4000-8000-000000000001',
  },
})

describe('receiving', () => {
  verifies('webhook:answer:handshake', 'answers a signed url_verification and stores nothing', async () => {
    const { post, queue, metrics } = createWebhookFixture()
    const response = await post('{"type":"url_verification","challenge":"abc123","token":"t"}')
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ challenge: 'abc123' })
    expect(queue.events).toEqual([])
    expect(metrics.sum('slackmcp_events_received_total', { outcome: 'handshake' })).toBe(1)
  })

  verifies(
    'webhook:answer:stored',
    'stores the exact bytes with what is known about them, then answers ok',
    async () => {
      const { post, queue, notices, clock } = createWebhookFixture()
      const body = `${JSON.stringify(message)}   `
      const response = await post(body, {
        headers: { 'x-correlation-id': '6F9619FF-8B86-4D01-B42D-00CF4FC964FF' },
      })
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual({ status: 'ok' })
      expect(queue.events).toEqual([
        {
          id: 'Ev1',
          topic: 'slack.events',
          key: 'C1',
          bytes: new TextEncoder().encode(body),
          meta: {
            eventId: 'Ev1',
            type: 'message',
            teamId: 'T1',
            channelId: 'C1',
            receivedAtMs: clock.now(),
            correlationId: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
            source: 'events',
            retryNum: 0,
          },
        },
      ])
      expect(notices.map(({ eventId, channelId, ts }) => ({ eventId, channelId, ts }))).toEqual([
        { eventId: 'Ev1', channelId: 'C1', ts: '1699999998.000100' },
      ])
    },
  )

  verifies('S63', 'logs webhook_event_received with type, team and correlation id', async () => {
    const { post, log } = createWebhookFixture()
    await post(JSON.stringify(message))
    expect(log.named('webhook_event_received')).toMatchObject([
      {
        level: 'info',
        fields: {
          event_type: 'message',
          team_id: 'T1',
          correlation_id: '00000000-0000-4000-8000-000000000001',
          outcome: 'stored',
        },
      },
    ])
    expect(JSON.stringify(log.lines)).not.toContain('hello')
  })

  verifies(
    'webhook:dedupe:retry-header',
    'stores a first copy that carries retry headers, and each id once',
    async () => {
      const { post, queue, metrics, notices } = createWebhookFixture()
      const retry = { headers: { 'x-slack-retry-num': '2', 'x-slack-retry-reason': 'http_timeout' } }
      expect((await post(JSON.stringify(message), retry)).status).toBe(200)
      expect((await post(JSON.stringify(message))).status).toBe(200)
      expect((await post(JSON.stringify(message), retry)).status).toBe(200)
      expect(queue.events.map(({ id, meta }) => ({ id, retryNum: meta.retryNum }))).toEqual([
        { id: 'Ev1', retryNum: 2 },
      ])
      expect(notices).toHaveLength(1)
      expect(metrics.sum('slackmcp_events_received_total', { outcome: 'duplicate' })).toBe(2)
      expect(metrics.sum('slackmcp_event_retries_total', { reason: 'http_timeout' })).toBe(2)
    },
  )

  test('types that nobody knows, app_rate_limited and events without a channel are stored like any other', async () => {
    const { post, queue } = createWebhookFixture()
    for (const body of [
      '{"type":"app_rate_limited","team_id":"T1","minute_rate_limited":1518467820}',
      '{"type":"event_callback","event_id":"Ev2","team_id":"T1","event":{"type":"invented_tomorrow"}}',
      '{"type":"something_new"}',
    ]) {
      expect((await post(body)).status).toBe(200)
    }
    expect(queue.events.map(({ key, meta }) => `${meta.type} ${key}`)).toEqual([
      'app_rate_limited T1',
      'invented_tomorrow T1',
      'something_new ',
    ])
  })

  verifies('webhook:answer:queue', 'asks Slack to come again while the queue cannot store', async () => {
    const { post, queue, notices, metrics } = createWebhookFixture()
    queue.failure = queueUnavailable
    const response = await post(JSON.stringify(message))
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    expect(await response.json()).toEqual(
      errorBody(
        'QUEUE_UNAVAILABLE',
        'The event could not be stored. It was not acknowledged, so Slack sends it again.',
        { backend: 'recording' },
      ),
    )
    expect(notices).toEqual([])
    expect(metrics.sum('slackmcp_events_received_total', { outcome: 'queue_failed' })).toBe(1)
    queue.failure = undefined
    expect((await post(JSON.stringify(message))).status).toBe(200)
    expect(queue.events).toHaveLength(1)
  })
})

describe('refusing', () => {
  const refusals: readonly (readonly [
    string,
    Parameters<ReturnType<typeof createWebhookFixture>['post']>[1],
  ])[] = [
    ['another secret', { secret: 'forger' }],
    ['a stale timestamp', { ageSeconds: 301 }],
    ['a timestamp of the future', { ageSeconds: -301 }],
    ['no signature', { headers: { 'x-slack-signature': '' } }],
    ['two signatures', { headers: { 'x-slack-signature': `v0=${'a'.repeat(64)}, v0=${'a'.repeat(64)}` } }],
    ['a timestamp that is no number', { headers: { 'x-slack-request-timestamp': '1e9' } }],
  ]
  for (const [name, options] of refusals) {
    verifies('webhook:answer:unauthorized', `answers the one 401 to ${name}`, async () => {
      const { post, queue } = createWebhookFixture()
      const response = await post(JSON.stringify(message), options)
      expect(response.status).toBe(401)
      expect(await response.json()).toEqual(
        errorBody('WEBHOOK_UNAUTHORIZED', 'The request is not signed by Slack for this app.'),
      )
      expect(queue.events).toEqual([])
    })
  }

  for (const [type, encoding, status] of [
    ['application/json', undefined, 200],
    ['Application/JSON; charset=utf-8', undefined, 200],
    ['text/plain', undefined, 415],
    ['application/jsonp', undefined, 415],
    ['application/x-www-form-urlencoded', undefined, 415],
    ['application/json', 'gzip', 415],
    ['application/json', 'identity', 415],
  ] as const) {
    verifies(
      'webhook:body:media-type',
      `answers ${status} to ${type} with encoding ${encoding}`,
      async () => {
        const { post } = createWebhookFixture()
        const headers: Record<string, string> = { 'content-type': type }
        if (encoding !== undefined) headers['content-encoding'] = encoding
        expect((await post(JSON.stringify(message), { headers })).status).toBe(status)
      },
    )
  }

  verifies('webhook:body:json', 'answers 400 to signed bodies that are no envelope', async () => {
    const { post, queue } = createWebhookFixture()
    for (const body of [
      '',
      '[]',
      'not json',
      '{"no":"type"}',
      `{"type":"x","a":${'['.repeat(70)}${']'.repeat(70)}}`,
    ]) {
      expect((await post(body)).status).toBe(400)
    }
    expect((await post(new Uint8Array([0x7b, 0xff, 0x7d]))).status).toBe(400)
    expect(queue.events).toEqual([])
  })

  verifies('webhook:body:size', 'takes a body of exactly 1 MiB and refuses one byte more', async () => {
    const { post, queue } = createWebhookFixture()
    const sized = (byteCount: number) => `{"type":"x","pad":"${'p'.repeat(byteCount - 21)}"}`
    expect(webhookBodyBytesMax).toBe(1_048_576)
    expect(sized(webhookBodyBytesMax)).toHaveLength(1_048_576)
    expect((await post(sized(webhookBodyBytesMax - 1))).status).toBe(200)
    expect((await post(sized(webhookBodyBytesMax))).status).toBe(200)
    expect((await post(sized(webhookBodyBytesMax + 1))).status).toBe(413)
    expect(queue.events).toHaveLength(2)
  })

  verifies('http:body:budget', 'answers 503 and closes while too many bytes are unfinished', async () => {
    const budget = new BodyBudget(1000)
    const { post, metrics } = createWebhookFixture({ bodyLimits: { bytesMax: webhookBodyBytesMax, budget } })
    expect(budget.reserve(900)).toBe(true)
    const response = await post(JSON.stringify(message))
    expect(response.status).toBe(503)
    expect(response.headers.get('connection')).toBe('close')
    expect(metrics.sum('slackmcp_rate_limiter_rejected_total', { scope: 'body_budget' })).toBe(1)
    budget.release(900)
    expect((await post(JSON.stringify(message))).status).toBe(200)
    expect(budget.bytesHeld).toBe(0)
  })

  verifies('webhook:answer:method', 'answers 405 with Allow to every other method', async () => {
    const { app } = createWebhookFixture()
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const response = await app.handle(new Request('http://localhost/slack/events', { method }))
      expect(response.status).toBe(405)
      expect(response.headers.get('allow')).toBe('POST')
    }
  })
})

describe('advice about the signing secret', () => {
  verifies(
    'webhook:advice:secret',
    'names the variable once after five mismatches and no valid signature',
    async () => {
      const { post, log } = createWebhookFixture()
      for (let count = 1; count <= 4; count++) await post('{}', { secret: 'wrong' })
      expect(log.named('webhook_signing_secret_suspected')).toEqual([])
      await post('{}', { secret: 'wrong' })
      expect(log.named('webhook_signing_secret_suspected')).toHaveLength(1)
      for (let count = 6; count <= 9; count++) await post('{}', { secret: 'wrong' })
      expect(log.named('webhook_signing_secret_suspected')).toHaveLength(1)
      expect(log.named('webhook_signing_secret_suspected')[0]?.fields).toMatchObject({
        variable: 'SLACK_SIGNING_SECRET',
      })
    },
  )

  test('says nothing once a signature was valid, and counts no malformed header', async () => {
    const { post, log } = createWebhookFixture()
    for (let count = 1; count <= 9; count++)
      await post('{}', { headers: { 'x-slack-signature': 'v0=short' } })
    await post(JSON.stringify(message))
    for (let count = 1; count <= 9; count++) await post('{}', { secret: 'wrong' })
    expect(log.named('webhook_signing_secret_suspected')).toEqual([])
  })
})

describe('why requests are refused', () => {
  test('is logged at once, then at most once a minute per reason with their number', async () => {
    const { post, log, clock } = createWebhookFixture()
    const lines = () => log.named('webhook_requests_refused').map(({ level, fields }) => ({ level, fields }))
    const line = (reason: string, refused: number) => ({ level: 'warn', fields: { reason, refused } })
    await post('{}', { secret: 'wrong' })
    await post('{}', { ageSeconds: 301 })
    expect(lines()).toMatchObject([line('mismatch', 1), line('stale', 1)])
    await post('{}', { secret: 'wrong' })
    await clock.advance(59_999)
    await post('{}', { secret: 'wrong' })
    expect(lines()).toHaveLength(2)
    await clock.advance(1)
    await post('{}', { secret: 'wrong' })
    expect(lines().slice(2)).toMatchObject([line('mismatch', 3)])
    await clock.advance(60_000)
    await post('{}', { secret: 'wrong' })
    expect(lines().slice(3)).toMatchObject([line('mismatch', 1)])
    expect(lines()).toHaveLength(4)
  })
})

describe('F18: a clock that is off', () => {
  const skews = (metrics: RecordingMetrics) =>
    metrics.records.filter(({ name }) => name === 'slackmcp_clock_skew_seconds').map(({ value }) => value)

  verifies(
    'webhook:clock-skew',
    'is measured by the requests that Slack signed and by no other',
    async () => {
      const { post, metrics } = createWebhookFixture()
      await post(JSON.stringify(message), { ageSeconds: 2 })
      await post(JSON.stringify(message), { ageSeconds: -300 })
      await post('{}', { ageSeconds: 200, secret: 'wrong' })
      await post('{}', { ageSeconds: 301 })
      await post('{}', { headers: { 'x-slack-signature': 'v0=short' } })
      expect(skews(metrics)).toEqual([2, -300])
    },
  )

  for (const sign of [1, -1]) {
    verifies('webhook:clock-skew', `is named from 61 seconds on, once an hour: ${sign}`, async () => {
      const { post, log, clock } = createWebhookFixture()
      const lines = () =>
        log.named('webhook_clock_skewed').map(({ level, fields }) => [level, fields['seconds_ahead']])
      await post('{}', { ageSeconds: 60 * sign })
      expect(lines()).toEqual([])
      await post('{}', { ageSeconds: 61 * sign })
      await clock.advance(3_599_999)
      await post('{}', { ageSeconds: 299 * sign })
      expect(lines()).toEqual([['warn', 61 * sign]])
      await clock.advance(1)
      await post('{}', { ageSeconds: 62 * sign })
      expect(lines()).toEqual([
        ['warn', 61 * sign],
        ['warn', 62 * sign],
      ])
    })
  }
})
