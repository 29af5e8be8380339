import { describe, expect, test } from 'bun:test'
import { configWith } from '../../../src/config/default-config.ts'
import { type ConfigPurpose, optionRules } from '../../../src/config/option-rules.ts'
import type { Config } from '../../../src/config/option-table.ts'
import { credentials, type LoadInput, load } from '../../support/load-config.ts'
import { verifies } from '../../support/verifies.ts'

const token = 't'.repeat(32)
const systemFile = '/etc/slack-integrated-server/config.toml'

/** The variables (or file keys) that a configuration is refused for. */
function refusedFor(input: LoadInput & { readonly purpose: ConfigPurpose }): readonly string[] {
  return load(input).problems.map(({ subject }) => subject.split(' (')[0] ?? subject)
}

const serve = (env: Readonly<Record<string, string>>, files = {}) =>
  refusedFor({ purpose: 'serve', env: { ...credentials, ...env }, files })

describe('what each command needs', () => {
  const { SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET } = credentials
  const bot = { SLACK_BOT_TOKEN }
  const signing = { SLACK_SIGNING_SECRET }

  verifies('S29', 'serve needs the bot token, unless MCP is off, and stdio always', () => {
    expect(refusedFor({ purpose: 'serve', env: signing })).toEqual(['SLACK_BOT_TOKEN'])
    expect(refusedFor({ purpose: 'serve', env: { ...signing, MCP_ENABLED: 'false' } })).toEqual([])
    for (const env of [{}, { MCP_ENABLED: 'false' }]) {
      const { problems } = load({ purpose: 'stdio', env })
      expect(problems.map(({ message }) => message)).toEqual(['is required for the tools of MCP'])
    }
  })

  verifies('S30', 'serve needs the signing secret, unless the webhook is off', () => {
    expect(refusedFor({ purpose: 'serve', env: bot })).toEqual(['SLACK_SIGNING_SECRET'])
    expect(refusedFor({ purpose: 'serve', env: { ...bot, WEBHOOK_ENABLED: 'false' } })).toEqual([])
    expect(refusedFor({ purpose: 'stdio', env: bot, presets: { webhookEnabled: 'false' } })).toEqual([])
  })

  test('serve needs something to serve', () => {
    expect(serve({ MCP_ENABLED: 'false', WEBHOOK_ENABLED: 'false' })).toEqual(['MCP_ENABLED'])
  })

  test('token needs a key, whichever; print needs nothing', () => {
    expect(refusedFor({ purpose: 'token', env: {} })).toEqual(['SLACK_SIGNING_SECRET'])
    expect(refusedFor({ purpose: 'token', env: bot })).toEqual([])
    expect(refusedFor({ purpose: 'token', env: signing })).toEqual([])
    expect(refusedFor({ purpose: 'print', env: {} })).toEqual([])
  })
})

test('a backend needs its place', () => {
  expect(serve({ QUEUE_BACKEND_TYPE: 'redis' })).toEqual(['REDIS_URL'])
  expect(serve({ QUEUE_BACKEND_TYPE: 'redis', REDIS_URL: 'redis://localhost' })).toEqual([])
  expect(serve({ QUEUE_BACKEND_TYPE: 'sqlite' })).toEqual(['STATE_DIR'])
  expect(serve({ QUEUE_BACKEND_TYPE: 'sqlite', STATE_DIR: '/var/lib/x' })).toEqual([])
  expect(serve({ QUEUE_BACKEND_TYPE: 'sqlite', STATE_DIRECTORY: '/var/lib/x' })).toEqual([])
  expect(serve({ QUEUE_BACKEND_TYPE: 'sqlite', STATE_DIR: 'var' })).toEqual(['STATE_DIR'])
})

test('a certificate authority is for a Redis over TLS', () => {
  const redis = { QUEUE_BACKEND_TYPE: 'redis', REDIS_TLS_CA: '/etc/redis-ca.pem' }
  expect(serve({ ...redis, REDIS_URL: 'redis://localhost' })).toEqual(['REDIS_TLS_CA'])
  expect(serve({ ...redis, REDIS_URL: 'rediss://localhost' })).toEqual([])
  expect(serve({ ...redis, REDIS_URL: 'rediss://localhost', REDIS_TLS_CA: 'ca.pem' })).toEqual([
    'REDIS_TLS_CA',
  ])
})

