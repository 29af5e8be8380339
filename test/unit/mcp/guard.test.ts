import { describe, expect, test } from 'bun:test'
import { createHostGuard, type GuardFault } from '../../../src/mcp/guard.ts'

function requestTo(host: string, origin?: string): Request {
  const headers = new Headers({ host, ...(origin !== undefined && { origin }) })
  return new Request('http://localhost/mcp', { headers })
}

type Row = readonly [host: string, origin: string | undefined, fault: GuardFault | undefined]

describe('with a list', () => {
  const guard = createHostGuard({
    allowedHosts: ['slack.example.com', 'other.example.com:8443'],
    allowedOrigins: ['https://app.example.com'],
  })
  const rows: readonly Row[] = [
    ['localhost', undefined, undefined],
    ['localhost:3000', undefined, undefined],
    ['127.0.0.1:3000', undefined, undefined],
    ['[::1]:3000', undefined, undefined],
    ['slack.example.com', undefined, undefined],
    ['SLACK.example.com', undefined, undefined],
    ['slack.example.com:443', undefined, undefined],
    ['other.example.com:8443', undefined, undefined],
    ['other.example.com', undefined, 'host'],
    ['other.example.com:1', undefined, 'host'],
    ['evil.example.com', undefined, 'host'],
    ['slack.example.com.evil.com', undefined, 'host'],
    ['localhost.evil.com', undefined, 'host'],
    ['slack.example.com, evil.com', undefined, 'host'],
    ['user@slack.example.com', undefined, 'host'],
    ['slack.example.com/x', undefined, 'host'],
    ['', undefined, 'host'],
    ['slack.example.com', 'https://slack.example.com', undefined],
    ['slack.example.com:443', 'https://slack.example.com', undefined],
    ['localhost:3000', 'http://localhost:3000', undefined],
    ['localhost:3000', 'http://localhost:3001', 'origin'],
    ['localhost:3000', 'http://127.0.0.1:3000', 'origin'],
    ['slack.example.com', 'https://app.example.com', undefined],
    ['slack.example.com', 'http://app.example.com', 'origin'],
    ['slack.example.com', 'https://evil.example.com', 'origin'],
    ['slack.example.com', 'null', 'origin'],
    ['slack.example.com', 'file://slack.example.com', 'origin'],
    ['evil.example.com', 'http://evil.example.com', 'host'],
  ]
  for (const [host, origin, fault] of rows)
    test(`Host ${host || '(empty)'}, Origin ${origin ?? '(none)'}`, () => {
      expect(guard(requestTo(host, origin))).toBe(fault as never)
    })
})

describe('where any valid host is allowed', () => {
  const guard = createHostGuard({ allowedHosts: 'any', allowedOrigins: [] })
  const rows: readonly Row[] = [
    ['10.0.0.7:3000', undefined, undefined],
    ['anything.example.com', undefined, undefined],
    ['a, b', undefined, 'host'],
    ['anything.example.com', 'https://other.example.com', 'origin'],
  ]
  for (const [host, origin, fault] of rows)
    test(`Host ${host}, Origin ${origin ?? '(none)'}`, () => {
      expect(guard(requestTo(host, origin))).toBe(fault as never)
    })
})

test('lets pages of every origin in where * is listed, and looks at the host as ever', () => {
  const guard = createHostGuard({ allowedHosts: ['slack.example.com'], allowedOrigins: ['*'] })
  expect(guard(requestTo('slack.example.com', 'https://any.example'))).toBeUndefined()
  expect(guard(requestTo('evil.example', 'https://any.example'))).toBe('host')
})
