import { describe, expect, test } from 'bun:test'
import { Secret } from '../../../src/base/secret.ts'
import { createRedactor, isSecretName, redacted } from '../../../src/observe/redaction.ts'

describe('secrets by shape', () => {
  const redactor = createRedactor([])
  const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U'
  const rows: readonly (readonly [text: string, shown: string])[] = [
    ['hi xoxb-3', `hi ${redacted}`],
    ['xoxb-12345-67890-AbCdEf', redacted],
    ['XOXP-1-2-3', redacted],
    ['prefix_xoxa-2-1 and xoxs-9.', `prefix_${redacted} and ${redacted}`],
    ['xoxe.xoxp-1-Mi0y', redacted],
    ['xoxe-1-My0xLTE', redacted],
    ['cookie d is xoxd-abc%2Bdef%2F==', `cookie d is ${redacted}`],
    ['xapp-1-A02-123-abc', redacted],
    ['xwfp-12-34', redacted],
    [jwt, redacted],
    ['Bearer abcdef', `Bearer ${redacted}`],
    ['a bearer token is missing', 'a bearer token is missing'],
    ['Authorization: Basic dXNlcjpwYXNz', `Authorization: ${redacted}`],
    ['{"authorization":"Bearer abc"}', `{"authorization":"${redacted}"}`],
    ['Cookie: d=abc; b=1', `Cookie: ${redacted}`],
    ['redis://user:p@ss@host:6379/0', `redis://${redacted}@host:6379/0`],
    ['rediss://:pw@[::1]:6379', `rediss://${redacted}@[::1]:6379`],
    ['https://host/path@home', 'https://host/path@home'],
    ['GET /x?token=abc&y=1', `GET /x?token=${redacted}&y=1`],
    ['?access_token=abc', `?access_token=${redacted}`],
    ['client_secret=s3cr3t;', `client_secret=${redacted};`],
    ['{"refresh_token": "abc\\"def", "ok":true}', `{"refresh_token": "${redacted}", "ok":true}`],
    [
      'https://slack.example.com/oauth?code=12.34&state=x',
      `https://slack.example.com/oauth?code=${redacted}&state=x`,
    ],
    ['https://hooks.slack.com/services/T1/B2/xyz failed', `https://hooks.slack.com/${redacted} failed`],
    ['channel C024BE91L is archived', 'channel C024BE91L is archived'],
    ['2026-11-22T09:14:00.000Z', '2026-11-22T09:14:00.000Z'],
  ]
  for (const [text, shown] of rows) {
    test(`shows ${JSON.stringify(text)} as ${JSON.stringify(shown)}`, () => {
      expect(redactor.redact(text)).toBe(shown)
    })
  }

  test('stays linear on input made to be slow', () => {
    const slow = ['eyJ', '://', 'token=', 'bearer ', 'xoxb', 'authorization', "secret'", '"token":"\\']
    for (const piece of slow) {
      const small = timeOf(() => redactor.redact(piece.repeat(2_000)))
      const large = timeOf(() => redactor.redact(piece.repeat(20_000)))
      // Quadratic would be 100 times; the floor keeps the noise of microseconds out.
      expect({ piece, isLinear: large < Math.max(small, 0.5) * 50 }).toEqual({ piece, isLinear: true })
    }
  })
})

function timeOf(run: () => void): number {
  const times = Array.from({ length: 3 }, () => {
    const start = Bun.nanoseconds()
    run()
    return (Bun.nanoseconds() - start) / 1_000_000
  })
  return Math.min(...times)
}

describe('secrets by value', () => {
  test('hides a known value wherever it stands, also as JSON and as part of a URL', () => {
    const redactor = createRedactor([new Secret('8f74"2231/b10e')])
    expect(redactor.redact('x8f74"2231/b10ey')).toBe(`x${redacted}y`)
    expect(redactor.redact(JSON.stringify({ a: '8f74"2231/b10e' }))).toBe(`{"a":"${redacted}"}`)
    expect(redactor.redact(`/p/${encodeURIComponent('8f74"2231/b10e')}`)).toBe(`/p/${redacted}`)
  })

  test('hides what is added later', () => {
    const redactor = createRedactor([])
    expect(redactor.redact('opensesame')).toBe('opensesame')
    redactor.hide(new Secret('opensesame'))
    expect(redactor.redact('opensesame')).toBe(redacted)
  })

  test('leaves nothing of a secret that contains another', () => {
    const redactor = createRedactor([new Secret('abcd'), new Secret('abcdefgh')])
    expect(redactor.redact('abcdefgh abcd')).toBe(`${redacted} ${redacted}`)
  })

  test('looks for values of four characters and not of three', () => {
    const redactor = createRedactor([new Secret('pqr'), new Secret('wxyz')])
    expect(redactor.redact('pqr wxyz')).toBe(`pqr ${redacted}`)
    expect(redactor.secretCharactersMax()).toBe(4)
  })
})

test('names of secret fields are told from names that only speak of them', () => {
  const secret = ['token', 'botToken', 'signing_secret', 'PASSWORD', 'x-api-key', 'cookies', 'privateKey']
  const harmless = [
    'token_count',
    'has_token_x',
    'secretary',
    'key',
    'event_key',
    'passwords_seen',
    'tokenizer',
  ]
  expect(secret.filter((name) => !isSecretName(name))).toEqual([])
  expect(harmless.filter(isSecretName)).toEqual([])
})
