import { afterEach, describe, expect, test } from 'bun:test'
import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { IntegratedAppOptions } from '../../src/app-options.ts'
import { createSystemClock } from '../../src/base/clock.ts'
import type { UnifiedError } from '../../src/base/errors.ts'
import { Secret } from '../../src/base/secret.ts'
import { deriveTokens } from '../../src/config/derived-token.ts'
import {
  deadOutcomeSchema,
  eventSchema,
  groupsSchema,
  lettersSchema,
  listSchema,
  purgeOutcomeSchema,
  removedSchema,
  settledSchema,
  statsSchema,
} from '../../src/events/admin-schemas.ts'
import { type AppFixture, startApp } from '../support/app-fixture.ts'
import { signingSecret } from '../support/http-fixture.ts'
import { LineReader } from '../support/line-reader.ts'
import { verifies } from '../support/verifies.ts'

const [derived] = deriveTokens(
  { slackSigningSecret: [new Secret(signingSecret)], slackBotToken: undefined },
  'admin',
)
const adminToken = derived?.reveal() ?? ''

const running: AppFixture[] = []
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop()
})

async function start(options: IntegratedAppOptions = {}) {
  const server = await startApp(options)
  running.push(server)
  const listener = server.admin ?? server.app
  const raw = (path: string, init?: RequestInit) =>
    listener.handle(new Request(`http://localhost${path}`, init))
  const as = (token: string, path: string, init: RequestInit = {}) =>
    raw(path, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } })
  const get = (path: string) => as(adminToken, path)
  const post = (path: string, body: unknown) =>
    as(adminToken, path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    })
  return { server, raw, as, get, post }
}

/** As much of an OpenAPI document as is looked at here. */
const documentSchema = Type.Object({
  paths: Type.Record(
    Type.String(),
    Type.Object({
      get: Type.Optional(
        Type.Object({
          security: Type.Optional(Type.Unknown()),
          parameters: Type.Optional(Type.Array(Type.Object({ name: Type.String() }))),
        }),
      ),
    }),
  ),
})

/** The body of an answer that is what its schema says. */
async function jsonOf<Schema extends TSchema>(response: Response, schema: Schema): Promise<Static<Schema>> {
  const body: unknown = await response.json()
  expect([...Value.Errors(schema, body)]).toEqual([])
  return body as Static<Schema>
}

async function errorOf(response: Response): Promise<readonly unknown[]> {
  const { error } = (await response.json()) as UnifiedError
  return [response.status, error.code, error.component, error.details]
}

const mention = (text: string) => ({ type: 'app_mention', channel: 'C1', user: 'U1', text, ts: '1.1' })

/** A server with three events, and a group that gives up the second at its first try. */
async function startWithDeadLetter() {
  const fixture = await start()
  const { server } = fixture
  const [left, over] = [Promise.withResolvers<void>(), new AbortController()]
  let count = 0
  const subscription = server.events.subscribe({
    group: 'billing',
    signal: over.signal,
    retry: { attemptsMax: 1, firstMs: 1, longestMs: 1 },
    async handler({ event }) {
      if (++count === 3) left.resolve()
      if (event.id === 'Ev2') throw new TypeError('poison')
    },
  })
  await server.event('Ev1', mention('one'))
  await server.event('Ev2', mention('two'))
  await server.event('Ev3', { type: 'message', channel: 'D1', channel_type: 'im', text: 'three', ts: '1.3' })
  await left.promise
  over.abort()
  await subscription
  return fixture
}

