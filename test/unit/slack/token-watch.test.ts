import { describe, expect, test } from 'bun:test'
import { Secret } from '../../../src/base/secret.ts'
import type { SlackIdentity } from '../../../src/slack/api.ts'
import { initializeSlackClient, type SlackClientDeps } from '../../../src/slack/client.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { broken, FakeSlackWeb, limited, ok, refused, silence, status } from '../../support/fake-slack-web.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { RecordingMetrics } from '../../support/recording-metrics.ts'
import { sequentialIds } from '../../support/sequential-ids.ts'
import { verifies } from '../../support/verifies.ts'

const answer = {
  url: 'https://acme.slack.com/',
  team: 'Acme',
  user: 'helper',
  team_id: 'T1',
  user_id: 'U1',
  bot_id: 'B1',
  is_enterprise_install: false,
}

const identity: SlackIdentity = {
  teamId: 'T1',
  teamName: 'Acme',
  userId: 'U1',
  userName: 'helper',
  botId: 'B1',
  enterpriseId: undefined,
  url: 'https://acme.slack.com/',
  scopes: undefined,
}

function makeClient({ retry = 0, ...more }: { readonly retry?: number } & Partial<SlackClientDeps> = {}) {
  const clock = new FakeClock()
  const web = new FakeSlackWeb()
  web.script('auth.test', ok(answer))
  const log = new RecordingLogger()
  const slack = initializeSlackClient(new Secret('bot-token'), retry, {
    ...{ clock, log, metrics: new RecordingMetrics(), ids: sequentialIds(), fetch: web.fetch },
    ...more,
  })
  const asked = () => web.of('auth.test').length
  return { clock, web, log, slack, asked }
}

/** Starts, and waits until Slack has answered the first question. */
async function makeConnected(more: Parameters<typeof makeClient>[0] = {}) {
  const made = makeClient(more)
  await made.slack.start()
  await made.clock.advance(0)
  await made.web.arrived(1)
  await settle()
  return made
}

describe('who we are', () => {
  verifies('S27', 'is asked once, in the background, and known from then on', async () => {
    const { slack, asked, log } = await makeConnected()
    expect(slack.identity()).toEqual(identity)
    expect(await slack.identify()).toEqual(identity)
    expect(asked()).toBe(1)
    expect(slack.connection()).toBe('connected')
    expect(slack.check()).toBe('up')
    expect(log.named('slack_identity_learnt')).toEqual([
      {
        level: 'info',
        event: 'slack_identity_learnt',
        fields: { token_kind: 'bot', team_id: 'T1', user_id: 'U1', bot_id: 'B1', scopes: undefined },
      },
    ])
  })

  test('is unknown before, and starting does not wait for it', async () => {
    const { slack, web, clock } = makeClient()
    web.script('auth.test', silence)
    await slack.start()
    await clock.advance(0)
    await web.arrived(1)
    expect(slack.identity()).toBeUndefined()
    expect(slack.connection()).toBe('unknown')
    expect(slack.check()).toBe('unknown')
    await slack.stop()
    await settle()
    expect(clock.timerCount).toBe(0)
  })

  test('is asked at most once at a time, however many want to know', async () => {
    const { slack, asked } = makeClient()
    const all = await Promise.all(Array.from({ length: 20 }, () => slack.identify()))
    expect(all.every((one) => one === all[0])).toBe(true)
    expect(asked()).toBe(1)
  })

  test('is kept from one who goes away, while the others still learn it', async () => {
    const { slack, web } = makeClient()
    let reply: (response: Response) => void = () => undefined
    web.script('auth.test', () => new Promise((resolve) => (reply = resolve)))
    const controller = new AbortController()
    const leaving = slack.identify(controller.signal).catch((error: unknown) => error)
    const staying = slack.identify()
    await web.arrived(1)
    controller.abort()
    expect(await leaving).toMatchObject({ code: 'CALL_CANCELLED' })
    reply(Response.json({ ok: true, ...answer }))
    expect(await staying).toEqual(identity)
  })

  test('is not believed where the answer lacks it', async () => {
    const { slack, web } = makeClient()
    web.script('auth.test', ok({ team_id: 'T1' }))
    const error: unknown = await slack.identify().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'SLACK_UNAVAILABLE', details: { reason: 'garbage' } })
    expect(slack.identity()).toBeUndefined()
  })

  test('is asked again and again until Slack answers, ever more slowly', async () => {
    const { slack, web, clock, asked } = makeClient()
    web.script('auth.test', status(503))
    await slack.start()
    await clock.advance(0)
    await web.arrived(1)
    await settle()
    expect(slack.connection()).toBe('disconnected')
    expect(slack.check()).toBe('down')
    // 0.75 of 1, 2, 4 and 8 s; the fifth failure opens the breaker, which then says when: 30 s.
    for (const [count, delayMs] of [750, 1500, 3000, 6000, 30_000].entries()) {
      await clock.advance(delayMs - 1)
      expect(asked()).toBe(count + 1)
      await clock.advance(1)
      await settle()
      expect(asked()).toBe(count + 2)
    }
    web.script('auth.test', ok(answer))
    // The breaker names whole seconds, rounded up.
    await clock.advance(31_000)
    expect(slack.identity()).toEqual(identity)
    expect(slack.connection()).toBe('connected')
    expect(slack.breakerState()).toBe('closed')
  })

  test('with a dead token is asked once a minute', async () => {
    const { slack, web, clock, asked, log } = makeClient()
    web.script('auth.test', refused('invalid_auth'))
    await slack.start()
    await clock.advance(0)
    await web.arrived(1)
    await settle()
    expect(slack.connection()).toBe('auth_failed')
    await clock.advance(59_999)
    expect(asked()).toBe(1)
    web.script('auth.test', ok(answer))
    await clock.advance(1)
    expect(asked()).toBe(2)
    expect(slack.connection()).toBe('connected')
    expect(log.named('slack_token_refused').map(({ fields }) => fields)).toEqual([
      expect.objectContaining({ method: 'auth.test', token_kind: 'bot' }),
    ])
  })

  test('is asked again when Slack says after a 429', async () => {
    const { slack, web, clock, asked } = makeClient()
    web.script('auth.test', limited('45'), ok(answer))
    await slack.start()
    await clock.advance(0)
    await web.arrived(1)
    await settle()
    await clock.advance(44_999)
    expect(asked()).toBe(1)
    await clock.advance(1)
    expect(asked()).toBe(2)
    expect(slack.connection()).toBe('connected')
  })

  test('is also learnt of the user token, apart from the bot', async () => {
    const web = new FakeSlackWeb()
    web.script('auth.test', (request) =>
      Response.json({
        ok: true,
        ...answer,
        user_id: request.authorization === 'Bearer user-token' ? 'U2' : 'U1',
      }),
    )
    const { slack, clock } = makeClient({ fetch: web.fetch, userToken: new Secret('user-token') })
    await slack.start()
    await clock.advance(0)
    await web.arrived(2)
    await settle()
    expect(slack.identity('bot')?.userId).toBe('U1')
    expect(slack.identity('user')?.userId).toBe('U2')
  })
})