verifies('config:auth:none', 'MCP without authentication is for loopback addresses and names alone', () => {
  expect(serve({ MCP_AUTH: 'none' })).toEqual([])
  for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost']) {
    expect([host, serve({ MCP_AUTH: 'none', HOST: host })]).toEqual([host, []])
  }
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', 'example.com']) {
    expect([host, serve({ MCP_AUTH: 'none', HOST: host })]).toEqual([host, ['MCP_AUTH']])
  }
  expect(serve({ MCP_AUTH: 'none', PUBLIC_URL: 'https://a.example' })).toEqual(['MCP_AUTH'])
  expect(serve({ MCP_AUTH: 'none', ALLOWED_HOSTS: 'localhost:3000,a.example:3000' })).toEqual(['MCP_AUTH'])
  expect(serve({ MCP_AUTH: 'none', ALLOWED_HOSTS: 'localhost:3000,[::1]:3000' })).toEqual([])
  expect(serve({ MCP_AUTH: 'token,none' })).toEqual(['MCP_AUTH'])
  // Where there is no MCP, there is nothing to be open.
  expect(serve({ MCP_AUTH: 'none', HOST: '0.0.0.0', MCP_ENABLED: 'false' })).toEqual([])
})

test('the admin port is a port of its own', () => {
  expect(serve({ PORT: '3000', ADMIN_PORT: '3000' })).toEqual(['ADMIN_PORT'])
  expect(serve({ PORT: '3000', ADMIN_PORT: '3001' })).toEqual([])
  expect(serve({ PORT: '0', ADMIN_PORT: '0' })).toEqual([])
})

test('CORS takes any origin, or credentials, but not both', () => {
  expect(serve({ CORS_ALLOW_ORIGINS: '*' })).toEqual([])
  expect(serve({ CORS_ALLOW_ORIGINS: 'https://a.example', CORS_ALLOW_CREDENTIALS: 'true' })).toEqual([])
  expect(serve({ CORS_ALLOW_ORIGINS: '*', CORS_ALLOW_CREDENTIALS: 'true' })).toEqual(['CORS_ALLOW_ORIGINS'])
})

verifies('mcp:cors:any', 'cannot be where MCP takes no credentials', () => {
  expect(serve({ CORS_ALLOW_ORIGINS: '*', MCP_AUTH: 'none' })).toEqual(['CORS_ALLOW_ORIGINS'])
  expect(serve({ CORS_ALLOW_ORIGINS: 'https://a.example', MCP_AUTH: 'none' })).toEqual([])
  expect(serve({ CORS_ALLOW_ORIGINS: '*', MCP_AUTH: 'none', MCP_ENABLED: 'false' })).toEqual([])
})

test('one principal cannot have more sessions than there are', () => {
  expect(serve({ MCP_SESSIONS_MAX: '10', MCP_SESSIONS_PER_PRINCIPAL_MAX: '10' })).toEqual([])
  expect(serve({ MCP_SESSIONS_MAX: '10', MCP_SESSIONS_PER_PRINCIPAL_MAX: '11' })).toEqual([
    'MCP_SESSIONS_PER_PRINCIPAL_MAX',
  ])
})

describe('tokens and their policies', () => {
  const policy = (name: string, file?: string) =>
    `[[mcp.tokens]]\nname = "${name}"${file === undefined ? '' : `\ntoken_file = "${file}"`}\n`

  test('each policy has one token', () => {
    const env = { MCP_AUTH_TOKENS: `ci:${token}` }
    expect(serve(env, { [systemFile]: policy('ci') })).toEqual([])
    expect(serve({}, { [systemFile]: policy('ci') })).toEqual(['[mcp] tokens'])
    expect(serve(env, { [systemFile]: policy('other') })).toEqual(['[mcp] tokens'])
    expect(serve(env, { [systemFile]: policy('ci', '/t'), '/t': `${token}2` })).toEqual(['[mcp] tokens'])
    expect(serve(env, { [systemFile]: policy('bot', '/t'), '/t': `${token}2` })).toEqual([])
  })

  test('no two names have the same token', () => {
    expect(serve({ MCP_AUTH_TOKENS: `a:${token},b:${token}` })).toEqual(['MCP_AUTH_TOKENS'])
    const env = { MCP_AUTH_TOKENS: `a:${token}` }
    expect(serve(env, { [systemFile]: policy('b', '/t'), '/t': token })).toEqual(['MCP_AUTH_TOKENS'])
  })
})