describe('the door', () => {
  verifies('admin:auth', 'opens to the admin token alone', async () => {
    const { server, raw, as } = await start()
    const paths = ['', '/event?id=1', '/stats', '/groups', '/dead']
    for (const path of paths.map((end) => `/admin/events${end}`)) {
      const missing = await raw(path)
      expect(missing.headers.get('www-authenticate')).toBe('Bearer')
      expect(await missing.clone().text()).toContain('token --admin')
      expect(await errorOf(missing)).toEqual([401, 'ADMIN_UNAUTHORIZED', 'server', {}])
      expect(await errorOf(await as('x'.repeat(43), path))).toEqual([401, 'ADMIN_UNAUTHORIZED', 'server', {}])
      expect(await errorOf(await as(server.bearer, path))).toEqual([403, 'ADMIN_FORBIDDEN', 'server', {}])
      expect(await errorOf(await as(signingSecret, path))).toEqual([401, 'ADMIN_UNAUTHORIZED', 'server', {}])
      expect([200, 404]).toContain((await as(adminToken, path)).status)
    }
    const posts = ['/purge', '/dead/replay', '/dead/purge', '/consume?group=g', '/ack']
    for (const path of posts.map((end) => `/admin/events${end}`)) {
      expect((await raw(path, { method: 'POST', body: '{}' })).status).toBe(401)
      expect((await as(server.bearer, path, { method: 'POST', body: '{}' })).status).toBe(403)
    }
    expect((await as(server.bearer, '/admin/events/groups?group=g', { method: 'DELETE' })).status).toBe(403)
    expect((await as(adminToken, '/mcp', { method: 'POST' })).status).toBe(403)
    const scheme = (text: string) => raw('/admin/events', { headers: { authorization: text } })
    expect((await scheme(`bearer  ${adminToken}`)).status).toBe(200)
    expect((await scheme(`Basic ${adminToken}`)).status).toBe(401)
    expect((await scheme(adminToken)).status).toBe(401)
    expect((await raw(`/admin/events?access_token=${adminToken}`)).status).toBe(401)
  })

  test('opens to every derived token while the signing secret is replaced, and to ADMIN_TOKEN alone where there is one', async () => {
    const secrets = ['a'.repeat(32), signingSecret]
    const rotating = await start({ signingSecret: secrets })
    expect((await rotating.get('/admin/events')).status).toBe(200)
    const configured = await start({ config: { adminToken: new Secret('t'.repeat(32)) } })
    expect((await configured.get('/admin/events')).status).toBe(401)
    expect((await configured.as('t'.repeat(32), '/admin/events')).status).toBe(200)
  })

  test('is closed to other hosts and to pages of other origins, whatever they know', async () => {
    const { as } = await start()
    const withHeaders = (headers: Record<string, string>) => as(adminToken, '/admin/events', { headers })
    expect(await errorOf(await withHeaders({ host: 'evil.example.com' }))).toEqual([
      400,
      'REQUEST_INVALID',
      'server',
      {},
    ])
    expect((await withHeaders({ origin: 'https://evil.example.com' })).status).toBe(403)
    expect((await withHeaders({ origin: 'null' })).status).toBe(403)
    expect((await withHeaders({ origin: 'http://localhost' })).status).toBe(200)
  })
})

describe('what is kept', () => {
  verifies('admin:events', 'is listed newest last, filtered, and shown with its bytes', async () => {
    const { get } = await startWithDeadLetter()
    const list = await jsonOf(await get('/admin/events'), listSchema)
    expect(list.events.map(({ id }) => id)).toEqual(['Ev1', 'Ev2', 'Ev3'])
    expect([list.last_id, list.has_gap]).toEqual(['Ev3', false])
    expect(Object.keys(list.events[0] ?? {})).not.toContain('data')
    const idsOf = async (query: string) => {
      const { events, has_gap } = await jsonOf(await get(`/admin/events?${query}`), listSchema)
      return [events.map(({ id }) => id), has_gap]
    }
    expect(await idsOf('limit=2')).toEqual([['Ev2', 'Ev3'], false])
    expect(await idsOf('type=message.im')).toEqual([['Ev3'], false])
    expect(await idsOf('type=app_*')).toEqual([['Ev1', 'Ev2'], false])
    // The limit is of what is asked for: newer events of another type do not use it up.
    expect(await idsOf('type=app_*&limit=1')).toEqual([['Ev2'], false])
    expect(await idsOf('after=Ev1&type=message.im&limit=1')).toEqual([['Ev3'], false])
    expect(await idsOf('after=Ev1')).toEqual([['Ev2', 'Ev3'], false])
    expect(await idsOf('after=Ev3')).toEqual([[], false])
    expect(await idsOf('after=Ev1&limit=1')).toEqual([['Ev3'], true])
    expect(await idsOf('after=EvGone')).toEqual([['Ev1', 'Ev2', 'Ev3'], true])
    const shown = await jsonOf(await get('/admin/events/event?id=Ev1'), eventSchema)
    expect(shown.data).toMatchObject({ event: { text: 'one' } })
    expect(JSON.parse(Buffer.from(shown.body_base64 ?? '', 'base64').toString())).toEqual(shown.data)
    expect(await errorOf(await get('/admin/events/event?id=EvGone'))).toEqual([
      404,
      'NOT_FOUND',
      'server',
      {},
    ])
  })

  test('is counted, with its groups', async () => {
    const { get } = await startWithDeadLetter()
    const stats = await jsonOf(await get('/admin/events/stats'), statsSchema)
    expect(stats).toMatchObject({
      backend: 'memory',
      durable: false,
      events: 3,
      pending: 0,
      dead_letters: 1,
      forward: null,
    })
    const { groups } = await jsonOf(await get('/admin/events/groups'), groupsSchema)
    expect(groups).toEqual(stats.groups)
    expect(groups).toMatchObject([{ group: 'billing', pending: 0 }])
  })

  test('shows how forwarding stands', async () => {
    const { get } = await start({ config: { forwardUrl: 'http://127.0.0.1:9/hook?code=1' } })
    const { forward } = await jsonOf(await get('/admin/events/stats'), statsSchema)
    expect(forward).toEqual({ host: '127.0.0.1:9', state: 'running', breaker: 'closed', last_failure: null })
  })

  verifies('admin:groups', 'a group can be forgotten', async () => {
    const { as, get } = await startWithDeadLetter()
    const remove = () => as(adminToken, '/admin/events/groups?group=billing', { method: 'DELETE' })
    expect(await jsonOf(await remove(), removedSchema)).toEqual({ removed: true })
    expect((await remove()).status).toBe(404)
    expect((await jsonOf(await get('/admin/events/groups'), groupsSchema)).groups).toEqual([])
  })

  verifies('admin:purge', 'can be purged up to a time, once it was said what would go', async () => {
    const { get, post } = await startWithDeadLetter()
    const before = '2999-01-01T00:00:00Z'
    expect(await jsonOf(await post('/admin/events/purge', { before }), purgeOutcomeSchema)).toEqual({
      dry_run: true,
      removed: 3,
    })
    expect((await jsonOf(await get('/admin/events/stats'), statsSchema)).events).toBe(3)
    const past = await post('/admin/events/purge', { before: '2001-01-01T00:00:00+02:00', dry_run: false })
    expect(await jsonOf(past, purgeOutcomeSchema)).toEqual({ dry_run: false, removed: 0 })
    expect(
      await jsonOf(await post('/admin/events/purge', { before, dry_run: false }), purgeOutcomeSchema),
    ).toEqual({
      dry_run: false,
      removed: 3,
    })
    expect((await jsonOf(await get('/admin/events/stats'), statsSchema)).events).toBe(0)
  })
})

