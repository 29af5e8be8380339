import { expect } from 'bun:test'
import { resolve } from 'node:path'
import { packagesBehind } from '../../support/packages-behind.ts'
import { verifies } from '../../support/verifies.ts'

const root = resolve(import.meta.dir, '../../..')

verifies('mcp:start:lazy', 'the routes of MCP start without either SDK', async () => {
  const packages = await packagesBehind(`${root}/src/mcp/route.ts`)
  expect([...packages]).toContain('elysia')
  expect([...packages].filter((name) => name.startsWith('@modelcontextprotocol/'))).toEqual([])
})

verifies('mcp:start:lazy', 'what is imported later has both', async () => {
  const packages = [...(await packagesBehind(`${root}/src/mcp/protocol.ts`))]
  expect(packages).toContain('@modelcontextprotocol/server')
  expect(packages).toContain('@modelcontextprotocol/sdk/server/index.js')
})
