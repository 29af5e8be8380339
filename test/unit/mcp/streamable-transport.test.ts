import { expect, test } from 'bun:test'
import { AppError } from '../../../src/base/errors.ts'
import { EventLog } from '../../../src/mcp/event-log.ts'
import { StreamableTransport } from '../../../src/mcp/streamable-transport.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function createBench() {
  const eventLog = new EventLog()
  const transport = new StreamableTransport({
    clock: new FakeClock(),
    eventLog,
    sessionId: 'session',
    inFlightMax: 1,
    measure: () => () => 0,
  })
  return { eventLog, transport }
}

const notice = { jsonrpc: '2.0', method: 'notifications/tools/list_changed' } as const

test('keeps notices for resumption only where a reader has been, and none beyond its session', async () => {
  const { eventLog, transport } = createBench()
  await transport.send(notice)
  expect(eventLog.size).toBe(0)
  const { body } = transport.openStream(null)
  await transport.send(notice)
  await body?.cancel()
  await transport.send(notice)
  expect(eventLog.size).toBe(2)
  transport.end(new AppError('MCP_SESSION_NOT_FOUND'))
  expect(eventLog.size).toBe(0)
})

test('lets another reader have the stream once the last one left', async () => {
  const { transport } = createBench()
  const { body } = transport.openStream(null)
  expect(() => transport.openStream(null)).toThrow(expect.objectContaining({ code: 'MCP_STREAM_TAKEN' }))
  await body?.cancel()
  expect(transport.hasStream).toBe(false)
  transport.openStream(null)
  transport.end(new AppError('MCP_SESSION_NOT_FOUND'))
})
