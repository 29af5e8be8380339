import { describe, expect, test } from 'bun:test'
import { FakeClock } from '../support/fake-clock.ts'
import { createHoldingTool } from '../support/holding-tool.ts'
import { type McpHarnessOptions, sketchOffer, startMcp } from '../support/mcp-harness.ts'
import type { WireMessage } from '../support/mcp-wire-client.ts'
import { verifies } from '../support/verifies.ts'

/** A pipe whose other end is the server, with everything that it wrote. */
function openPipe(options: McpHarnessOptions = {}) {
  const mcp = startMcp(options)
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  const lines: string[] = []
  const listeners = new Set<() => void>()
  const abort = new AbortController()
  const served = mcp.plugin.serveStdio(
    {
      input: readable,
      write(line) {
        lines.push(line)
        for (const wake of listeners) wake()
      },
    },
    abort.signal,
  )
  const encoder = new TextEncoder()
  return {
    lines,
    served,
    stop: () => abort.abort(),
    write: (chunk: string | Uint8Array) =>
      writer.write(typeof chunk === 'string' ? encoder.encode(chunk) : chunk),
    end: () => writer.close(),
    /** The messages written so far, once there are `count`. */
    async messages(count: number): Promise<readonly WireMessage[]> {
      while (lines.length < count)
        await new Promise<void>((resolve) => {
          const wake = () => {
            listeners.delete(wake)
            resolve()
          }
          listeners.add(wake)
        })
      return lines.map((line) => JSON.parse(line) as WireMessage)
    },
    [Symbol.asyncDispose]: () => mcp[Symbol.asyncDispose](),
  }
}

const initialize = (id: number, filling = '') =>
  JSON.stringify({
    jsonrpc: '2.0',
    id,
    method: 'initialize',
    params: {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'x', version: '1' },
      filling,
    },
  })
const ping = (id: number) => JSON.stringify({ jsonrpc: '2.0', id, method: 'ping' })

const mebibytes4 = 4 * 1024 * 1024

describe('a line', () => {
  for (const [bytes, isTaken] of [
    [mebibytes4 - 1, true],
    [mebibytes4, true],
    [mebibytes4 + 1, false],
    [mebibytes4 + 1024 * 1024, false],
  ] as const)
    verifies(
      'mcp:stdio:lines',
      `of ${bytes} bytes is ${isTaken ? 'taken' : 'refused'}, and the session goes on`,
      async () => {
        await using pipe = openPipe()
        await pipe.write(`${initialize(1, 'x'.repeat(bytes - initialize(1).length))}\n`)
        await pipe.write(`${initialize(2)}\n`)
        const [first, second] = await pipe.messages(2)
        if (isTaken) expect(first).toMatchObject({ id: 1, result: { protocolVersion: '2025-11-25' } })
        else expect(first).toMatchObject({ id: null, error: { code: -32700 } })
        expect(second?.id).toBe(2)
      },
    )

  const bad: readonly (readonly [
    what: string,
    line: string | Uint8Array,
    code: number,
    id: number | null,
  ])[] = [
    ['that is no JSON', '{oops\n', -32700, null],
    ['that is not UTF-8', new Uint8Array([0x22, 0xff, 0x22, 0x0a]), -32700, null],
    ['that is nested too deeply', `${'['.repeat(100)}${']'.repeat(100)}\n`, -32700, null],
    ['that is no message', '{"jsonrpc":"2.0","id":9}\n', -32600, 9],
    ['that is a list', '[]\n', -32600, null],
  ]
  for (const [what, line, code, id] of bad)
    verifies('mcp:stdio:lines', `${what} is answered, and the session goes on`, async () => {
      await using pipe = openPipe()
      await pipe.write(line)
      await pipe.write(`${initialize(1)}\n`)
      const [refusal, answer] = await pipe.messages(2)
      expect(refusal).toMatchObject({ id, error: { code, data: { error: { code: 'MCP_REQUEST_INVALID' } } } })
      expect(answer).toMatchObject({ id: 1, result: {} })
    })

  test('may come in pieces, two at a time, or empty', async () => {
    await using pipe = openPipe()
    const [one, two, three] = [`${initialize(1)}\n`, `${ping(2)}\n`, `${ping(3)}\n`]
    await pipe.write(one.slice(0, 20))
    await pipe.write(`${one.slice(20)}\n\n${two}${three.slice(0, 5)}`)
    await pipe.write(three.slice(5))
    expect((await pipe.messages(3)).map(({ id }) => id)).toEqual([1, 2, 3])
  })
})

const call = (id: number) =>
  `${JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'hold', arguments: {} } })}\n`

describe('at the end of the input', () => {
  verifies('mcp:stdio:eof', 'it stops at once where nothing is in flight', async () => {
    await using pipe = openPipe()
    await pipe.write(`${initialize(1)}\n`)
    await pipe.messages(1)
    await pipe.end()
    await pipe.served
  })

  verifies('mcp:stdio:eof', 'a stream that listens keeps nobody waiting', async () => {
    await using pipe = openPipe({
      offer: sketchOffer({ tools: [createHoldingTool().tool] }),
      clock: new FakeClock(),
    })
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    }
    const params = { notifications: { toolsListChanged: true }, _meta }
    const method = 'subscriptions/listen'
    await pipe.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`)
    expect(await pipe.messages(1)).toMatchObject([{ method: 'notifications/subscriptions/acknowledged' }])
    await pipe.end()
    await pipe.served
  })

  verifies('mcp:stdio:eof', 'calls in flight are still answered', async () => {
    const { tool, began, open } = createHoldingTool()
    await using pipe = openPipe({ offer: sketchOffer({ tools: [tool] }) })
    await pipe.write(`${initialize(1)}\n${call(2)}`)
    await began
    await pipe.end()
    open()
    await pipe.served
    expect(JSON.parse(pipe.lines.at(-1) ?? '')).toMatchObject({
      id: 2,
      result: { structuredContent: { text: 'held' } },
    })
  })

  verifies('mcp:stdio:eof', 'a call that does not end is given up at the deadline', async () => {
    const { tool, began, outcome } = createHoldingTool()
    await using pipe = openPipe({ offer: sketchOffer({ tools: [tool] }), drainDeadlineMs: 30 })
    await pipe.write(`${initialize(1)}\n${call(2)}`)
    await began
    await pipe.end()
    await pipe.served
    expect(await outcome).toBe('gone')
    expect(pipe.lines).toHaveLength(1)
  })
})

test('a signal ends the session before its input does', async () => {
  const { tool, began, outcome } = createHoldingTool()
  await using pipe = openPipe({ offer: sketchOffer({ tools: [tool] }) })
  await pipe.write(`${initialize(1)}\n${call(2)}`)
  await began
  pipe.stop()
  await pipe.served
  expect(await outcome).toBe('gone')
})

for (const [count, code] of [
  [32, undefined],
  [33, -32000],
] as const)
  verifies(
    'mcp:stdio:in-flight',
    `${count} calls at once: the last is ${code === undefined ? 'taken' : 'refused'}`,
    async () => {
      const { tool, open } = createHoldingTool()
      await using pipe = openPipe({ offer: sketchOffer({ tools: [tool] }) })
      await pipe.write(`${initialize(0)}\n`)
      await pipe.messages(1)
      for (let id = 1; id <= count; id++) await pipe.write(call(id))
      if (code !== undefined)
        expect((await pipe.messages(2))[1]).toMatchObject({ id: count, error: { code } })
      open()
      expect(await pipe.messages(count + 1)).toHaveLength(count + 1)
    },
  )
