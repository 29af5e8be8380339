import { describe, expect } from 'bun:test'
import {
  Client as NewClient,
  StreamableHTTPClientTransport as NewStreamable,
} from '@modelcontextprotocol/client'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { createFixtureOffer } from '../conformance/fixture-offer.ts'
import { aliceToken, type McpHarness, type McpHarnessOptions, startMcp } from '../support/mcp-harness.ts'
import { verifies } from '../support/verifies.ts'

const requestInit = { headers: { authorization: `Bearer ${aliceToken}` } }

interface Used {
  readonly tools: readonly { readonly name: string }[]
  readonly content: unknown
  readonly contents: readonly { readonly uri: string }[]
}

/** List, call, read: what every client must be able to do. */
interface UsableClient {
  listTools(): Promise<{ readonly tools: readonly { readonly name: string }[] }>
  /** The SDKs type the results of old revisions into the union; a test looks at the content alone. */
  callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<unknown>
  readResource(params: { uri: string }): Promise<{ readonly contents: readonly { readonly uri: string }[] }>
  close(): Promise<void>
}

async function use(client: UsableClient): Promise<Used> {
  const { tools } = await client.listTools()
  const result = await client.callTool({ name: 'test_simple_text', arguments: {} })
  const { content } = result as { readonly content: unknown }
  const { contents } = await client.readResource({ uri: 'test://static-text' })
  await client.close()
  return { tools, content, contents }
}

function expectUsed({ tools, content, contents }: Used): void {
  expect(tools.map(({ name }) => name)).toContain('test_simple_text')
  expect(content).toEqual([{ type: 'text', text: 'This is a simple text response for testing.' }])
  expect(contents.map(({ uri }) => uri)).toEqual(['test://static-text'])
}

// The SDK's transports are not typed for exactOptionalPropertyTypes.
type OldTransport = Parameters<Client['connect']>[0]

async function connectOld(transport: unknown): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' })
  await client.connect(transport as OldTransport)
  return client
}

const modes: readonly (readonly [title: string, options: McpHarnessOptions, path: string])[] = [
  ['below the mount path', {}, '/mcp'],
  ['below another mount path', { mountPath: '/api/mcp' }, '/api/mcp'],
  ['at the root', { transport: 'streamable-http' }, ''],
  ['at the root with a slash', { transport: 'streamable-http' }, '/'],
  ['at the mount path beside the root', { transport: 'streamable-http' }, '/mcp/'],
  ['without sessions', { sessionMode: 'stateless' }, '/mcp'],
]

function start(options: McpHarnessOptions): McpHarness {
  return startMcp({ offer: createFixtureOffer(() => undefined), ...options })
}

describe('streamable HTTP', () => {
  for (const [title, options, path] of modes) {
    verifies('mcp:clients', `the 1.x SDK's client lists, calls and reads ${title}`, async () => {
      await using mcp = start(options)
      const url = new URL(`${mcp.origin}${path}`)
      expectUsed(await use(await connectOld(new StreamableHTTPClientTransport(url, { requestInit }))))
    })

    for (const [era, versionNegotiation, revision] of [
      ['by default', undefined, '2025-11-25'],
      ['on auto', { mode: 'auto' }, '2026-07-28'],
      ['pinned to the newest revision', { mode: { pin: '2026-07-28' } }, '2026-07-28'],
    ] as const)
      verifies('mcp:clients', `the 2.x SDK's client ${era} lists, calls and reads ${title}`, async () => {
        await using mcp = start(options)
        const client = new NewClient(
          { name: 'test', version: '1' },
          versionNegotiation === undefined ? {} : { versionNegotiation },
        )
        await client.connect(new NewStreamable(new URL(`${mcp.origin}${path}`), { requestInit }))
        expect(client.getNegotiatedProtocolVersion()).toBe(revision)
        expectUsed(await use(client))
      })
  }
})

describe('legacy SSE', () => {
  for (const [title, mountPath] of [
    ['below the mount path', '/mcp'],
    ['below another mount path', '/api/mcp'],
  ] as const)
    verifies('mcp:clients', `the 1.x SDK's client lists, calls and reads ${title}`, async () => {
      await using mcp = start({ mountPath })
      const transport = new SSEClientTransport(new URL(`${mcp.origin}${mountPath}/sse`), { requestInit })
      expectUsed(await use(await connectOld(transport)))
    })
})

verifies('mcp:clients:elicit', "a question to the user is answered by either SDK's client", async () => {
  await using mcp = start({})
  const url = new URL(`${mcp.origin}/mcp`)
  const capabilities = { elicitation: {} }
  const answer = { action: 'accept' as const, content: { name: 'Ana' } }
  const old = new Client({ name: 'test', version: '1' }, { capabilities })
  old.setRequestHandler(ElicitRequestSchema, async () => answer)
  await old.connect(new StreamableHTTPClientTransport(url, { requestInit }) as OldTransport)
  const recent = new NewClient(
    { name: 'test', version: '1' },
    { capabilities, versionNegotiation: { mode: 'auto' } },
  )
  recent.setRequestHandler('elicitation/create', async () => answer)
  await recent.connect(new NewStreamable(url, { requestInit }))
  const call = { name: 'test_input_required_result_elicitation', arguments: {} }
  const expected = [{ type: 'text' as const, text: 'Hello, Ana!' }]
  expect((await old.callTool(call)).content).toEqual(expected)
  expect((await recent.callTool(call)).content).toEqual(expected)
  await old.close()
  await recent.close()
})
