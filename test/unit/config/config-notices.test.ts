import { expect, test } from 'bun:test'
import { configNotices } from '../../../src/config/config-notices.ts'
import type { Environment } from '../../../src/config/config-sources.ts'
import { credentials, load } from '../../support/load-config.ts'

function eventsFor(env: Environment): readonly string[] {
  const all = { ...credentials, ...env }
  const loaded = load({ purpose: 'serve', env: all })
  return configNotices(loaded, all).map(({ event }) => event)
}

const token = { MCP_AUTH_TOKENS: 't'.repeat(32) }
const durable = { QUEUE_BACKEND_TYPE: 'redis', REDIS_URL: 'redis://r' }
const quiet = { ...token, ...durable }

test('nothing is said of a server that keeps its events and has its tokens', () => {
  expect(eventsFor(quiet)).toEqual([])
  expect(eventsFor({ ...quiet, DYNO: '' })).toEqual([])
})

test('a derived token is told of, and how to get it', () => {
  expect(eventsFor(durable)).toEqual(['mcp_token_derived'])
  expect(eventsFor({ ...durable, MCP_AUTH: 'none' })).toEqual([])
  expect(eventsFor({ ...durable, MCP_ENABLED: 'false' })).toEqual([])
  const [notice] = configNotices(load({ purpose: 'serve', env: { ...credentials, ...durable } }), {})
  expect(notice?.fields.advice).toContain('"slack-integrated-server token"')
})

test('a queue that forgets is called so', () => {
  expect(eventsFor(token)).toEqual(['queue_is_lossy'])
  expect(eventsFor({ ...token, WEBHOOK_ENABLED: 'false' })).toEqual([])
})

test('on a hosting platform, an address that nobody reaches is named unless it was chosen', () => {
  for (const variable of ['DYNO', 'K_SERVICE']) {
    expect(eventsFor({ ...quiet, [variable]: 'web.1' })).toEqual(['server_host_suspected'])
    expect(eventsFor({ ...quiet, [variable]: 'web.1', HOST: '0.0.0.0' })).toEqual([])
    expect(eventsFor({ ...quiet, [variable]: 'web.1', HOST: '127.0.0.1' })).toEqual([])
  }
})

test('on Kubernetes, sessions that live in one pod are named', () => {
  const kubernetes = { ...quiet, KUBERNETES_SERVICE_HOST: '10.0.0.1', HOST: '0.0.0.0' }
  expect(eventsFor(kubernetes)).toEqual(['mcp_sessions_are_local'])
  expect(eventsFor({ ...kubernetes, MCP_SESSIONS: 'stateless' })).toEqual([])
  expect(eventsFor({ ...kubernetes, MCP_ENABLED: 'false' })).toEqual([])
})

test('nothing is said of a configuration that is refused', () => {
  expect(configNotices(load({ purpose: 'serve' }), { DYNO: 'web.1' })).toEqual([])
})
