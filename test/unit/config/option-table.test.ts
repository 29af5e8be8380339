import { describe, expect, test } from 'bun:test'
import { defaultText } from '../../../src/config/option-describe.ts'
import { namedOptions, subjectOf } from '../../../src/config/option-names.ts'
import { optionGroups } from '../../../src/config/option-row.ts'
import { verifies } from '../../support/verifies.ts'

function optionWithEnv(env: string) {
  const option = namedOptions.find((candidate) => candidate.env === env)
  if (option === undefined) throw new Error(`no option ${env}`)
  return option
}

/** Variable, flag and default, as published. */
function published(env: string): readonly unknown[] {
  const option = optionWithEnv(env)
  return [option.flag, defaultText(option)]
}

verifies('S29', 'SLACK_BOT_TOKEN has no flag and no default', () => {
  expect(published('SLACK_BOT_TOKEN')).toEqual([undefined, undefined])
})
verifies('S30', 'SLACK_SIGNING_SECRET has no flag and no default', () => {
  expect(published('SLACK_SIGNING_SECRET')).toEqual([undefined, undefined])
})
verifies('S31', 'MCP_TRANSPORT is --transport and sse', () => {
  expect(published('MCP_TRANSPORT')).toEqual(['--transport', 'sse'])
})
verifies('S32', 'MCP_MOUNT_PATH is --mount-path and /mcp', () => {
  expect(published('MCP_MOUNT_PATH')).toEqual(['--mount-path', '/mcp'])
})
verifies('S33', 'SLACK_EVENTS_TOPIC is slack.events', () => {
  expect(published('SLACK_EVENTS_TOPIC')).toEqual(['--slack-events-topic', 'slack.events'])
})
verifies('S34', 'QUEUE_BACKEND_TYPE, or QUEUE_BACKEND, is memory', () => {
  expect(published('QUEUE_BACKEND_TYPE')).toEqual(['--queue-backend', 'memory'])
  expect(optionWithEnv('QUEUE_BACKEND_TYPE').envAliases).toEqual(['QUEUE_BACKEND'])
})
verifies('S35', 'HOST is --host and loopback, so that MCP is never open by accident', () => {
  expect(published('HOST')).toEqual(['--host', '127.0.0.1'])
})
verifies('S36', 'PORT is --port and 3000', () => {
  expect(published('PORT')).toEqual(['--port', '3000'])
})
verifies('S37', 'LOG_LEVEL is --log-level and INFO', () => {
  expect(published('LOG_LEVEL')).toEqual(['--log-level', 'INFO'])
})
verifies('S39', 'the six flags of the specification have their names and defaults', () => {
  const flags = ['--transport', '--mount-path', '--host', '--port', '--log-level', '--retry']
  const found = flags.map((flag) => namedOptions.find((option) => option.flag === flag))
  expect(found.map((option) => option && defaultText(option))).toEqual([
    'sse',
    '/mcp',
    '127.0.0.1',
    '3000',
    'INFO',
    '3',
  ])
})

test('names that other tools rely on stay', () => {
  const names = [
    'SLACK_API_URL',
    'REDIS_URL',
    'STATE_DIR',
    'PUBLIC_URL',
    'ALLOWED_HOSTS',
    'ADMIN_TOKEN',
    'ADMIN_PORT',
    'MCP_AUTH',
    'MCP_AUTH_TOKENS',
    'MCP_SESSIONS',
    'MCP_TOOLSETS',
    'CORS_ALLOW_ORIGINS',
    'CORS_ALLOW_METHODS',
    'CORS_ALLOW_HEADERS',
    'CORS_ALLOW_CREDENTIALS',
  ]
  for (const name of names) expect(optionWithEnv(name).env).toBe(name)
  expect(optionWithEnv('STATE_DIR').row.envOfServiceManager).toBe('STATE_DIRECTORY')
  const toggles = ['--webhook', '--mcp', '--docs', '--read-only']
  expect(toggles.filter((flag) => !namedOptions.some((option) => option.flag === flag))).toEqual([])
})

describe('every row', () => {
  test('has a variable for its flag', () => {
    expect(namedOptions.filter(({ flag, env }) => flag !== undefined && env === undefined)).toEqual([])
  })

  test('has names of its own', () => {
    for (const names of [
      namedOptions.flatMap(({ env, envAliases }) => [...(env === undefined ? [] : [env]), ...envAliases]),
      namedOptions.flatMap(({ flag }) => flag ?? []),
      namedOptions.map(({ row, fileKey }) => `${row.group}.${fileKey}`),
    ]) {
      expect(names.toSorted()).toEqual([...new Set(names)].toSorted())
    }
  })

  test('has no flag where it is a secret, and a credential of the same name', () => {
    for (const { row, flag, env, credential } of namedOptions) {
      if (row.secret !== true) expect(credential).toBeUndefined()
      else {
        expect(flag).toBeUndefined()
        expect(credential).toBe(env?.toLowerCase())
      }
    }
  })

  test('describes itself in whole sentences, stands in a known group, and does not shadow NAME_FILE', () => {
    for (const { row, env } of namedOptions) {
      expect(row.description).toMatch(/^[A-Za-z/].*\.$/)
      expect(Object.keys(optionGroups)).toContain(row.group)
      expect(env ?? '').not.toEndWith('_FILE')
    }
  })
})

test('an option is called by every spelling that may be changed', () => {
  expect(subjectOf(optionWithEnv('MCP_TRANSPORT'))).toBe('MCP_TRANSPORT (--transport, [mcp] transport)')
  expect(subjectOf(optionWithEnv('REDIS_URL'))).toBe('REDIS_URL (REDIS_URL_FILE, [queue] redis_url)')
})

test('a toggle that is on by default says what its flag does, which turns it off', () => {
  const on = namedOptions.filter(({ flag, row }) => flag !== undefined && row.schema.default === true)
  expect(on.map(({ key }) => key)).toEqual(['mcpEnabled', 'mcpDms', 'webhookEnabled', 'docsEnabled'])
  for (const { key, row } of on)
    expect([key, row.negation]).toEqual([key, expect.stringMatching(/^[A-Z].*\.$/)])
  for (const { row } of namedOptions) if (row.schema.default !== true) expect(row.negation).toBeUndefined()
})
