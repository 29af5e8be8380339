import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { Secret } from '../../../src/base/secret.ts'
import { decodeOption, type RawValue } from '../../../src/config/option-decode.ts'
import { optionOf } from '../../../src/config/option-names.ts'
import type { OptionKey } from '../../../src/config/option-table.ts'
import { verifies } from '../../support/verifies.ts'

function decode(key: OptionKey, raw: RawValue): unknown {
  const result = decodeOption(optionOf(key), raw)
  return result.kind === 'value' ? result.value : { refused: result.message }
}

const text = (key: OptionKey, value: string) => decode(key, { kind: 'text', text: value })
const json = (key: OptionKey, value: unknown) => decode(key, { kind: 'json', json: value })
const isRefused = (value: unknown) => typeof value === 'object' && value !== null && 'refused' in value

describe('integers as text', () => {
  verifies(
    'config:decode:integer',
    'takes plain digits within the bounds, and nothing that only looks like a number',
    () => {
      expect(['0', '3000', '65535', '007'].map((value) => text('port', value))).toEqual([0, 3000, 65_535, 7])
      const refused = [
        '-1',
        '65536',
        '1.5',
        '1e3',
        '0x50',
        '+1',
        '1_000',
        '٣',
        'true',
        'NaN',
        '1234567890123456',
      ]
      for (const value of refused) {
        expect(text('port', value)).toEqual({
          refused: `expected an integer from 0 to 65535, got "${value}"`,
        })
      }
    },
  )

  test('agrees with the schema for every text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.integer().map(String), fc.double().map(String)), (value) => {
        const isPort = /^-?\d{1,15}$/.test(value) && Number(value) >= 0 && Number(value) <= 65_535
        expect(isRefused(text('port', value))).toBe(!isPort)
      }),
    )
  })
})

test('booleans as text are true and false alone', () => {
  expect([text('mcpReadOnly', 'true'), text('mcpReadOnly', 'false')]).toEqual([true, false])
  for (const value of ['1', '0', 'yes', 'True', 'on', ' true'])
    expect(isRefused(text('mcpReadOnly', value))).toBe(true)
})

describe('values of the configuration file', () => {
  test('have the type of the option', () => {
    expect(json('port', 80)).toBe(80)
    expect(json('mcpReadOnly', true)).toBe(true)
    expect(json('allowedHosts', ['a.example', 'B.example:3000'])).toEqual(['a.example', 'b.example:3000'])
    for (const value of ['80', 80.5, 65_536, true, [80], {}])
      expect(isRefused(json('port', value))).toBe(true)
    for (const value of ['true', 1]) expect(isRefused(json('mcpReadOnly', value))).toBe(true)
    for (const value of [[1], [['a.example']], 7]) expect(isRefused(json('allowedHosts', value))).toBe(true)
  })

  test('of a list may be one text, with the same meaning as in the environment', () => {
    expect(json('allowedHosts', 'a.example, b.example')).toEqual(['a.example', 'b.example'])
    const secrets = json('slackSigningSecret', 'one,two')
    expect(Array.isArray(secrets) && secrets.map((secret: Secret) => secret.reveal())).toEqual(['one', 'two'])
    expect(isRefused(json('mcpToolsets', 'a b'))).toBe(true)
    expect(isRefused(json('mcpTokens', 'name:token'))).toBe(true)
  })
})

describe('choices', () => {
  test('name the nearest choice and what is possible', () => {
    expect(text('mcpTransport', 'streamable_http')).toEqual({
      refused: 'expected sse or streamable-http, got "streamable_http"; did you mean streamable-http?',
    })
    expect(text('queueBackendType', 'kafka')).toEqual({
      refused: 'expected one of memory, sqlite, redis, got "kafka"',
    })
  })

  test('say what to do instead of what people try', () => {
    expect(text('mcpTransport', 'stdio')).toEqual({
      refused:
        'expected sse or streamable-http, got "stdio": stdio is a command of its own, "slack-integrated-server stdio"',
    })
    expect(text('mcpTransport', 'socket-mode')).toEqual({
      refused:
        'expected sse or streamable-http, got "socket-mode": Socket Mode is not supported; Slack delivers events to the webhook',
    })
  })

  test('of the log level take any case and the names of other loggers', () => {
    const given = ['INFO', 'debug', 'Warn', 'WARNING', 'critical', 'trace', 'error']
    expect(given.map((value) => text('logLevel', value))).toEqual([
      'info',
      'debug',
      'warn',
      'warn',
      'fatal',
      'trace',
      'error',
    ])
    expect(json('logLevel', 'debug')).toBe('debug')
    expect(isRefused(text('logLevel', 'verbose'))).toBe(true)
    expect(isRefused(json('logLevel', 7))).toBe(true)
  })
})

