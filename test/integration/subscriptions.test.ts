import { afterEach, describe, expect } from 'bun:test'
import type { IntegratedApp } from '../../src/app.ts'
import { type AppFixture, startApp } from '../support/app-fixture.ts'
import { initializeMessage } from '../support/mcp-http.ts'
import { readEvents } from '../support/sse-reader.ts'
import { verifies } from '../support/verifies.ts'

const release = 'C0DEMO00REL'
const support = 'C0DEMO00SUP'
const uris = [release, support].map((id) => `slack://channels/${id}`)

const running: IntegratedApp[] = []
const abandoned: AbortController[] = []

afterEach(async () => {
  for (const abort of abandoned.splice(0)) abort.abort()
  await Promise.all(running.splice(0).map((app) => app.stop()))
})

/** What a subscriber of both channels hears next: the URI of a resource that changed. */
type Hear = () => Promise<unknown>

const subscribe = (uri: string, id: number) => ({
  jsonrpc: '2.0',
  id,
  method: 'resources/subscribe',
  params: { uri },
})

function hearingOf(events: ReturnType<typeof readEvents>): Hear {
  return async () => {
    for (;;) {
      const { value, done } = await events.next()
      if (done === true) return 'the end of the stream'
      const { method, params } = JSON.parse(value.data) as {
        readonly method?: string
        readonly params?: { readonly uri?: string }
      }
      if (method === 'notifications/resources/updated') return params?.uri
    }
  }
}

/** Opens a stream that the end of the test lets go of. */
function openStream(server: AppFixture, path: string, init: RequestInit = {}, body?: object) {
  const abort = new AbortController()
  abandoned.push(abort)
  return server.authorized(path, body, { ...init, signal: abort.signal })
}

const ways: Readonly<Record<string, (server: AppFixture) => Promise<Hear>>> = {
  async 'a session of streamable HTTP'(server) {
    const opened = await server.authorized('/mcp', initializeMessage())
    const headers = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' }
    for (const [id, uri] of uris.entries())
      expect((await server.authorized('/mcp', subscribe(uri, id), { headers })).status).toBe(200)
    return hearingOf(readEvents((await openStream(server, '/mcp', { headers })).body))
  },
  async 'a session of legacy SSE'(server) {
    const events = readEvents((await openStream(server, '/mcp/sse')).body)
    const { value } = await events.next()
    for (const message of [initializeMessage('2024-11-05'), ...uris.map(subscribe)])
      expect((await server.authorized(value?.data ?? '', message)).status).toBe(202)
    // Taken is not yet done: only the answers say that the session is subscribed.
    for (const id of ['init', ...uris.keys()])
      expect(JSON.parse((await events.next()).value?.data ?? '')).toMatchObject({ id, result: {} })
    return hearingOf(events)
  },
  async 'a stream that listens'(server) {
    const method = 'subscriptions/listen'
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    }
    const params = { notifications: { resourceSubscriptions: uris }, _meta }
    const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method }
    const body = { jsonrpc: '2.0', id: 1, method, params }
    return hearingOf(readEvents((await openStream(server, '/mcp', { headers }, body)).body))
  },
}

for (const [way, listen] of Object.entries(ways))
  describe(way, () => {
    verifies('mcp:subscribe:whole', 'hears of a message when its signed event arrives', async () => {
      const server = await startApp()
      running.push(server)
      const hear = await listen(server)
      const message = { type: 'message', channel: release, ts: '1700000000.000100', text: 'x' }
      expect((await server.event('Ev1', message)).status).toBe(200)
      expect(await hear()).toBe(uris[0])
    })

    verifies(
      'mcp:subscribe:whole',
      'hears nothing more of a channel once its new name is not to be read',
      async () => {
        const server = await startApp({ config: { mcpReadChannels: ['#release', '#support'] } })
        running.push(server)
        const hear = await listen(server)
        const say = (id: string, channel: string) =>
          server.event(id, { type: 'message', channel, ts: '1700000000.000100', text: 'x' })
        await say('Ev1', release)
        expect(await hear()).toBe(uris[0])
        await server.event('Ev2', { type: 'channel_rename', channel: { id: release, name: 'secret' } })
        await say('Ev3', release)
        await say('Ev4', support)
        expect(await hear()).toBe(uris[1])
      },
    )
  })
