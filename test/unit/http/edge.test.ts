import { describe, expect, test } from 'bun:test'
import { Elysia } from 'elysia'
import { AppError } from '../../../src/base/errors.ts'
import { requestsActiveMax } from '../../../src/http/edge.ts'
import { parseRequestLine } from '../../../src/http/request-line.ts'
import { createHttpApp } from '../../../src/http/server.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { RecordingMetrics } from '../../support/recording-metrics.ts'
import { sequentialIds } from '../../support/sequential-ids.ts'
import { verifies } from '../../support/verifies.ts'

function fixture() {
  const log = new RecordingLogger()
  const metrics = new RecordingMetrics()
  const { app, contexts } = createHttpApp({
    clock: new FakeClock(),
    ids: sequentialIds(),
    log,
    metrics,
    componentOf: () => 'server',
    routes: () => [
      new Elysia({ name: 'probe', strictPath: true })
        .get('/good', ({ request }) => new Response(contexts.of(request).correlationId))
        .get('/throws', () => {
          throw new Error('secret inside')
        })
        .get('/refuses', () => {
          throw new AppError('OVERLOADED', { cause: new Error('inner') })
        })
        .get('/no-response', () => Promise.reject('text')),
    ],
  })
  const get = (path: string, headers: Record<string, string> = {}) =>
    app.handle(new Request(`http://localhost${path}`, { headers }))
  return { app, get, log, metrics }
}

describe('the edge', () => {
  verifies(
    'http:edge:correlation',
    'takes over a UUID as correlation id and makes its own otherwise',
    async () => {
      const { get } = fixture()
      const given = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff'
      expect(await (await get('/good', { 'x-correlation-id': given })).text()).toBe(given)
      expect((await get('/good', { 'x-correlation-id': given })).headers.get('x-correlation-id')).toBe(given)
      const own = await get('/good', { 'x-correlation-id': 'order-4711-abc' })
      expect(own.headers.get('x-correlation-id')).toMatch(/^00000000-0000-4000-8000-/)
    },
  )

  verifies('S70', 'puts the logged correlation id into the error body', async () => {
    const { get, log } = fixture()
    const response = await get('/throws')
    const { error } = (await response.json()) as { error: { correlation_id: string } }
    expect(error.correlation_id).toBe('00000000-0000-4000-8000-000000000001')
    expect(log.named('http_request_failed')[0]?.fields['correlation_id']).toBe(error.correlation_id)
    expect(response.headers.get('x-correlation-id')).toBe(error.correlation_id)
  })

  verifies('http:error:unified', 'shows nothing of what was thrown', async () => {
    const { get, log } = fixture()
    const response = await get('/throws')
    expect(response.status).toBe(500)
    expect(response.headers.get('content-type')).toStartWith('application/json')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(await response.json()).toEqual({
      error: {
        code: 'INTERNAL',
        message: 'Something went wrong inside the server. The log has it under the correlation id.',
        component: 'server',
        details: {},
        correlation_id: '00000000-0000-4000-8000-000000000001',
      },
    })
    expect(log.named('http_request_failed')[0]?.fields['error']).toEqual(new Error('secret inside'))
    expect((await get('/no-response')).status).toBe(500)
    expect((await get('/nowhere')).status).toBe(404)
    expect((await get('/refuses')).headers.get('connection')).toBe('close')
  })

  verifies('S57', 'measures every answer by route, method and status', async () => {
    const { get, metrics } = fixture()
    await get('/good')
    await get('/nowhere')
    await get('/good', { host: 'a, b' })
    const measured = metrics.records
      .filter(({ name }) => name === 'http_server_request_duration_seconds')
      .map(({ labels }) => labels)
    expect(measured).toEqual([
      { http_request_method: 'GET', http_route: '/good', http_response_status_code: '200', error_type: '' },
      {
        http_request_method: 'GET',
        http_route: '/nowhere',
        http_response_status_code: '404',
        error_type: '404',
      },
      {
        http_request_method: 'GET',
        http_route: '_other',
        http_response_status_code: '400',
        error_type: '400',
      },
    ])
    expect(metrics.records.filter(({ name }) => name === 'http_server_active_requests').at(-1)?.value).toBe(0)
  })

  verifies(
    'http:edge:requests-max',
    'sends away what comes while so many requests are being answered',
    async () => {
      const { app, get, metrics } = fixture()
      const { promise: released, resolve: release } = Promise.withResolvers<void>()
      app.get('/slow', async () => {
        await released
        return new Response('done')
      })
      const waiting = Array.from({ length: requestsActiveMax }, () => get('/slow'))
      const refused = await get('/good')
      expect([refused.status, refused.headers.get('connection')]).toEqual([503, 'close'])
      expect(metrics.sum('slackmcp_rate_limiter_rejected_total', { scope: 'requests' })).toBe(1)
      release()
      expect(new Set((await Promise.all(waiting)).map(({ status }) => status))).toEqual(new Set([200]))
      expect((await get('/good')).status).toBe(200)
    },
  )

  test('routes that an embedder adds later stand behind the edge too', async () => {
    const { app, get } = fixture()
    app.get('/mine', () => 'mine')
    expect(await (await get('/mine')).text()).toBe('mine')
    expect((await get('/mine')).headers.get('x-correlation-id')).not.toBeNull()
    expect(
      (await app.handle(new Request('http://localhost/mine', { method: 'DELETE' }))).headers.get('allow'),
    ).toBe('GET, HEAD')
  })
})