describe('lists as text', () => {
  test('are cut at commas, without blanks and empty items', () => {
    expect(text('mcpToolsets', 'messages, files,,')).toEqual(['messages', 'files'])
    expect(text('corsAllowOrigins', 'https://a.example,http://localhost:5173')).toEqual([
      'https://a.example',
      'http://localhost:5173',
    ])
  })

  test('refuse a malformed item', () => {
    expect(isRefused(text('corsAllowOrigins', 'https://a.example/path'))).toBe(true)
    expect(isRefused(text('mcpToolsets', 'a b'))).toBe(true)
    expect(isRefused(text('mcpAuth', 'token,basic'))).toBe(true)
    expect(isRefused(text('mcpAuth', ','))).toBe(true)
  })
})

describe('the mount path', () => {
  verifies(
    'config:decode:mount-path',
    'is made of plain segments and never shadows a path of the server',
    () => {
      expect(text('mcpMountPath', '/api/mcp')).toBe('/api/mcp')
      expect(text('mcpMountPath', '/api/mcp/')).toBe('/api/mcp')
      expect(text('mcpMountPath', '/healthy')).toBe('/healthy')
      const refused = [
        'mcp',
        '/',
        '//',
        '/a//b',
        '/a?b',
        '/a b',
        '/../x',
        '/a/./b',
        '/ä',
        '/health',
        '/slack/events/x',
        '/docs',
      ]
      for (const value of refused)
        expect([value, isRefused(text('mcpMountPath', value))]).toEqual([value, true])
    },
  )
})

describe('hosts and addresses', () => {
  test('the bind address is an address or a name, without scheme, port and path', () => {
    const good = ['0.0.0.0', '::', '::1', '[::1]', 'localhost', 'my-host.internal', 'a_b']
    expect(good.map((value) => text('host', value))).toEqual([
      '0.0.0.0',
      '::',
      '::1',
      '::1',
      'localhost',
      'my-host.internal',
      'a_b',
    ])
    for (const value of ['http://x', 'x:3000', 'a/b', '-a', '[::1', 'a..b', `${'a'.repeat(64)}.b`]) {
      expect([value, isRefused(text('host', value))]).toEqual([value, true])
    }
  })

  test('allowed hosts are names with an optional port', () => {
    expect(text('allowedHosts', 'MCP.example.com,10.0.0.7:3000,[::1]:80')).toEqual([
      'mcp.example.com',
      '10.0.0.7:3000',
      '[::1]:80',
    ])
    for (const value of [
      'https://a.example',
      'a.example/x',
      '*',
      'a.example:0',
      'a.example:123456',
      '*.example',
    ]) {
      expect([value, isRefused(text('allowedHosts', value))]).toEqual([value, true])
    }
  })

  test('trusted proxies are addresses and ranges', () => {
    const good = '10.0.0.0/8,fd00::/8,192.0.2.1,::1,0.0.0.0/0,::/128'
    expect(text('serverTrustedProxies', good)).toEqual(good.split(','))
    for (const value of [
      '10.0.0.0/33',
      'fd00::/129',
      '10.0.0.0/',
      '10.0.0.0/08',
      '10.0.0.0/8/8',
      'proxy',
      '10.0.0',
    ]) {
      expect([value, isRefused(text('serverTrustedProxies', value))]).toEqual([value, true])
    }
  })
})

