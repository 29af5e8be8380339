import { describe, expect, test } from 'bun:test'
import { createCors } from '../../../src/mcp/cors.ts'

const options = {
  origins: ['https://app.example.com'],
  methods: ['GET', 'POST', 'DELETE'],
  headers: ['X-Custom'],
  allowCredentials: false,
}

function preflight(origin: string, headers: Readonly<Record<string, string>> = {}): Request {
  return new Request('http://localhost/mcp', {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST', ...headers },
  })
}

test('answers the preflight of a listed origin', () => {
  const response = createCors(options).preflight(preflight('https://app.example.com'))
  expect(response?.status).toBe(204)
  expect(Object.fromEntries(response?.headers ?? [])).toEqual({
    'access-control-allow-headers':
      'Authorization, Content-Type, Last-Event-ID, MCP-Protocol-Version, Mcp-Method, Mcp-Name, Mcp-Session-Id, X-Correlation-Id, X-Custom',
    'access-control-allow-methods': 'GET, POST, DELETE',
    'access-control-allow-origin': 'https://app.example.com',
    'access-control-expose-headers':
      'Mcp-Session-Id, MCP-Protocol-Version, Retry-After, WWW-Authenticate, X-Correlation-Id',
    'access-control-max-age': '600',
    vary: 'Origin',
  })
})

test('names no header twice, however it is spelt', () => {
  const twice = createCors({ ...options, headers: ['mcp-protocol-version', 'AUTHORIZATION', 'X-Custom'] })
  const allowed = (from: ReturnType<typeof createCors>) =>
    from.preflight(preflight('https://app.example.com'))?.headers.get('access-control-allow-headers')
  expect(allowed(twice)).toBe(allowed(createCors(options)))
})

test('lets through headers that mirror arguments, and no others that were not listed', () => {
  const asked = { 'access-control-request-headers': 'Mcp-Param-Channel, X-Evil, mcp-param-a b' }
  const response = createCors(options).preflight(preflight('https://app.example.com', asked))
  const allowed = response?.headers.get('access-control-allow-headers') ?? ''
  expect(allowed).toEndWith('X-Custom, mcp-param-channel')
})

describe('does not answer', () => {
  const cors = createCors(options)
  test('the preflight of another origin', () => {
    expect(cors.preflight(preflight('https://evil.example.com'))).toBeUndefined()
  })
  test('OPTIONS that is no preflight', () => {
    const request = new Request('http://localhost/', {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example.com' },
    })
    expect(cors.preflight(request)).toBeUndefined()
  })
  test('anything, where no origin is configured', () => {
    const closed = createCors({ ...options, origins: [] })
    expect(closed.preflight(preflight('https://app.example.com'))).toBeUndefined()
    const headers = new Headers()
    closed.decorate(preflight('https://app.example.com'), headers)
    expect([...headers]).toEqual([])
  })
})

test('lets another origin read nothing', () => {
  const headers = new Headers()
  createCors(options).decorate(preflight('https://evil.example.com'), headers)
  expect(Object.fromEntries(headers)).toEqual({ vary: 'Origin' })
})

test('allows credentials for named origins only', () => {
  const headers = new Headers()
  createCors({ ...options, allowCredentials: true }).decorate(preflight('https://app.example.com'), headers)
  expect(headers.get('access-control-allow-credentials')).toBe('true')
  expect(() => createCors({ ...options, origins: ['*'], allowCredentials: true })).toThrow(TypeError)
})

test('says * where every origin may read', () => {
  const headers = new Headers()
  createCors({ ...options, origins: ['*'] }).decorate(preflight('https://any.example.com'), headers)
  expect(headers.get('access-control-allow-origin')).toBe('*')
})