describe('dead letters', () => {
  verifies(
    'admin:dead',
    'are listed with their reason, and replayed or removed once it was said which',
    async () => {
      const { server, get, post } = await startWithDeadLetter()
      const { letters } = await jsonOf(await get('/admin/events/dead?data=true'), lettersSchema)
      expect(letters).toMatchObject([
        { id: 'Ev2', group: 'billing', attempts: 1, reason: 'TypeError', data: { event: { text: 'two' } } },
      ])
      const matched = async (query: string) =>
        (await jsonOf(await get(`/admin/events/dead?${query}`), lettersSchema)).letters.length
      for (const query of [
        'id=Ev2',
        'group=billing',
        'type=app_mention',
        'reason=TypeError',
        'since=2001-01-01T00:00Z',
        'before=2999-01-01T00:00Z',
      ]) {
        expect([query, await matched(query)]).toEqual([query, 1])
      }
      for (const query of [
        'id=Ev1',
        'group=other',
        'type=message',
        'reason=Error',
        'since=2999-01-01T00:00Z',
        'before=2001-01-01T00:00Z',
      ]) {
        expect([query, await matched(query)]).toEqual([query, 0])
      }
      const replay = (body: object) => post('/admin/events/dead/replay', body)
      expect(await jsonOf(await replay({ all: true }), deadOutcomeSchema)).toMatchObject({
        dry_run: true,
        matched: 1,
        done: 0,
      })
      expect(await matched('')).toBe(1)
      expect(await jsonOf(await replay({ id: 'Ev1', dry_run: false }), deadOutcomeSchema)).toMatchObject({
        matched: 0,
        done: 0,
      })
      expect(await jsonOf(await replay({ id: 'Ev2', dry_run: false }), deadOutcomeSchema)).toMatchObject({
        dry_run: false,
        matched: 1,
        done: 1,
      })
      expect(await matched('')).toBe(0)
      const again = Promise.withResolvers<string>()
      const over = new AbortController()
      const subscription = server.events.subscribe({
        group: 'billing',
        signal: over.signal,
        handler: async ({ event }) => again.resolve(event.id),
      })
      expect(await again.promise).toBe('Ev2')
      over.abort()
      await subscription
    },
  )

  test('are purged by what selects them, and never for want of a selection', async () => {
    const { get, post } = await startWithDeadLetter()
    const purge = (body: object) => post('/admin/events/dead/purge', body)
    expect(await errorOf(await purge({}))).toEqual([
      400,
      'ADMIN_REQUEST_INVALID',
      'server',
      { parameter: 'all' },
    ])
    expect(await errorOf(await purge({ dry_run: false }))).toEqual([
      400,
      'ADMIN_REQUEST_INVALID',
      'server',
      { parameter: 'all' },
    ])
    expect(
      await jsonOf(await purge({ reason: 'TypeError', dry_run: false }), deadOutcomeSchema),
    ).toMatchObject({
      matched: 1,
      done: 1,
    })
    expect((await jsonOf(await get('/admin/events/dead'), lettersSchema)).letters).toEqual([])
  })
})

