import { expect } from 'bun:test'
import { Client as ModernClient } from '@modelcontextprotocol/client'
import { StdioClientTransport as ModernStdio } from '@modelcontextprotocol/client/stdio'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { verifies } from '../support/verifies.ts'

const script = new URL('../support/stdio-server.ts', import.meta.url).pathname
const command = { command: process.execPath, args: [script] }

verifies('mcp:stdio:legacy', "the 1.x SDK's client lists, calls and reads over stdio", async () => {
  const client = new Client({ name: 'test', version: '1' })
  await client.connect(new StdioClientTransport(command))
  expect((await client.listTools()).tools.map(({ name }) => name)).toContain('test_simple_text')
  expect(await client.callTool({ name: 'test_simple_text', arguments: {} })).toEqual({
    content: [{ type: 'text', text: 'This is a simple text response for testing.' }],
    structuredContent: {},
  })
  const { contents } = await client.readResource({ uri: 'test://static-text' })
  expect(contents.map(({ uri }) => uri)).toEqual(['test://static-text'])
  await client.close()
})

const eras = [
  ['its default', {}, '2025-11-25'],
  ['auto', { versionNegotiation: { mode: 'auto' } }, '2026-07-28'],
  ['the newest revision pinned', { versionNegotiation: { mode: { pin: '2026-07-28' } } }, '2026-07-28'],
] as const

for (const [title, options, revision] of eras) {
  verifies(
    'mcp:stdio:modern',
    `the 2.x SDK's client with ${title} lists, calls and reads over stdio`,
    async () => {
      const client = new ModernClient({ name: 'test', version: '1' }, options)
      await client.connect(new ModernStdio(command))
      expect(client.getNegotiatedProtocolVersion()).toBe(revision)
      expect((await client.listTools()).tools.map(({ name }) => name)).toContain('test_simple_text')
      const { content } = await client.callTool({ name: 'test_simple_text', arguments: {} })
      expect(content).toEqual([{ type: 'text', text: 'This is a simple text response for testing.' }])
      const { contents } = await client.readResource({ uri: 'test://static-text' })
      expect(contents.map(({ uri }) => uri)).toEqual(['test://static-text'])
      await client.close()
    },
  )
}