describe('URLs', () => {
  verifies(
    'config:decode:slack-api-url',
    'a token never travels in the clear: http is for loopback alone',
    () => {
      expect(text('slackApiUrl', 'https://slack-gov.com/api')).toBe('https://slack-gov.com/api/')
      expect(text('slackApiUrl', 'http://127.0.0.1:4010/api/')).toBe('http://127.0.0.1:4010/api/')
      expect(text('slackApiUrl', 'http://[::1]:4010/')).toBe('http://[::1]:4010/')
      const refused = [
        'http://slack.com/api/',
        'http://127.0.0.1.evil.example/',
        'http://10.0.0.1/',
        'ftp://slack.com/',
        'slack.com',
        'https://u:p@slack.com/',
        'https://slack.com/?x',
        'https://slack.com/#x',
      ]
      for (const value of refused)
        expect([value, isRefused(text('slackApiUrl', value))]).toEqual([value, true])
    },
  )

  test('the public URL keeps its path and loses the slash at its end', () => {
    expect(text('publicUrl', 'https://slack.example.com/')).toBe('https://slack.example.com')
    expect(text('publicUrl', 'https://example.com/slack/')).toBe('https://example.com/slack')
    expect(isRefused(text('publicUrl', 'slack.example.com'))).toBe(true)
  })

  verifies(
    'config:decode:redis-url',
    'one Redis server is taken; Sentinel and Cluster are refused by name',
    () => {
      for (const value of ['redis://localhost', 'rediss://u:p@r.example:6380/1', 'redis://[::1]:6379/0']) {
        const decoded = text('redisUrl', value)
        expect(decoded instanceof Secret && decoded.reveal()).toBe(value)
      }
      const message =
        'Sentinel and Cluster are not supported; give the URL of one server, or of a proxy before them'
      for (const value of [
        'redis+sentinel://h',
        'redis-sentinel://h',
        'sentinel://h',
        'rediss+cluster://h',
        'redis://a:1,b:2',
      ]) {
        expect([value, text('redisUrl', value)]).toEqual([value, { refused: message }])
      }
      for (const value of ['redis.internal:6379', 'http://r', 'redis://', 'redis://h/db']) {
        expect([value, isRefused(text('redisUrl', value))]).toEqual([value, true])
      }
    },
  )
})

describe('secrets', () => {
  const token = 'a'.repeat(32)

  test('are wrapped, and several signing secrets are taken', () => {
    const secrets = text('slackSigningSecret', 'one,two')
    expect(Array.isArray(secrets) && secrets.map((secret: Secret) => secret.reveal())).toEqual(['one', 'two'])
  })

  test('refuse what was put into the wrong variable', () => {
    expect(text('slackBotToken', 'xapp-1-A')).toEqual({
      refused: 'this is an app-level token (xapp-), which the Web API does not take',
    })
    expect(text('slackSigningSecret', 'xoxb-1')).toEqual({
      refused: 'this is a token (xox…, xapp-…), not the signing secret of the app',
    })
    expect(text('slackBotToken', 'xoxb- 1')).toEqual({ refused: 'expected printable text without blanks' })
  })

  verifies('config:decode:token-length', 'a bearer token of 32 characters is taken, one of 31 is not', () => {
    expect(text('mcpAuthTokens', token)).toEqual([{ name: 'default', token: new Secret(token) }])
    expect(isRefused(text('mcpAuthTokens', token.slice(1)))).toBe(true)
    expect(isRefused(text('adminToken', token))).toBe(false)
    expect(isRefused(text('adminToken', token.slice(1)))).toBe(true)
  })

  test('bearer tokens carry names, which are told apart', () => {
    const names = (value: unknown) =>
      Array.isArray(value) && value.map((entry: { name: string }) => entry.name)
    expect(names(text('mcpAuthTokens', `ci:${token},${token}x`))).toEqual(['ci', 'default'])
    expect(text('mcpAuthTokens', `ci:${token},ci:${token}x`)).toEqual({
      refused: 'two tokens are named "ci"',
    })
    expect(isRefused(text('mcpAuthTokens', `a b:${token}`))).toBe(true)
    expect(isRefused(text('mcpAuthTokens', `${'n'.repeat(64)}:${token}`))).toBe(false)
    expect(isRefused(text('mcpAuthTokens', `${'n'.repeat(65)}:${token}`))).toBe(true)
  })

  test('bearer tokens are of the characters that a header can carry (RFC 6750)', () => {
    expect(isRefused(text('adminToken', `${token}-._~+/==`))).toBe(false)
    for (const bad of ['!', '"', 'ä', '=x'])
      expect(isRefused(text('adminToken', `${token}${bad}`))).toBe(true)
  })
})

