import { expect, test } from 'bun:test'
import { defaultBotScopes } from '../../../src/demo/workspace.ts'
import { demoBench, formRequest } from '../../support/demo-call.ts'

const api = 'http://127.0.0.1/api/'

async function answer(response: Response): Promise<unknown> {
  expect(response.status).toBe(200)
  return response.json()
}

test('says who the token is', async () => {
  expect(await demoBench().call('auth.test')).toEqual({
    ok: true,
    url: 'https://tidemark-integrated-server-demo.slack.com/',
    team: 'Tidemark',
    user: 'slack-mcp',
    team_id: 'T0DEMO0TIDE',
    user_id: 'U0DEMO0MCP1',
    bot_id: 'B0DEMO0MCP1',
    is_enterprise_install: false,
  })
})

test('answers an unknown method, a missing token and a wrong one with HTTP 200 and the code', async () => {
  const { workspace } = demoBench()
  expect(await answer(await workspace.handle(formRequest('foo.bar', {})))).toEqual({
    ok: false,
    error: 'unknown_method',
    req_method: 'foo.bar',
  })
  const missing = await workspace.handle(formRequest('auth.test', {}))
  expect(missing.headers.get('x-slack-failure')).toBe('not_authed')
  expect(missing.headers.get('x-oauth-scopes')).toBeNull()
  expect(await answer(missing)).toEqual({ ok: false, error: 'not_authed' })
  expect(await answer(await workspace.handle(formRequest('auth.test', {}, 'xoxb-wrong')))).toEqual({
    ok: false,
    error: 'invalid_auth',
  })
  expect((await workspace.handle(new Request('http://127.0.0.1/elsewhere'))).status).toBe(404)
})

test('takes the token from the header, a form and the query, but not from JSON', async () => {
  const { workspace } = demoBench()
  const token = workspace.botToken
  const form = new Request(`${api}auth.test`, { method: 'POST', body: new URLSearchParams({ token }) })
  expect(await answer(await workspace.handle(form))).toMatchObject({ ok: true })
  expect(await answer(await workspace.handle(new Request(`${api}auth.test?token=${token}`)))).toMatchObject({
    ok: true,
  })
  const json = new Request(`${api}auth.test`, {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ token }),
  })
  expect(await answer(await workspace.handle(json))).toMatchObject({ ok: false, error: 'not_authed' })
})

test('reads arguments from JSON, forms, multipart and the query alike', async () => {
  const { workspace } = demoBench()
  const headers = { authorization: `Bearer ${workspace.botToken}` }
  const multipart = new FormData()
  multipart.set('user', 'U0DEMO00ANA')
  const requests = [
    new Request(`${api}users.info?user=U0DEMO00ANA`, { headers }),
    new Request(`${api}users.info`, {
      method: 'POST',
      headers,
      body: new URLSearchParams({ user: 'U0DEMO00ANA' }),
    }),
    new Request(`${api}users.info`, { method: 'POST', headers, body: multipart }),
    new Request(`${api}users.info`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json; charset=utf-8' },
      body: '{"user":"U0DEMO00ANA"}',
    }),
  ]
  for (const request of requests) {
    expect(await answer(await workspace.handle(request))).toMatchObject({ ok: true, user: { name: 'ana' } })
  }
})

test('warns of JSON without a charset and refuses what is no JSON object', async () => {
  const { workspace } = demoBench()
  const post = (body: string, contentType: string) =>
    workspace.handle(
      new Request(`${api}auth.test`, {
        method: 'POST',
        headers: { authorization: `Bearer ${workspace.botToken}`, 'content-type': contentType },
        body,
      }),
    )
  expect(await answer(await post('{}', 'application/json'))).toMatchObject({
    ok: true,
    warning: 'missing_charset',
    response_metadata: { warnings: ['missing_charset'] },
  })
  expect(await answer(await post('{}', 'application/json; charset=utf-8'))).not.toHaveProperty('warning')
  expect(await answer(await post('{', 'application/json'))).toEqual({ ok: false, error: 'invalid_json' })
  expect(await answer(await post('[]', 'application/json'))).toEqual({ ok: false, error: 'json_not_object' })
})