describe('the connection', () => {
  test('costs no call of its own while other calls show it', async () => {
    const { slack, clock, asked } = await makeConnected()
    for (let count = 0; count < 20; count++) {
      await clock.advance(30_000)
      await slack.call('team.info', {})
    }
    expect(asked()).toBe(1)
  })

  test('is looked at when nothing has shown it for a minute', async () => {
    const { clock, asked, slack } = await makeConnected()
    await clock.advance(30_000)
    await slack.call('team.info', {})
    await clock.advance(59_999)
    expect(asked()).toBe(1)
    await clock.advance(1)
    expect(asked()).toBe(2)
    await clock.advance(60_000)
    expect(asked()).toBe(3)
  })

  test('is lost with a failed check and found again with the next', async () => {
    const { slack, web, clock, asked, log } = await makeConnected()
    web.script('auth.test', broken('ECONNREFUSED'), ok(answer))
    await clock.advance(60_000)
    expect(slack.connection()).toBe('disconnected')
    await clock.advance(750)
    expect(asked()).toBe(3)
    expect(slack.connection()).toBe('connected')
    expect(
      log.named('slack_connection_changed').map(({ level, fields }) => [level, fields['connection']]),
    ).toEqual([
      ['info', 'connected'],
      ['warn', 'disconnected'],
      ['info', 'connected'],
    ])
  })

  test('that one failed call put in doubt is checked within a second', async () => {
    const { slack, web, clock, asked } = await makeConnected()
    web.script('emoji.list', status(500))
    await slack.call('emoji.list', {}).catch(() => undefined)
    expect(slack.connection()).toBe('disconnected')
    await clock.advance(750)
    expect(asked()).toBe(2)
    expect(slack.connection()).toBe('connected')
  })

  test('is not put in doubt by refusals, limits and cancelled calls', async () => {
    const { slack, web } = await makeConnected()
    const replies = { 'emoji.list': refused('no'), 'users.list': limited('1'), 'pins.list': status(404) }
    for (const [method, reply] of Object.entries(replies)) {
      web.script(method, reply)
      await slack.call(method, {}).catch(() => undefined)
      expect(slack.connection()).toBe('connected')
    }
  })

  test('is shown by a refusal too: Slack answered, and knows the token', async () => {
    const { slack, web } = makeClient()
    web.script('emoji.list', refused('missing_scope'))
    await slack.call('emoji.list', {}).catch(() => undefined)
    expect(slack.connection()).toBe('connected')
  })

  test('is left alone after stopping', async () => {
    const { slack, clock, asked } = await makeConnected()
    await slack.stop()
    expect(clock.timerCount).toBe(0)
    await clock.advance(600_000)
    expect(asked()).toBe(1)
  })
})

