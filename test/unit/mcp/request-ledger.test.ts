import { expect, test } from 'bun:test'
import { unrestrictedPolicy } from '../../../src/mcp/auth.ts'
import { RequestLedger } from '../../../src/mcp/request-ledger.ts'
import { parseRpcMessage, type RpcMessage } from '../../../src/mcp/rpc.ts'

const call = { principal: { name: 'alice', policy: unrestrictedPolicy }, correlationId: 'c' }

function cancelled(requestId: unknown): RpcMessage {
  const message = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } }
  return parseRpcMessage(message) ?? expect.unreachable()
}

test('gives ids from 1 up, so that none is falsy', () => {
  const ledger = new RequestLedger(8)
  expect([0, '', 'a', 1].map((id) => ledger.begin(id, call))).toEqual([1, 2, 3, 4])
  expect([1, 2, 3, 4].map((own) => ledger.settle(own))).toEqual([0, '', 'a', 1])
})

test('tells 1 from "1"', () => {
  const ledger = new RequestLedger(8)
  expect([ledger.begin(1, call), ledger.begin('1', call)]).toEqual([1, 2])
})

test('refuses an id in flight, and takes it again afterwards', () => {
  const ledger = new RequestLedger(8)
  expect(ledger.begin(7, call)).toBe(1)
  expect(ledger.begin(7, call)).toBe('duplicate')
  ledger.settle(1)
  expect(ledger.begin(7, call)).toBe(2)
})

test('holds as many as it may', () => {
  const ledger = new RequestLedger(2)
  expect(['a', 'b', 'c'].map((id) => ledger.begin(id, call))).toEqual([1, 2, 'full'])
  ledger.settle(1)
  expect(ledger.begin('c', call)).toBe(3)
})

test('settles a request once', () => {
  const ledger = new RequestLedger(2)
  ledger.begin('a', call)
  expect([ledger.callOf(1), ledger.settle(1), ledger.settle(1), ledger.callOf(1)]).toEqual([
    call,
    'a',
    undefined,
    undefined,
  ])
})

test('knows the request that a cancellation is about', () => {
  const ledger = new RequestLedger(8)
  ledger.begin(0, call)
  expect(ledger.cancelled(cancelled(0))).toBe(1)
  expect([5, undefined, null, {}].map((id) => ledger.cancelled(cancelled(id)))).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ])
  const other = parseRpcMessage({ jsonrpc: '2.0', method: 'notifications/x', params: { requestId: 0 } })
  expect(ledger.cancelled(other ?? expect.unreachable())).toBeUndefined()
})