test('a request that means nothing is refused by name', async () => {
  const { get, post, as } = await start()
  const refused = async (response: Promise<Response>) => (await errorOf(await response))[3]
  const queries = {
    'limit=0': 'limit',
    'limit=1.5': 'limit',
    'limit=10000': 'limit',
    'colour=red': 'colour',
    'after=': 'after',
    'data=yes': 'data',
  }
  for (const [query, parameter] of Object.entries(queries)) {
    expect(await refused(get(`/admin/events?${query}`))).toEqual({ parameter })
  }
  expect(await refused(get('/admin/events?type=A%20B'))).toEqual({ parameter: 'type' })
  expect(await refused(get('/admin/events/event'))).toEqual({ parameter: 'id' })
  expect((await get('/admin/events?limit=1000')).status).toBe(200)
  const bodies: readonly (readonly [unknown, string])[] = [
    [{}, 'before'],
    [{ before: 'yesterday' }, 'before'],
    [{ before: '2026-13-45T00:00Z' }, 'before'],
    [{ before: '2026-01-01T00:00' }, 'before'],
    [{ before: '2026-01-01T00:00Z', dry_run: 'no' }, 'dry_run'],
    [{ before: '2026-01-01T00:00Z', dryRun: false }, 'dryRun'],
    [[], 'body'],
  ]
  for (const [body, parameter] of bodies)
    expect(await refused(post('/admin/events/purge', body))).toEqual({ parameter })
  const raw = (body: string, type = 'application/json') =>
    as(adminToken, '/admin/events/purge', { method: 'POST', body, headers: { 'content-type': type } })
  expect(await refused(raw('{'))).toEqual({ parameter: 'body' })
  expect(await refused(raw('{"before":"2026-01-01T00:00Z"}', 'text/plain'))).toEqual({
    parameter: 'content-type',
  })
  const padded = (length: number) => `{"before":"2026-01-01T00:00Z"}`.padEnd(length)
  expect((await raw(padded(65_536))).status).toBe(200)
  expect(await refused(raw(padded(65_537)))).toEqual({ parameter: 'body' })
})

describe('a consumer over HTTP', () => {
  async function consume(post: (path: string, body: unknown) => Promise<Response>, query: string) {
    const response = await post(`/admin/events/consume?${query}`, {})
    const lines = new LineReader(response.body)
    const line = async (): Promise<Record<string, unknown> & { number: number }> =>
      JSON.parse((await lines.next()) ?? 'null')
    const { stream } = await line()
    return { stream, line, leave: () => lines.leave(), ended: async () => (await lines.next()) === undefined }
  }

  verifies(
    'admin:consume',
    'gets events as lines, settles them by number, and shares its group',
    async () => {
      const { server, post, get } = await start()
      const consumer = await consume(post, 'group=g&max=2')
      for (const id of ['Ev1', 'Ev2', 'Ev3']) await server.event(id, mention(id))
      const [first, second] = [await consumer.line(), await consumer.line()]
      expect(first).toMatchObject({ number: 1, attempt: 1, event: { id: 'Ev1', type: 'app_mention' } })
      const body = Buffer.from((first['event'] as { body_base64: string }).body_base64, 'base64').toString()
      expect(JSON.parse(body).event.text).toBe('Ev1')
      const ack = async (settlement: object) =>
        (
          await jsonOf(
            await post('/admin/events/ack', { stream: consumer.stream, ...settlement }),
            settledSchema,
          )
        ).settled
      expect(await ack({ done: [first.number] })).toBe(1)
      expect(await ack({ done: [first.number, 99] })).toBe(0)
      expect(await consumer.line()).toMatchObject({ number: 3, event: { id: 'Ev3' } })
      expect(await ack({ done: [3], failed: [{ number: second.number, reason: 'EXIT_1' }] })).toBe(2)
      expect(await consumer.line()).toMatchObject({ number: 4, attempt: 2, event: { id: 'Ev2' } })
      expect(await ack({ done: [4] })).toBe(1)
      expect(
        await jsonOf(await post('/admin/events/ack', { stream: 'other', done: [1] }), settledSchema),
      ).toEqual({
        settled: 0,
      })
      await consumer.leave()
      expect((await jsonOf(await get('/admin/events/groups'), groupsSchema)).groups).toMatchObject([
        { group: 'g', pending: 0 },
      ])
    },
  )

  test('that leaves gives back what it had', async () => {
    const { server, post } = await start()
    const first = await consume(post, 'group=g')
    await server.event('Ev1', mention('one'))
    await first.line()
    await first.leave()
    const second = await consume(post, 'group=g')
    expect(await second.line()).toMatchObject({ attempt: 2, event: { id: 'Ev1' } })
    await second.leave()
  })

  test('is sent away when the server stops, and what it had is back', async () => {
    const { server, post } = await start()
    const consumer = await consume(post, 'group=g')
    await server.event('Ev1', mention('one'))
    await consumer.line()
    running.splice(0)
    const report = await server.stop()
    expect(report.isClean).toBe(true)
    expect(await consumer.ended()).toBe(true)
    expect((await post('/admin/events/consume?group=g', {})).status).toBe(503)
  })

  test('gives a group of a sound name, and how much it takes', async () => {
    const { post } = await start()
    const refused = async (query: string) =>
      (await errorOf(await post(`/admin/events/consume?${query}`, {})))[3]
    expect(await refused('')).toEqual({ parameter: 'group' })
    expect(await refused('group=a%20b')).toEqual({ parameter: 'group' })
    for (const max of ['0', '257', '-1', '1.5'])
      expect(await refused(`group=g&max=${max}`)).toEqual({ parameter: 'max' })
    for (const max of ['1', '256']) await (await consume(post, `group=g&max=${max}`)).leave()
  })
})