describe('scopes', () => {
  test('are learnt from any answer, and told to who listens, only when they change', async () => {
    const { slack, web } = await makeConnected()
    const heard: (readonly string[] | undefined)[] = []
    const leave = slack.onIdentityChange('bot', ({ scopes }) => heard.push(scopes))
    web.script('team.info', ok({}, { 'x-oauth-scopes': 'chat:write, users:read' }))
    await slack.call('team.info', {})
    await slack.call('team.info', {})
    expect(heard).toEqual([['chat:write', 'users:read']])
    expect(slack.identity()?.scopes).toEqual(['chat:write', 'users:read'])
    web.script('team.info', ok({}, { 'x-oauth-scopes': 'chat:write' }))
    await slack.call('team.info', {})
    expect(heard).toHaveLength(2)
    leave()
    web.script('team.info', ok({}, { 'x-oauth-scopes': 'users:read' }))
    await slack.call('team.info', {})
    expect(heard).toHaveLength(2)
  })

  test('stay as they were where an answer does not name them', async () => {
    const { slack, web, clock, asked } = await makeConnected()
    web.script('team.info', ok({}, { 'x-oauth-scopes': 'chat:write' }), ok())
    await slack.call('team.info', {})
    await slack.call('team.info', {})
    await clock.advance(60_000)
    expect(asked()).toBe(2)
    expect(slack.identity()?.scopes).toEqual(['chat:write'])
  })

  test('reach everybody who listens, though one of them throws, and the call goes on', async () => {
    const { slack, web, log } = await makeConnected()
    const heard: unknown[] = []
    slack.onIdentityChange('bot', () => {
      throw new Error('deaf')
    })
    slack.onIdentityChange('bot', ({ scopes }) => heard.push(scopes))
    web.script('team.info', ok({}, { 'x-oauth-scopes': 'chat:write' }))
    expect(await slack.call('team.info', {})).toMatchObject({ ok: true })
    expect(heard).toEqual([['chat:write']])
    expect(log.named('slack_listener_failed')).toHaveLength(1)
  })
})

describe('a replaced token', () => {
  verifies(
    'S25',
    'is used by everybody from the next request on, and what was known of the old one is forgotten',
    async () => {
      const { slack, web, clock } = await makeConnected()
      web.script('auth.test', ok({ ...answer, user_id: 'U9' }))
      slack.replaceToken(new Secret('new-token'))
      expect(slack.identity()).toBeUndefined()
      expect(slack.connection()).toBe('unknown')
      await slack.call('team.info', {})
      expect(web.of('team.info')[0]?.authorization).toBe('Bearer new-token')
      await clock.advance(0)
      await settle()
      expect(slack.identity()?.userId).toBe('U9')
    },
  )

  test('is not taken for the one that an answer under way was about', async () => {
    const { slack, web } = makeClient()
    let reply: (response: Response) => void = () => undefined
    web.script('auth.test', () => new Promise((resolve) => (reply = resolve)))
    const old = slack.identify()
    await web.arrived(1)
    slack.replaceToken(new Secret('new-token'))
    reply(Response.json({ ok: true, ...answer }))
    await old
    expect(slack.identity()).toBeUndefined()
  })

  test('is asked about at once, also where the answer about the old one comes first', async () => {
    const { slack, web, clock } = makeClient()
    let reply: (response: Response) => void = () => undefined
    web.script('auth.test', () => new Promise((resolve) => (reply = resolve)), ok(answer))
    await slack.start()
    await clock.advance(0)
    await web.arrived(1)
    slack.replaceToken(new Secret('new-token'))
    reply(Response.json({ ok: true, ...answer }))
    await settle()
    await clock.advance(0)
    await settle()
    expect(web.of('auth.test')[1]?.authorization).toBe('Bearer new-token')
    expect(slack.identity()).toEqual(identity)
  })
})

test('a user token that comes later is found out about like one from the start', async () => {
  const { slack, web, clock } = await makeConnected()
  slack.replaceToken(new Secret('user-token'), 'user')
  await clock.advance(0)
  await settle()
  expect(web.of('auth.test')[1]?.authorization).toBe('Bearer user-token')
  expect(slack.identity('user')).toEqual(identity)
})

verifies('S23', 'one initialiser makes clients that know nothing of each other', async () => {
  const one = await makeConnected()
  const other = makeClient()
  expect(other.slack.identity()).toBeUndefined()
  other.web.script('emoji.list', status(500))
  for (let count = 0; count < 5; count++) await other.slack.call('emoji.list', {}).catch(() => undefined)
  expect([other.slack.breakerState(), one.slack.breakerState()]).toEqual(['open', 'closed'])
})

test('a client without a token refuses every call and asks nobody', async () => {
  const { clock, web } = makeClient()
  const slack = initializeSlackClient(undefined, undefined, {
    ...{
      clock,
      log: new RecordingLogger(),
      metrics: new RecordingMetrics(),
      ids: sequentialIds(),
      fetch: web.fetch,
    },
  })
  await slack.start()
  await clock.advance(600_000)
  const error: unknown = await slack.call('team.info', {}).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'SLACK_AUTH_FAILED', details: { slack_error: 'not_authed' } })
  expect(await slack.identify().catch((thrown: unknown) => thrown)).toMatchObject({
    code: 'SLACK_AUTH_FAILED',
  })
  expect(web.requests).toEqual([])
  expect(slack.connection()).toBe('unknown')
})
