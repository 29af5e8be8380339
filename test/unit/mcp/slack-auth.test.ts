import { describe, expect, test } from 'bun:test'
import { AppError } from '../../../src/base/errors.ts'
import type { Principal, SlackUser } from '../../../src/mcp/registry.ts'
import { createSlackAuth } from '../../../src/mcp/slack-auth.ts'
import { createSigningKeys, signBody } from '../../../src/slack/signature.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { RecordingMetrics } from '../../support/recording-metrics.ts'

const secret = 'a-signing-secret'

function bench(isAllowed: (user: SlackUser) => boolean = () => true) {
  const clock = new FakeClock()
  const metrics = new RecordingMetrics()
  const auth = createSlackAuth({ signingKeys: () => createSigningKeys([secret]), isAllowed, clock, metrics })
  const body = (slack: unknown = { user_id: 'U123', team_id: 'T123' }) => ({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/list',
    params: { _meta: { slack } },
  })
  const sign = (value: object, options: { secret?: string; ageSeconds?: number } = {}) => {
    const timestamp = Math.floor(clock.now() / 1000) - (options.ageSeconds ?? 0)
    const text = JSON.stringify(value)
    return new Request('http://localhost/mcp', {
      method: 'POST',
      headers: {
        'x-slack-signature': signBody(options.secret ?? secret, timestamp, text),
        'x-slack-request-timestamp': String(timestamp),
      },
      body: text,
    })
  }
  const admit = (request: Request, value: object): Principal => {
    const claim = auth.claim(request)
    const proven = auth.prove(claim, new TextEncoder().encode(JSON.stringify(value)))
    const principal = auth.principalOf(proven, value)
    auth.remember(proven)
    return principal
  }
  const refusal = (request: Request, value: object): AppError => {
    try {
      admit(request, value)
    } catch (error) {
      if (error instanceof AppError) return error
    }
    return expect.unreachable()
  }
  return { auth, clock, metrics, body, sign, admit, refusal }
}

test('the user that Slack names is the principal', () => {
  const { body, sign, admit } = bench()
  const value = body({ user_id: 'U123', team_id: 'T123', enterprise_id: 'E123' })
  expect(admit(sign(value), value)).toEqual({
    name: 'slack:T123:U123',
    policy: { isReadOnly: false, toolsets: undefined, channels: undefined },
    slackUser: { userId: 'U123', teamId: 'T123', enterpriseId: 'E123' },
  })
})

describe('refuses', () => {
  test('a body that was changed after it was signed', () => {
    const { body, sign, refusal, metrics } = bench()
    const error = refusal(sign(body()), body({ user_id: 'U999', team_id: 'T123' }))
    expect([error.code, error.details]).toEqual(['MCP_UNAUTHORIZED', { reason: 'slack_signature' }])
    expect(metrics.sum('slackmcp_auth_failures_total', { reason: 'bad_signature' })).toBe(1)
  })
  test("another app's signature", () => {
    const { body, sign, refusal } = bench()
    expect(refusal(sign(body(), { secret: 'another' }), body()).code).toBe('MCP_UNAUTHORIZED')
  })
  for (const [ageSeconds, isStale] of [
    [300, false],
    [301, true],
    [-300, false],
    [-301, true],
  ] as const)
    test(`${isStale ? 'a signature' : 'nothing'} ${ageSeconds} seconds old`, () => {
      const { body, sign, admit, refusal, metrics } = bench()
      const request = sign(body(), { ageSeconds })
      if (!isStale) {
        expect(admit(request, body()).name).toBe('slack:T123:U123')
        return
      }
      expect(refusal(request, body()).code).toBe('MCP_UNAUTHORIZED')
      expect(metrics.sum('slackmcp_auth_failures_total', { reason: 'stale' })).toBe(1)
    })

  const users: readonly unknown[] = [
    undefined,
    null,
    {},
    { user_id: 'U123' },
    { team_id: 'T123' },
    { user_id: 'alice', team_id: 'T123' },
    { user_id: 'U123\n', team_id: 'T123' },
    { user_id: 'U123', team_id: 'X123' },
    { user_id: ['U123'], team_id: 'T123' },
  ]
  for (const user of users)
    test(`a signed body that names the user ${JSON.stringify(user)}`, () => {
      const { sign, refusal } = bench()
      const value = { jsonrpc: '2.0', id: 1, method: 'ping', params: { _meta: { slack: user } } }
      expect(refusal(sign(value), value).code).toBe('MCP_UNAUTHORIZED')
    })

  test('a user of a workspace that the token does not belong to', () => {
    const { body, sign, refusal, metrics } = bench(({ teamId }) => teamId === 'T999')
    const error = refusal(sign(body()), body())
    expect([error.code, error.details]).toEqual(['MCP_FORBIDDEN', { reason: 'foreign_workspace' }])
    expect(metrics.sum('slackmcp_auth_failures_total', { surface: 'mcp', reason: 'forbidden' })).toBe(1)
  })
})

describe('a signature seen again', () => {
  for (const [afterMs, isReadOnly] of [
    [0, true],
    [600_000 - 1, true],
    [600_000, false],
  ] as const)
    test(`${afterMs} ms later may ${isReadOnly ? 'only read' : 'write'}`, async () => {
      const { auth, body, sign, clock } = bench()
      const value = body()
      const bytes = new TextEncoder().encode(JSON.stringify(value))
      const proven = auth.prove(auth.claim(sign(value)), bytes)
      expect(auth.principalOf(proven, value).policy.isReadOnly).toBe(false)
      auth.remember(proven)
      await clock.advance(afterMs)
      expect(auth.principalOf(proven, value).policy.isReadOnly).toBe(isReadOnly)
    })

  test('is none while the request was not let in', () => {
    const { auth, body, sign } = bench()
    const value = body()
    const proven = auth.prove(auth.claim(sign(value)), new TextEncoder().encode(JSON.stringify(value)))
    auth.principalOf(proven, value)
    expect(auth.principalOf(proven, value).policy.isReadOnly).toBe(false)
  })

  test('another signature of the same user may write', () => {
    const { body, sign, admit } = bench()
    admit(sign(body()), body())
    const other = { ...body(), id: 2 }
    expect(admit(sign(other), other).policy.isReadOnly).toBe(false)
  })
})

describe('is asked', () => {
  const { auth } = bench()
  const rows = [
    ['for what says that Slack signed it', { 'x-slack-signature': 'v0=0' }, true],
    ['not for what brings a token too', { 'x-slack-signature': 'v0=0', authorization: 'Bearer x' }, false],
    ['not for anything else', {}, false],
  ] as const
  for (const [what, headers, isAsked] of rows)
    test(what, () => {
      expect(auth.isFor(new Request('http://localhost/mcp', { headers }))).toBe(isAsked)
    })
})
