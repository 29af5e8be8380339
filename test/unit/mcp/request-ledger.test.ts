import { expect, test } from 'bun:test'
import { AppError } from '../../../src/base/errors.ts'
import { unrestrictedPolicy } from '../../../src/mcp/auth.ts'
import { RequestLedger } from '../../../src/mcp/request-ledger.ts'
import { parseRpcMessage, type RpcId, type RpcMessage, type RpcRequest } from '../../../src/mcp/rpc.ts'

const call = { principal: { name: 'alice', policy: unrestrictedPolicy }, correlationId: 'c' }

function createLedger(inFlightMax: number): RequestLedger {
  return new RequestLedger({ inFlightMax, measure: () => () => 0 })
}

function request(id: RpcId): RpcRequest {
  return { jsonrpc: '2.0', id, method: 'tools/list' }
}

function notification(method: string, requestId: unknown): RpcMessage {
  return parseRpcMessage({ jsonrpc: '2.0', method, params: { requestId } }) ?? expect.unreachable()
}

function answered(ledger: RequestLedger, own: number, result: object = {}): unknown {
  const answer = ledger.answer({ id: own, result })
  return answer === undefined ? undefined : JSON.parse(answer.data)
}

test('gives ids from 1 up, so that none is falsy, and answers under those of the client', () => {
  const ledger = createLedger(8)
  expect([0, '', 'a', 1].map((id) => ledger.begin(request(id), call))).toEqual([1, 2, 3, 4])
  expect([1, 2, 3, 4].map((own) => ledger.answer({ id: own, result: {} })?.data)).toEqual([
    '{"id":0,"result":{}}',
    '{"id":"","result":{}}',
    '{"id":"a","result":{}}',
    '{"id":1,"result":{}}',
  ])
})

test('tells 1 from "1"', () => {
  const ledger = createLedger(8)
  expect([ledger.begin(request(1), call), ledger.begin(request('1'), call)]).toEqual([1, 2])
})

test('refuses an id in flight, and takes it again afterwards', () => {
  const ledger = createLedger(8)
  expect(ledger.begin(request(7), call)).toBe(1)
  expect(() => ledger.begin(request(7), call)).toThrow(new AppError('MCP_REQUEST_INVALID'))
  ledger.drop(1)
  expect(ledger.begin(request(7), call)).toBe(2)
})

test('holds as many as it may', () => {
  const ledger = createLedger(2)
  expect(['a', 'b'].map((id) => ledger.begin(request(id), call))).toEqual([1, 2])
  expect(() => ledger.begin(request('c'), call)).toThrow(new AppError('MCP_CALLS_EXHAUSTED'))
  ledger.drop(1)
  expect(ledger.begin(request('c'), call)).toBe(3)
})

test('answers a request once', () => {
  const ledger = createLedger(2)
  ledger.begin(request('a'), call)
  expect([ledger.callOf(1), answered(ledger, 1), answered(ledger, 1), ledger.callOf(1)]).toEqual([
    call,
    { id: 'a', result: {} },
    undefined,
    undefined,
  ])
})

test('says nothing of the inside where the SDK answers an error by itself', () => {
  const ledger = createLedger(2)
  ledger.begin(request('a'), call)
  const answer = ledger.answer({ id: 1, error: { code: -32603, message: 'at /srv/app.ts:12' } })
  expect(answer?.data).toContain('"MCP_REQUEST_INVALID"')
  expect(answer?.data).not.toContain('/srv/')
})

test('knows the revision that the first answer with one named', () => {
  const ledger = createLedger(8)
  for (const id of [1, 2, 3]) ledger.begin(request(id), call)
  answered(ledger, 1)
  expect(ledger.negotiatedVersion).toBeUndefined()
  answered(ledger, 2, { protocolVersion: '2025-11-25' })
  answered(ledger, 3, { protocolVersion: 'a result of a tool may say so too' })
  expect(ledger.negotiatedVersion).toBe('2025-11-25')
})

test('answers everything that waits when it is over', () => {
  const ledger = createLedger(8)
  for (const id of ['a', 'b', 'c']) ledger.begin(request(id), call)
  ledger.drop(2)
  const refusals = ledger.refuseAll(new AppError('SHUTTING_DOWN', { component: 'mcp' }))
  expect(refusals.map(({ own, data }) => [own, JSON.parse(data)])).toMatchObject([
    [1, { id: 'a', error: { data: { error: { code: 'SHUTTING_DOWN', correlation_id: 'c' } } } }],
    [3, { id: 'c', error: { data: { error: { code: 'SHUTTING_DOWN', correlation_id: 'c' } } } }],
  ])
  expect([ledger.size, ledger.refuseAll(new AppError('SHUTTING_DOWN'))]).toEqual([0, []])
})

test('knows the request that a cancellation is about, and tells the SDK by our id', () => {
  const ledger = createLedger(8)
  ledger.begin(request(0), call)
  const cancelling = notification('notifications/cancelled', 0)
  expect(ledger.cancelled(cancelling)).toBe(1)
  expect(ledger.inbound(cancelling)).toEqual({
    jsonrpc: '2.0',
    method: 'notifications/cancelled',
    params: { requestId: 1 },
  })
  const strangers = [5, undefined, null, {}].map((id) => notification('notifications/cancelled', id))
  for (const other of [...strangers, notification('notifications/x', 0)]) {
    expect(ledger.cancelled(other)).toBeUndefined()
    expect(ledger.inbound(other)).toEqual(other.message as never)
  }
})
