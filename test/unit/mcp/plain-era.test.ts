import { describe, expect, test } from 'bun:test'
import {
  isLegacyRequest,
  PROTOCOL_VERSION_META_KEY,
  RELATED_TASK_META_KEY,
} from '@modelcontextprotocol/server'
import fc from 'fast-check'
import { plainEra } from '../../../src/mcp/plain-era.ts'

const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: {} } }
const claim = { [PROTOCOL_VERSION_META_KEY]: '2026-07-28' }
const headersOf = (version: string | undefined) =>
  new Headers(version === undefined ? {} : { 'mcp-protocol-version': version })

describe('a request in a plain form', () => {
  test('of the older revisions is known by itself, with every form of an id, of params and of a version', () => {
    for (const id of [0, 1, -5, '', 'a'])
      expect(plainEra(headersOf(undefined), { ...call, id })).toBe('legacy')
    for (const version of ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])
      expect(plainEra(headersOf(version), call)).toBe('legacy')
    for (const params of [undefined, {}, { _meta: {} }, { _meta: { progressToken: 0, other: [] } }])
      expect(plainEra(headersOf(undefined), { ...call, params })).toBe('legacy')
  })

  test('of the newer revision is known by its claim, whatever the claim and the headers say', () => {
    for (const version of ['2026-07-28', '2099-01-01', 1, null]) {
      const params = { _meta: { [PROTOCOL_VERSION_META_KEY]: version } }
      expect(plainEra(headersOf('2026-07-28'), { ...call, params })).toBe('modern')
      expect(plainEra(headersOf('2025-11-25'), { ...call, params })).toBe('modern')
    }
  })

  test('is left to the SDK wherever something else could be meant', () => {
    const others: readonly unknown[] = [
      ...[null, 1.5, true, {}, undefined].map((id) => ({ ...call, id })),
      ...[[], null, 'x', { _meta: null }, { _meta: [] }].map((params) => ({ ...call, params })),
      ...[{ progressToken: 1.5 }, { [RELATED_TASK_META_KEY]: {} }].map((_meta) => ({
        ...call,
        params: { _meta },
      })),
      { ...call, method: 'initialize', params: { _meta: claim } },
      { ...call, method: 1 },
      { ...call, jsonrpc: '1.0' },
      { ...call, more: 1 },
      [call],
      undefined,
    ]
    for (const body of others) expect(plainEra(headersOf(undefined), body)).toBeUndefined()
    for (const version of ['2026-07-28', '2099-01-01', ''])
      expect(plainEra(headersOf(version), call)).toBeUndefined()
  })
})

test('the SDK says the same of whatever has a plain form', async () => {
  const value = fc.oneof(
    fc.constantFrom<unknown>('2.0', 1, 0, 'a', null, [], {}, 'tools/call', 'initialize', '2026-07-28', 1.5),
    fc.jsonValue(),
  )
  const key = fc.constantFrom('jsonrpc', 'id', 'method', 'params', '_meta', 'result', 'error', '__proto__')
  const metaKey = fc.constantFrom(PROTOCOL_VERSION_META_KEY, RELATED_TASK_META_KEY, 'progressToken', 'other')
  const methods = fc.constantFrom('tools/call', 'initialize', 'server/discover', 'x')
  const body = fc.oneof(
    fc.dictionary(key, value),
    fc.dictionary(key, value).map((changed) => ({ ...call, ...changed })),
    fc.dictionary(fc.oneof(key, fc.string()), value).map((params) => ({ ...call, params })),
    fc
      .tuple(methods, fc.dictionary(metaKey, value))
      .map(([method, _meta]) => ({ ...call, method, params: { _meta } })),
  )
  const version = fc.constantFrom(
    undefined,
    '2024-11-05',
    '2025-11-25',
    '2026-07-28',
    '2099-01-01',
    ' 2025-06-18',
  )
  const seen = { legacy: 0, modern: 0 }
  await fc.assert(
    fc.asyncProperty(body, version, async (given, named) => {
      const headers = headersOf(named)
      const era = plainEra(headers, given)
      if (era === undefined) return
      seen[era]++
      const request = new Request('http://localhost/mcp', { method: 'POST', headers })
      expect(await isLegacyRequest(request, given)).toBe(era === 'legacy')
    }),
    { numRuns: 2000 },
  )
  expect(Math.min(seen.legacy, seen.modern)).toBeGreaterThan(0)
})