describe('ADMIN_PORT', () => {
  const operators = ['/metrics', '/docs', '/openapi.json', '/admin/events/stats', '/admin/events/groups']

  verifies('admin:port', 'takes metrics, docs and admin away from PORT, and has nothing else', async () => {
    const { server, raw, get } = await start({ config: { adminPort: 0 } })
    for (const path of operators) {
      expect([
        path,
        (await server.request(path, { headers: { authorization: `Bearer ${adminToken}` } })).status,
      ]).toEqual([path, 404])
      expect([path, (await get(path)).status]).toEqual([path, 200])
    }
    for (const path of ['/health', '/livez', '/readyz', '/slack/events', '/mcp', '/mcp/sse']) {
      expect([path, (await raw(path)).status]).toEqual([path, 404])
    }
    expect((await server.request('/health')).status).toBe(200)
    expect(await (await raw('/metrics')).text()).toContain('http_route="/health"')
  })

  test('shares one count of requests under way with PORT', async () => {
    const { server, get } = await start({ config: { adminPort: 0 } })
    const active = async () =>
      /^http_server_active_requests (\d+)$/m.exec(await (await get('/metrics')).text())?.[1]
    const body = new TransformStream<Uint8Array<ArrayBuffer>>()
    const waiting = server.request('/slack/events', {
      method: 'POST',
      body: body.readable,
      headers: {
        'content-type': 'application/json',
        'x-slack-signature': `v0=${'0'.repeat(64)}`,
        'x-slack-request-timestamp': String(Math.floor(createSystemClock().now() / 1_000)),
      },
    })
    // The scrape is one itself.
    expect(await active()).toBe('2')
    await body.writable.close()
    expect((await waiting).status).toBe(401)
    expect(await active()).toBe('1')
  })

  test('documents the routes of both', async () => {
    const { get } = await start({ config: { adminPort: 0 } })
    const { paths } = await jsonOf(await get('/openapi.json'), documentSchema)
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining([
        '/slack/events',
        '/mcp',
        '/health',
        '/metrics',
        '/admin/events',
        '/admin/events/dead/replay',
      ]),
    )
    const described = paths['/admin/events']?.get
    expect(described?.security).toEqual([{ bearer: [] }])
    expect(described?.parameters?.map(({ name }) => name)).toContain('after')
  })

  test('left away, everything is on PORT', async () => {
    const { server, get } = await start()
    expect(server.admin).toBeUndefined()
    for (const path of operators) expect([path, (await get(path)).status]).toEqual([path, 200])
  })

  test('of a server without the webhook has no events to show', async () => {
    const { get } = await start({ config: { adminPort: 0, webhookEnabled: false } })
    expect((await get('/admin/events/stats')).status).toBe(404)
    expect((await get('/metrics')).status).toBe(200)
  })
})
