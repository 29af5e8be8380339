import { afterEach, expect, test } from 'bun:test'
import { type ConversationsListResponse, LogLevel, WebClient, type WebClientOptions } from '@slack/web-api'
import { createSystemClock } from '../../src/base/clock.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { createSignedSender } from '../../src/demo/signed-sender.ts'
import { createDemoWorkspace, type DemoWorkspaceOptions } from '../../src/demo/workspace.ts'
import { serveDemoWorkspace, type WorkspaceServer } from '../../src/demo/workspace-server.ts'
import { startApp } from '../support/app-fixture.ts'
import { signingSecret } from '../support/http-fixture.ts'

const servers: WorkspaceServer[] = []

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()))
})

/** The workspace behind a real port, and Slack's own client pointed at it. */
function start(options: Partial<DemoWorkspaceOptions> = {}, client: WebClientOptions = {}) {
  const workspace = createDemoWorkspace({ clock: createSystemClock(), ids: createSystemIds(), ...options })
  const server = serveDemoWorkspace(workspace)
  servers.push(server)
  const settings = {
    slackApiUrl: server.apiUrl,
    logLevel: LogLevel.ERROR,
    retryConfig: { retries: 0 },
    ...client,
  }
  return {
    workspace,
    server,
    web: new WebClient(workspace.botToken, settings),
    userWeb: new WebClient(workspace.userToken, settings),
  }
}

test("takes Slack's own client for a workspace: who am I, read, reply, react", async () => {
  const { web, workspace } = start()
  const me = await web.auth.test()
  expect(me).toMatchObject({ ok: true, team: 'Tidemark', bot_id: 'B0DEMO0MCP1' })
  expect(me.response_metadata?.scopes).toContain('chat:write')
  const history = await web.conversations.history({ channel: 'C0DEMO00REL', limit: 10 })
  const head = history.messages?.find(({ reply_count: count }) => count !== undefined)
  const replies = await web.conversations.replies({ channel: 'C0DEMO00REL', ts: head?.ts ?? '' })
  expect(replies.messages?.map(({ text }) => text)).toContain('Yes, both columns are written until Monday.')
  const posted = await web.chat.postMessage({
    channel: 'release',
    thread_ts: head?.ts ?? '',
    text: 'Three points',
    blocks: [{ type: 'section', text: { type: 'mrkdwn', text: '*Three* points' } }],
  })
  expect(posted.message?.blocks).toMatchObject([{ type: 'section', block_id: 'b0' }])
  await web.reactions.add({ channel: 'C0DEMO00REL', timestamp: posted.ts ?? '', name: 'white_check_mark' })
  expect(workspace.messages('release').at(-1)).toMatchObject({
    thread_ts: head?.ts,
    reactions: [{ name: 'white_check_mark', users: ['U0DEMO0MCP1'], count: 1 }],
  })
  expect(workspace.callCount('chat.postMessage')).toBe(1)
})

test('lets the client page through channels until the end', async () => {
  const { web } = start({ extraChannels: 250 })
  const ids: string[] = []
  for await (const page of web.paginate('conversations.list', { limit: 100 })) {
    ids.push(...((page as ConversationsListResponse).channels ?? []).map(({ id }) => id ?? ''))
  }
  expect([ids.length, new Set(ids).size]).toEqual([256, 256])
})

test('refuses as the client expects it: platform errors with codes, missing scopes with details', async () => {
  const { web, userWeb } = start({ botScopes: ['chat:write'] })
  await expect(web.conversations.list()).rejects.toMatchObject({
    code: 'slack_webapi_platform_error',
    data: {
      error: 'missing_scope',
      needed: 'channels:read,groups:read,im:read,mpim:read',
      provided: 'chat:write',
    },
  })
  await expect(web.apiCall('no.such.method')).rejects.toMatchObject({ data: { error: 'unknown_method' } })
  const found = await userWeb.search.messages({ query: 'rollback' })
  expect(found.messages?.matches?.[0]?.channel?.name).toBe('release')
})

test('fails as the client expects it: rate limits with their pause, and HTTP errors', async () => {
  const { web, workspace } = start({}, { rejectRateLimitedCalls: true })
  workspace.failNext('team.info', { status: 429, headers: { 'retry-after': '7' } })
  await expect(web.team.info()).rejects.toMatchObject({
    code: 'slack_webapi_rate_limited_error',
    retryAfter: 7,
  })
  workspace.failNext('team.info', 503)
  await expect(web.team.info()).rejects.toMatchObject({ code: 'slack_webapi_http_error', statusCode: 503 })
  expect(await web.team.info()).toMatchObject({ team: { id: 'T0DEMO0TIDE' } })
})

test('stops listening when stopped, twice if need be', async () => {
  const { web, server } = start()
  await web.auth.test()
  await server.stop()
  await server.stop()
  await expect(web.auth.test()).rejects.toMatchObject({ code: 'slack_webapi_request_error' })
})

test('what people say reaches the server through its webhook, and is kept byte for byte', async () => {
  const app = await startApp()
  try {
    const sender = createSignedSender({
      url: 'http://localhost/slack/events',
      signingSecret,
      clock: createSystemClock(),
      fetch: (url, init) => app.app.handle(new Request(url, init)),
    })
    const bodies: string[] = []
    app.workspace.onEvent((envelope) => bodies.push(JSON.stringify(envelope)))
    app.workspace.post({ channel: 'release', by: 'ana', text: 'Go! <@U0DEMO0MCP1>' })
    expect(bodies).toHaveLength(2)
    for (const body of bodies) expect(await sender.send(body)).toMatchObject({ isAccepted: true })
    expect(await sender.send(bodies[0] ?? '', { retryNum: 1 })).toMatchObject({ isAccepted: true })
    const kept = await app.events.recent(10)
    expect(kept.map(({ bytes }) => new TextDecoder().decode(bytes))).toEqual(bodies)
    expect(kept.map(({ meta }) => meta.type)).toEqual(['message', 'app_mention'])
  } finally {
    await app.stop()
  }
})