describe('token policies', () => {
  test('take their fields and nothing else', () => {
    expect(
      json('mcpTokens', [
        { name: 'ci', token_file: '/t', read_only: true, toolsets: ['messages'], channels: ['#a'] },
      ]),
    ).toEqual([
      {
        name: 'ci',
        tokenFile: '/t',
        token: undefined,
        isReadOnly: true,
        toolsets: ['messages'],
        channels: ['#a'],
      },
    ])
    expect(json('mcpTokens', [{ name: 'ci' }])).toEqual([
      {
        name: 'ci',
        tokenFile: undefined,
        token: undefined,
        isReadOnly: false,
        toolsets: undefined,
        channels: undefined,
      },
    ])
    expect(json('mcpTokens', [{ name: 'ci', toolset: ['x'] }])).toEqual({
      refused:
        'expected tables with name, and optionally token_file, read_only, toolsets, channels; there is no key "toolset", did you mean toolsets?',
    })
    expect(json('mcpTokens', [{ name: 'ci' }, { name: 'ci' }])).toEqual({
      refused: 'two tokens are named "ci"',
    })
    for (const value of [{}, [{}], [{ name: 'a b' }], [{ name: 'ci', toolsets: 'x' }], ['ci']]) {
      expect(isRefused(json('mcpTokens', value))).toBe(true)
    }
  })
})

test('a value that is shown is one line and short, and a token in the wrong place is not shown', () => {
  expect(text('port', 'a\nb\u001b[31m')).toEqual({
    refused: 'expected an integer from 0 to 65535, got "a⏎b\\u{1b}[31m"',
  })
  expect(String((text('port', 'x'.repeat(500)) as { refused: string }).refused).length).toBeLessThan(140)
  expect(text('host', 'xoxb-123/456')).toEqual({
    refused: 'expected an IP address or a host name, without scheme and port, got a Slack token',
  })
})

describe("OpenTelemetry's variables", () => {
  verifies('traces:config', 'headers are pairs, percent-encoded, and secret', () => {
    expect(text('tracesHeaders', 'Authorization=Bearer%20a%3Db, x-key = v=w ,')).toEqual([
      { name: 'authorization', value: new Secret('Bearer a=b') },
      { name: 'x-key', value: new Secret('v=w') },
    ])
    for (const refused of ['x', '=v', 'x=', 'a b=c', 'x=%zz', 'x=%0d%0a', `x=${'v'.repeat(4_097)}`])
      expect([refused, isRefused(text('tracesHeaders', refused))]).toEqual([refused, true])
  })

  verifies('traces:config', 'a ratio is a number from 0 to 1, and nothing that only looks like one', () => {
    expect(['0', '1', '0.25', '.5', '1.0', '0.0'].map((value) => text('tracesSamplerArg', value))).toEqual([
      0, 1, 0.25, 0.5, 1, 0,
    ])
    for (const refused of ['1.1', '-0.1', '1e-3', '0x1', '50%', 'half', '1.', '00.5'])
      expect([refused, isRefused(text('tracesSamplerArg', refused))]).toEqual([refused, true])
    expect(json('tracesSamplerArg', 0.25)).toBe(0.25)
  })

  verifies('traces:config', 'a collector has a plain URL, and speaks OTLP over HTTP', () => {
    expect(text('tracesEndpoint', 'http://collector:4318/')).toBe('http://collector:4318')
    expect(text('tracesEndpoint', 'https://otlp.example.com/otlp')).toBe('https://otlp.example.com/otlp')
    for (const refused of [
      'collector:4318',
      'grpc://collector:4317',
      'http://u:p@collector',
      'http://c/?a=b',
    ])
      expect([refused, isRefused(text('tracesEndpoint', refused))]).toEqual([refused, true])
    expect(text('tracesProtocol', 'grpc')).toEqual({
      refused:
        'expected http/protobuf or http/json, got "grpc": use http/protobuf and the port of the OTLP/HTTP receiver, usually 4318',
    })
    expect(isRefused(text('tracesSampler', 'jaeger_remote'))).toBe(true)
    expect(isRefused(text('tracesResourceAttributes', 'no-value'))).toBe(true)
  })
})