describe('the request line', () => {
  const lineOf = (url: string, headers: Record<string, string>) =>
    parseRequestLine({ url, headers: new Headers(headers), method: 'GET' } as Request)

  for (const [host, isGood] of [
    ['abcd', true],
    ['abc', false],
    ['a', false],
    ['abc:1', true],
    ['example.com', true],
    ['example.com.', true],
    ['Example.COM:3000', true],
    ['127.0.0.1:3000', true],
    ['[::1]:3000', true],
    ['my_service', true],
    ['abcd:99999999', false],
    ['abcd:', false],
    ['-abc.com', false],
    ['a b.com', false],
    ['user@abcd', false],
    ['abcd/metrics', false],
    ['abcd?x', false],
    ['abcd, efgh', false],
    ['', false],
    [`${'a'.repeat(253)}:65535`, true],
    ['a'.repeat(260), false],
  ] as const) {
    verifies(
      'http:edge:host',
      `${isGood ? 'takes' : 'refuses'} the Host ${JSON.stringify(host.slice(0, 40))}`,
      () => {
        expect(lineOf(`http://${host.toLowerCase()}/health`, { host }) !== undefined).toBe(isGood)
      },
    )
  }

  verifies(
    'http:edge:host',
    'refuses a Host that is not the one in the URL, and a request with neither',
    () => {
      expect(lineOf('http://a/health', { host: 'a, bcde' })).toBeUndefined()
      expect(lineOf('http://good.example/x', { host: 'evil.example' })).toBeUndefined()
      expect(lineOf('/slack/xxxx/metrics', {})).toBeUndefined()
      expect(lineOf('http://good.example/x', { host: 'good.example:80' })).toEqual({
        host: 'good.example:80',
        path: '/x',
      })
    },
  )

  verifies('http:edge:path', 'sees the path as sent, without the query; a fragment is refused', () => {
    const pathOf = (target: string) => lineOf(`http://localhost${target}`, { host: 'localhost' })?.path
    expect(['/a?b=/c', '//x', '/a/'].map(pathOf)).toEqual(['/a', '//x', '/a/'])
    expect(['/a#b', '/a?b#c', '/a#b?c'].map(pathOf)).toEqual([undefined, undefined, undefined])
  })

  test('a doubled or signed length and more than 100 headers are refused', () => {
    const withHeaders = (headers: Record<string, string>) =>
      lineOf('http://localhost/x', { host: 'localhost', ...headers })
    expect(withHeaders({ 'content-length': '5' })).toBeDefined()
    for (const length of ['5, 5', '-5', '+5', '0x5', '1e3', '']) {
      expect(withHeaders({ 'content-length': length })).toBeUndefined()
    }
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, '1']))
    expect(withHeaders(many(99))).toBeDefined()
    expect(withHeaders(many(100))).toBeUndefined()
  })
})
