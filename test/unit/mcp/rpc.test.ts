import { describe, expect, test } from 'bun:test'
import { echoableId, parseRpcMessage } from '../../../src/mcp/rpc.ts'

describe('a message', () => {
  const rows: readonly (readonly [what: string, value: unknown, kind: string | undefined])[] = [
    ['request', { jsonrpc: '2.0', id: 1, method: 'ping' }, 'request'],
    ['request with the id 0', { jsonrpc: '2.0', id: 0, method: 'ping' }, 'request'],
    ['request with an empty id', { jsonrpc: '2.0', id: '', method: 'ping' }, 'request'],
    ['request with params', { jsonrpc: '2.0', id: 1, method: 'ping', params: {} }, 'request'],
    ['notification', { jsonrpc: '2.0', method: 'x' }, 'notification'],
    ['result', { jsonrpc: '2.0', id: 1, result: {} }, 'answer'],
    ['error', { jsonrpc: '2.0', id: 1, error: { code: -1, message: 'x' } }, 'answer'],
    ['of another version', { jsonrpc: '1.0', id: 1, method: 'ping' }, undefined],
    ['without a version', { id: 1, method: 'ping' }, undefined],
    ['with the id null', { jsonrpc: '2.0', id: null, method: 'ping' }, undefined],
    ['with half an id', { jsonrpc: '2.0', id: 1.5, method: 'ping' }, undefined],
    ['with an object as id', { jsonrpc: '2.0', id: {}, method: 'ping' }, undefined],
    ['with a list as params', { jsonrpc: '2.0', id: 1, method: 'ping', params: [] }, undefined],
    ['with a number as method', { jsonrpc: '2.0', id: 1, method: 5 }, undefined],
    [
      'with result and error',
      { jsonrpc: '2.0', id: 1, result: {}, error: { code: 1, message: '' } },
      undefined,
    ],
    ['error without a code', { jsonrpc: '2.0', id: 1, error: { message: 'x' } }, undefined],
    ['error that is text', { jsonrpc: '2.0', id: 1, error: 'x' }, undefined],
    ['result that is text', { jsonrpc: '2.0', id: 1, result: 'x' }, undefined],
    ['with nothing in it', { jsonrpc: '2.0', id: 1 }, undefined],
    ['that is a list', [], undefined],
    ['that is null', null, undefined],
    ['that is text', 'x', undefined],
  ]
  for (const [what, value, kind] of rows)
    test(what, () => {
      expect(parseRpcMessage(value)?.kind).toBe(kind as never)
    })

  test('keeps what it carries', () => {
    const value = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'x', _meta: { a: 1 } } }
    expect(parseRpcMessage(value)?.message).toEqual(value as never)
  })
})

test('the id of a request that cannot be read otherwise is still echoed', () => {
  expect([{ id: 5, method: 7 }, { id: 'a' }, { id: null }, {}, [], null].map(echoableId)).toEqual([
    5,
    'a',
    null,
    null,
    null,
    null,
  ])
})
