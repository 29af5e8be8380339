import { describe, expect, test } from 'bun:test'
import { AppError } from '../../../src/base/errors.ts'
import { Secret } from '../../../src/base/secret.ts'
import {
  type AuthenticatorOptions,
  challengeOf,
  createAuthenticator,
  unrestrictedPolicy,
} from '../../../src/mcp/auth.ts'
import { RecordingMetrics } from '../../support/recording-metrics.ts'

const readOnly = { ...unrestrictedPolicy, isReadOnly: true }

function bench(options: Partial<AuthenticatorOptions> = {}) {
  const metrics = new RecordingMetrics()
  const authenticate = createAuthenticator({
    tokens: [
      { name: 'alice', token: new Secret('alice-token'), policy: unrestrictedPolicy },
      { name: 'bob', token: new Secret('bob-token'), policy: readOnly },
    ],
    adminTokens: [new Secret('admin-token')],
    isOpenOnLoopback: false,
    metrics,
    ...options,
  })
  const refusal = (request: Request): AppError => {
    try {
      authenticate(request)
    } catch (error) {
      if (error instanceof AppError) return error
    }
    return expect.unreachable()
  }
  return { authenticate, refusal, metrics }
}

function withAuthorization(authorization: string, url = 'http://localhost/mcp'): Request {
  return new Request(url, { headers: { authorization } })
}

describe('lets in', () => {
  const rows = [
    ['Bearer alice-token', 'alice', unrestrictedPolicy],
    ['bearer alice-token', 'alice', unrestrictedPolicy],
    ['BEARER  alice-token', 'alice', unrestrictedPolicy],
    ['Bearer bob-token', 'bob', readOnly],
  ] as const
  for (const [authorization, name, policy] of rows)
    test(authorization, () => {
      expect(bench().authenticate(withAuthorization(authorization))).toEqual({ name, policy })
    })
})

describe('refuses', () => {
  const rows = [
    ['a missing header', new Request('http://localhost/mcp'), 'missing'],
    ['an unknown token', withAuthorization('Bearer carol-token'), 'unknown_token'],
    ['a token with a tail', withAuthorization('Bearer alice-token2'), 'unknown_token'],
    ['the beginning of a token', withAuthorization('Bearer alice-toke'), 'unknown_token'],
    ['another scheme', withAuthorization('Basic alice-token'), 'malformed_header'],
    ['no token', withAuthorization('Bearer'), 'malformed_header'],
    ['two tokens', withAuthorization('Bearer alice-token, Bearer bob-token'), 'malformed_header'],
    ['the bare token', withAuthorization('alice-token'), 'malformed_header'],
  ] as const
  for (const [what, request, reason] of rows)
    test(what, () => {
      const { refusal, metrics } = bench()
      const error = refusal(request)
      expect([error.code, error.details]).toEqual(['MCP_UNAUTHORIZED', { reason }])
      expect(metrics.sum('slackmcp_auth_failures_total', { surface: 'mcp', reason })).toBe(1)
    })

  for (const query of ['access_token=alice-token', 'token=alice-token'])
    test(`a good header beside ?${query}`, () => {
      const request = withAuthorization('Bearer alice-token', `http://localhost/mcp?${query}`)
      expect(bench().refusal(request).details).toEqual({ reason: 'token_in_query' })
    })

  test('the admin token, saying that it is the wrong one', () => {
    const { refusal, metrics } = bench()
    expect(refusal(withAuthorization('Bearer admin-token')).code).toBe('MCP_TOKEN_FORBIDDEN')
    expect(metrics.sum('slackmcp_auth_failures_total', { reason: 'forbidden' })).toBe(1)
  })
})

test('takes a token that is also an admin token for one of MCP', () => {
  const { authenticate } = bench({ adminTokens: [new Secret('alice-token'), new Secret('admin-token')] })
  expect(authenticate(withAuthorization('Bearer alice-token')).name).toBe('alice')
})

describe('open on loopback', () => {
  const open = { isOpenOnLoopback: true }
  const from = (host: string, headers: Readonly<Record<string, string>> = {}) =>
    new Request('http://localhost/mcp', { headers: { host, ...headers } })

  for (const host of ['localhost:3000', '127.0.0.1', '[::1]:3000'])
    test(`lets everybody in at ${host}`, () => {
      expect(bench(open).authenticate(from(host))).toEqual({ name: 'local', policy: unrestrictedPolicy })
    })

  test('still knows who brings a token', () => {
    const request = from('localhost', { authorization: 'Bearer bob-token' })
    expect(bench(open).authenticate(request).name).toBe('bob')
  })

  test('refuses a wrong token rather than ignoring it', () => {
    const request = from('localhost', { authorization: 'Bearer carol-token' })
    expect(bench(open).refusal(request).code).toBe('MCP_UNAUTHORIZED')
  })

  test('refuses a public host name', () => {
    expect(bench(open).refusal(from('slack.example.com')).details).toEqual({
      reason: 'host_is_not_loopback',
    })
  })

  for (const header of [
    'forwarded',
    'via',
    'x-forwarded-for',
    'x-forwarded-proto',
    'x-forwarded-x',
    'x-real-ip',
  ])
    test(`refuses what came through a proxy that sends ${header}`, () => {
      const error = bench(open).refusal(from('localhost', { [header]: 'x' }))
      expect([error.code, error.details]).toEqual(['MCP_FORBIDDEN', { reason: 'proxied_without_token' }])
    })
})

test('the challenge names the scheme, and the fault where a token was given', () => {
  const missing = new AppError('MCP_UNAUTHORIZED', { details: { reason: 'missing' } })
  const wrong = new AppError('MCP_UNAUTHORIZED', { details: { reason: 'unknown_token' } })
  expect([challengeOf(missing), challengeOf(wrong)]).toEqual([
    'Bearer realm="slack-integrated-server"',
    'Bearer realm="slack-integrated-server", error="invalid_token"',
  ])
})