test('tells in headers what the token may do, what the method takes, and an id', async () => {
  const { workspace } = demoBench()
  const response = await workspace.handle(formRequest('users.list', {}, workspace.botToken))
  expect(response.headers.get('x-oauth-scopes')).toBe(defaultBotScopes.join(','))
  expect(response.headers.get('x-accepted-oauth-scopes')).toBe('users:read')
  expect(response.headers.get('x-slack-req-id')).toMatch(/^[0-9a-f]{32}$/)
  expect(response.headers.get('x-slack-failure')).toBeNull()
})

test('says which scope is missing and which there are', async () => {
  const { call } = demoBench({ botScopes: ['users:read', 'channels:read', 'channels:history'] })
  expect(await call('emoji.list')).toEqual({
    ok: false,
    error: 'missing_scope',
    needed: 'emoji:read',
    provided: 'users:read,channels:read,channels:history',
  })
  // One scope of the method is enough to come in; the kind of conversation decides after that.
  expect(await call('conversations.history', { channel: 'C0DEMO00REL' })).toMatchObject({ ok: true })
  expect(await call('conversations.history', { channel: 'C0DEMO0LEAD' })).toMatchObject({
    error: 'missing_scope',
    needed: 'groups:history',
  })
  expect(await call('conversations.list', { types: 'public_channel,private_channel' })).toMatchObject({
    error: 'missing_scope',
    needed: 'groups:read',
  })
})

test('names a missing argument', async () => {
  expect(await demoBench().call('conversations.history')).toEqual({
    ok: false,
    error: 'invalid_arguments',
    response_metadata: { messages: ['[ERROR] missing required field: channel'] },
  })
})

test('fails the next calls as scripted, then answers again, and counts them all', async () => {
  const { workspace, call } = demoBench()
  workspace.failNext('auth.test', 'fatal_error')
  workspace.failNext('auth.test', 429)
  workspace.failNext('auth.test', { status: 503, headers: { 'x-test': 'yes' }, body: '<html>' })
  workspace.failNext('users.info', 500, 2)
  const handle = () => workspace.handle(formRequest('auth.test', {}, workspace.botToken))
  expect(await answer(await handle())).toEqual({ ok: false, error: 'fatal_error' })
  const limited = await handle()
  expect([limited.status, limited.headers.get('retry-after'), await limited.json()]).toEqual([
    429,
    '1',
    { ok: false, error: 'ratelimited' },
  ])
  const broken = await handle()
  expect([broken.status, broken.headers.get('x-test'), await broken.text()]).toEqual([503, 'yes', '<html>'])
  expect(await call('auth.test')).toMatchObject({ ok: true })
  await call('no.such.method')
  await call('another.one')
  expect(workspace.callCount('auth.test')).toBe(4)
  expect(workspace.callCount('_other')).toBe(2)
  expect(workspace.callCount()).toBe(6)
  expect(() => workspace.failNext('auth.test', 500, 1_001)).toThrow(RangeError)
})

test('takes its time when told to, by its clock', async () => {
  const { workspace, clock } = demoBench({ delayMs: 200 })
  let isDone = false
  const pending = workspace.handle(formRequest('auth.test', {}, workspace.botToken)).then((response) => {
    isDone = true
    return response
  })
  await clock.advance(199)
  expect(isDone).toBe(false)
  await clock.advance(1)
  expect(await answer(await pending)).toMatchObject({ ok: true })
})

test('gives two workspaces two tokens, and neither takes the other one', async () => {
  const one = demoBench({ botToken: 'xoxb-one' })
  const two = demoBench({ botToken: 'xoxb-two' })
  const crossed = await two.workspace.handle(formRequest('auth.test', {}, one.workspace.botToken))
  expect(await answer(crossed)).toEqual({ ok: false, error: 'invalid_auth' })
})

test('echoes the arguments of api.test without a token', async () => {
  const { workspace } = demoBench()
  expect(await answer(await workspace.handle(formRequest('api.test', { foo: 'bar' })))).toEqual({
    ok: true,
    args: { foo: 'bar' },
  })
  expect(await answer(await workspace.handle(formRequest('api.test', { error: 'my_error' })))).toEqual({
    ok: false,
    error: 'my_error',
    args: { error: 'my_error' },
  })
})