verifies('S38', 'streamable-http needs no mount path, and takes one', () => {
  expect(serve({ MCP_TRANSPORT: 'streamable-http' })).toEqual([])
  expect(serve({ MCP_TRANSPORT: 'streamable-http', MCP_MOUNT_PATH: '' })).toEqual([])
  expect(serve({ MCP_TRANSPORT: 'streamable-http', MCP_MOUNT_PATH: '/api/mcp' })).toEqual([])
})

test('a rule is not looked at where an option that it concerns is malformed', () => {
  expect(serve({ MCP_AUTH: 'none', HOST: 'http://x' })).toEqual(['HOST'])
})

test('a rule reads only the options that it concerns', () => {
  const policy = { name: 'a', tokenFile: undefined, token: undefined, isReadOnly: false }
  const situations: readonly Partial<Config>[] = [
    {},
    { mcpEnabled: false, webhookEnabled: false },
    { queueBackendType: 'redis', corsAllowCredentials: true, adminPort: 1 },
    { queueBackendType: 'sqlite', mcpAuth: ['none'], publicUrl: 'https://a.example', allowedHosts: ['b'] },
    { mcpTokens: [{ ...policy, toolsets: undefined, channels: undefined }] },
  ]
  for (const rule of optionRules) {
    const read = new Set<string>()
    for (const situation of situations) {
      const watched = new Proxy<Config>(configWith(situation), {
        get(target, key, receiver) {
          read.add(String(key))
          return Reflect.get(target, key, receiver)
        },
      })
      rule.when(watched)
      rule.holds(watched)
    }
    const unannounced = [...read].filter((key) => !rule.concerns.some((concerned) => concerned === key))
    expect([rule.message, unannounced]).toEqual([rule.message, []])
  }
})

describe('FORWARD_URL', () => {
  verifies('forward:target', 'leads out over https, to this machine, or where the operator says so', () => {
    const ordinary = [
      'https://consumer.example.com/slack?code=1',
      'https://consumer.example.com:8443/',
      'http://127.0.0.1:4000/hook',
      'http://localhost:4000/hook',
      'http://[::1]:4000/hook',
      // One address, spelt so that a list of forbidden spellings misses it.
      'http://2130706433/hook',
      'http://0x7f.1/hook',
    ]
    for (const url of ordinary) expect([url, serve({ FORWARD_URL: url })]).toEqual([url, []])
    const inward = [
      'http://consumer.example.com/',
      'http://169.254.169.254/latest/meta-data',
      'https://169.254.169.254/',
      'https://10.0.0.7/',
      'https://0xa000007/',
      'https://[fd00::1]/',
      'https://[::ffff:10.0.0.7]/',
      'https://consumer/',
      'http://consumer.default.svc:8080/',
    ]
    for (const url of inward) {
      expect([url, serve({ FORWARD_URL: url })]).toEqual([url, ['FORWARD_URL']])
      expect(serve({ FORWARD_URL: url, FORWARD_PRIVATE_NETWORK: 'true' })).toEqual([])
    }
  })

  test('is a URL without credentials, and needs the webhook', () => {
    for (const url of [
      'consumer.example.com',
      'ftp://consumer.example.com/',
      'https://u:p@example.com/',
      'https://a.example/#x',
    ]) {
      expect([url, serve({ FORWARD_URL: url })]).toEqual([url, ['FORWARD_URL']])
    }
    expect(serve({ FORWARD_URL: 'https://consumer.example.com/', WEBHOOK_ENABLED: 'false' })).toEqual([
      'FORWARD_URL',
    ])
  })

  verifies(
    'forward:secret',
    'is never signed with the signing secret, which would let its receiver pose as Slack',
    () => {
      const { SLACK_SIGNING_SECRET } = credentials
      const secrets = `${SLACK_SIGNING_SECRET},${token}`
      expect(serve({ FORWARD_SECRET: token })).toEqual([])
      expect(serve({ FORWARD_SECRET: token, SLACK_SIGNING_SECRET: secrets })).toEqual(['FORWARD_SECRET'])
      expect(serve({ FORWARD_SECRET: token.slice(1) })).toEqual(['FORWARD_SECRET'])
    },
  )
})
