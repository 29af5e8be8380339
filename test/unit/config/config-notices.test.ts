import { expect, test } from 'bun:test'
import { configNotices } from '../../../src/config/config-notices.ts'
import type { Environment } from '../../../src/config/config-sources.ts'
import { configOf, credentials, load } from '../../support/load-config.ts'

function eventsFor(env: Environment): readonly string[] {
  const all = { ...credentials, ...env }
  const loaded = load({ purpose: 'serve', env: all })
  return configNotices(configOf(loaded), loaded.settings, all).map(({ event }) => event)
}

test('nothing is said on a machine of one’s own', () => {
  expect(eventsFor({})).toEqual([])
  expect(eventsFor({ DYNO: '' })).toEqual([])
})

test('on a hosting platform, an address that nobody reaches and a queue that forgets are named', () => {
  for (const variable of ['DYNO', 'K_SERVICE']) {
    expect(eventsFor({ [variable]: 'web.1' })).toEqual(['config_host_unreachable', 'config_queue_lossy'])
  }
  expect(eventsFor({ DYNO: 'web.1', HOST: '0.0.0.0' })).toEqual(['config_queue_lossy'])
  expect(eventsFor({ DYNO: 'web.1', HOST: '127.0.0.1' })).toEqual(['config_queue_lossy'])
  const redis = { QUEUE_BACKEND_TYPE: 'redis', REDIS_URL: 'redis://r' }
  expect(eventsFor({ DYNO: 'web.1', HOST: '0.0.0.0', ...redis })).toEqual([])
  expect(eventsFor({ DYNO: 'web.1', HOST: '0.0.0.0', WEBHOOK_ENABLED: 'false' })).toEqual([])
})

test('on Kubernetes, sessions that live in one pod are named', () => {
  const kubernetes = { KUBERNETES_SERVICE_HOST: '10.0.0.1', HOST: '0.0.0.0', WEBHOOK_ENABLED: 'false' }
  expect(eventsFor(kubernetes)).toEqual(['config_sessions_local'])
  expect(eventsFor({ ...kubernetes, MCP_SESSIONS: 'stateless' })).toEqual([])
  expect(eventsFor({ ...kubernetes, WEBHOOK_ENABLED: 'true', MCP_ENABLED: 'false' })).toEqual([
    'config_queue_lossy',
  ])
})
