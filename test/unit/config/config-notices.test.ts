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

test('a credential of an unusual form is named, and where the right one is; never what it says', () => {
  const hex = '0123456789abcdef0123456789abcdef'
  const named = (env: Environment) => {
    const all = { ...credentials, ...quiet, ...env }
    return configNotices(load({ purpose: 'serve', env: all }), all).map(({ level, event, fields }) => {
      expect([level, event]).toEqual(['warn', 'slack_credential_suspected'])
      expect(fields.advice).toContain('https://api.slack.com/apps > your app > ')
      expect(fields.advice).not.toContain('canary')
      return fields['option']
    })
  }
  for (const token of ['xoxb-1', 'xoxe.xoxb-1-a']) expect(named({ SLACK_BOT_TOKEN: token })).toEqual([])
  for (const token of ['xoxp-canary', 'xoxe-1-canary', 'canary-xoxb-1'])
    expect(named({ SLACK_BOT_TOKEN: token })).toEqual(['SLACK_BOT_TOKEN'])
  expect(named({ SLACK_USER_TOKEN: 'xoxp-1' })).toEqual([])
  expect(named({ SLACK_USER_TOKEN: 'xoxb-canary' })).toEqual(['SLACK_USER_TOKEN'])
  expect(named({ SLACK_SIGNING_SECRET: `${hex},${hex}` })).toEqual([])
  for (const secret of [hex.slice(1), `${hex}0`, `${hex.slice(1)}g`, 'canary', `${hex},canary`])
    expect(named({ SLACK_SIGNING_SECRET: secret })).toEqual(['SLACK_SIGNING_SECRET'])
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

test('on a platform that ends processes, a queue that goes with them is called so, and why', () => {
  const lossy = (env: Environment) => {
    const all = { ...credentials, ...token, HOST: '0.0.0.0', MCP_SESSIONS: 'stateless', ...env }
    return configNotices(load({ purpose: 'serve', env: all }), all).map(({ event, fields }) => {
      expect(event).toBe('queue_is_lossy')
      return [fields['platform'], fields.problem, fields.advice]
    })
  }
  const sqlite = { QUEUE_BACKEND_TYPE: 'sqlite', STATE_DIR: '/var/lib/s' }
  const toRedis = 'QUEUE_BACKEND_TYPE=redis (with REDIS_URL) keeps them.'
  for (const [variable, platform, why] of [
    ['DYNO', 'Heroku', 'Heroku restarts dynos every day'],
    ['K_SERVICE', 'Cloud Run', 'Cloud Run ends instances that are idle'],
  ] as const) {
    const there = { [variable]: 'web.1' }
    const disk = `${why}, and the disk with STATE_DIR goes with them`
    expect(lossy(there)).toEqual([
      [platform, `memory: accepted events are lost when the process ends (${why})`, toRedis],
    ])
    expect(lossy({ ...there, ...sqlite })).toEqual([
      [platform, `sqlite: accepted events are lost: ${disk}`, toRedis],
    ])
    expect(lossy({ ...there, ...durable, STATE_DIR: '/var/lib/s' })).toEqual([
      [
        platform,
        `redis: accepted events that Redis does not have yet are lost: ${disk}`,
        'Leave STATE_DIR away.',
      ],
    ])
    expect(lossy({ ...there, ...durable })).toEqual([])
    expect(lossy({ ...there, ...sqlite, WEBHOOK_ENABLED: 'false' })).toEqual([])
  }
  const pod = { KUBERNETES_SERVICE_HOST: '10.0.0.1' }
  expect(lossy(pod).map(([platform]) => platform)).toEqual(['Kubernetes'])
  // It may be a volume.
  expect(lossy({ ...pod, ...sqlite })).toEqual([])
  expect(lossy(sqlite)).toEqual([])
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
