import { afterEach, expect } from 'bun:test'
import type { IntegratedApp } from '../../src/app.ts'
import { signBody } from '../../src/slack/signature.ts'
import { type AppFixture, startApp } from '../support/app-fixture.ts'
import { signingSecret } from '../support/http-fixture.ts'
import { readEvents } from '../support/sse-reader.ts'
import { verifies } from '../support/verifies.ts'

const running: IntegratedApp[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.stop()))
})

async function start(): Promise<AppFixture> {
  const server = await startApp({ config: { mcpAuth: ['token', 'slack'] } })
  running.push(server)
  await server.slack.identify()
  return server
}

const leads = 'C0DEMO0LEAD'
const general = 'C0DEMO00GEN'
/** Ana is in `leads`, Raj is not. */
const ana = 'U0DEMO00ANA'
const raj = 'U0DEMO00RAJ'
/** A guest, who is in `general` and not in `support`, which Raj may read without being in it. */
const ibby = 'U0DEMO0IBBY'

/** A request as Slack's own client sends it, on behalf of a person. */
async function ask(server: AppFixture, userId: string, method: string, params: object, signal?: AbortSignal) {
  const named = params as { readonly name?: string; readonly uri?: string }
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: crypto.randomUUID(),
    method,
    params: {
      ...params,
      _meta: {
        slack: { user_id: userId, team_id: server.workspace.teamId },
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  })
  const timestamp = Math.floor(Date.now() / 1000)
  const name = named.name ?? named.uri
  return await server.request('/mcp', {
    method: 'POST',
    body,
    ...(signal === undefined ? {} : { signal }),
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(name === undefined ? {} : { 'mcp-name': name }),
      'x-slack-request-timestamp': String(timestamp),
      'x-slack-signature': signBody(signingSecret, timestamp, body),
    },
  })
}

verifies('tools:policy:slack-user:whole', 'reads a private channel for its members alone', async () => {
  const server = await start()
  const read = async (userId: string, channel: string) => {
    const params = { name: 'slack_read_channel_messages', arguments: { channel } }
    const answer = (await (await ask(server, userId, 'tools/call', params)).json()) as {
      readonly result: { readonly isError?: boolean; readonly content: readonly [{ readonly text: string }] }
    }
    return answer.result
  }
  expect((await read(ana, '#leads')).isError).toBeUndefined()
  expect((await read(raj, '#general')).isError).toBeUndefined()
  const readsOfPublic = [
    await read(raj, '#support'),
    await read(ibby, '#general'),
    await read(ibby, '#support'),
  ]
  expect(readsOfPublic.map(({ isError }) => isError)).toEqual([undefined, undefined, true])
  const refused = await read(raj, leads)
  expect([refused.isError, JSON.parse(refused.content[0].text).error.details.rule]).toEqual([
    true,
    'slack_user',
  ])
  const uri = `slack://channels/${leads}`
  const resource = async (userId: string) =>
    (await (await ask(server, userId, 'resources/read', { uri })).json()) as object
  expect(await resource(ana)).toHaveProperty('result')
  expect(await resource(raj)).toHaveProperty('error')
  await server.event('EvLeft', { type: 'member_left_channel', user: ana, channel: leads })
  expect((await read(ana, leads)).isError).toBe(true)
})

verifies(
  'tools:policy:slack-user:whole',
  'tells of a private channel its members alone, while they are',
  async () => {
    const server = await start()
    const abort = new AbortController()
    const uris = [leads, general].map((id) => `slack://channels/${id}`)
    const listen = async (userId: string) => {
      const params = { notifications: { resourceSubscriptions: uris } }
      const response = await ask(server, userId, 'subscriptions/listen', params, abort.signal)
      const events = readEvents(response.body)
      await events.next()
      return async () => JSON.parse((await events.next()).value?.data ?? '{}').params?.uri as unknown
    }
    let eventCount = 0
    const post = (channel: string) =>
      server.event(`EvPost${++eventCount}`, { type: 'message', channel, ts: '1700000000.000100', text: 'x' })
    const [anaHears, rajHears] = [await listen(ana), await listen(raj)]
    await post(leads)
    await post(general)
    // What goes to one listener needs a look-up, and the order of two notices is nobody's promise.
    expect([await anaHears(), await anaHears()].toSorted()).toEqual(uris.toSorted())
    expect(await rajHears()).toBe(uris[1])
    await server.event('EvLeft', { type: 'member_left_channel', user: ana, channel: leads })
    await post(leads)
    await post(general)
    expect(await anaHears()).toBe(uris[1])
    abort.abort()
  },
)
