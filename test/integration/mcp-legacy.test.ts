import { expect, test } from 'bun:test'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { Type } from '@sinclair/typebox'
import { aliceToken, sketchOffer, sketchTool, startMcp } from '../support/mcp-harness.ts'

const echo = sketchTool({
  name: 'echo',
  input: Type.Object({ text: Type.String() }, { additionalProperties: false }),
  run: async ({ text }) => `you said ${text}`,
})

const requestInit = { headers: { authorization: `Bearer ${aliceToken}` } }

test('the SDK client calls a tool over streamable HTTP', async () => {
  await using mcp = startMcp({ offer: sketchOffer({ tools: [echo] }) })
  const client = new Client({ name: 'c', version: '1' })
  await client.connect(new StreamableHTTPClientTransport(new URL(`${mcp.origin}/mcp`), { requestInit }))
  expect((await client.listTools()).tools.map((tool) => tool.name)).toEqual(['echo'])
  expect(await client.callTool({ name: 'echo', arguments: { text: 'hi' } })).toEqual({
    content: [{ type: 'text', text: 'you said hi' }],
    structuredContent: { text: 'you said hi' },
  })
  await client.close()
})

test('the SDK client calls a tool over legacy SSE', async () => {
  await using mcp = startMcp({ offer: sketchOffer({ tools: [echo] }) })
  const client = new Client({ name: 'c', version: '1' })
  await client.connect(new SSEClientTransport(new URL(`${mcp.origin}/mcp/sse`), { requestInit }))
  expect((await client.listTools()).tools.map((tool) => tool.name)).toEqual(['echo'])
  expect(await client.callTool({ name: 'echo', arguments: { text: 'hi' } })).toEqual({
    content: [{ type: 'text', text: 'you said hi' }],
    structuredContent: { text: 'you said hi' },
  })
  await client.close()
})
