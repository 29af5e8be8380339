import { afterEach, describe, expect, test } from 'bun:test'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { IntegratedAppOptions } from '../../src/app-options.ts'
import { listen } from '../../src/cli/listen.ts'
import { type AppFixture, startApp } from '../support/app-fixture.ts'
import { verifies } from '../support/verifies.ts'

const cleanups: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function serve(options?: IntegratedAppOptions): Promise<AppFixture & { readonly url: string }> {
  const server = await startApp(options)
  const { url } = listen(server.app, { host: '127.0.0.1', port: 0 })
  cleanups.push(() => server.stop())
  return { ...server, url }
}

async function connect(kind: 'sse' | 'streamable', url: string, bearer: string): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' })
  const requestInit = { headers: { authorization: `Bearer ${bearer}` } }
  const transport =
    kind === 'sse'
      ? new SSEClientTransport(new URL(url), { requestInit })
      : new StreamableHTTPClientTransport(new URL(url), { requestInit })
  // The SDK's own transports are not typed for exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<Client['connect']>[0])
  cleanups.push(() => client.close())
  return client
}

/** What every client must be able to do, whatever carries it. */
async function useSlack(client: Client, server: AppFixture): Promise<void> {
  const { tools } = await client.listTools()
  expect(tools.map(({ name }) => name)).toContain('slack_read_channel_messages')
  const read = await client.callTool({
    name: 'slack_read_channel_messages',
    arguments: { channel: '#general' },
  })
  expect(read.isError).not.toBe(true)
  const posted = await client.callTool({
    name: 'slack_post_message',
    arguments: { channel: '#general', text: 'from a client' },
  })
  expect(posted.isError).not.toBe(true)
  expect(server.workspace.messages('general').at(-1)).toMatchObject({ text: 'from a client' })
  const emojis = await client.readResource({ uri: 'slack://emojis' })
  expect(emojis.contents).toHaveLength(1)
  const { prompts } = await client.listPrompts()
  expect(prompts.map(({ name }) => name)).toContain('slack_post_message_usage')
}

/** The data of the first event of a legacy SSE stream, which must be `endpoint`. */
async function firstEndpoint(
  server: AppFixture & { readonly url: string },
  path: string,
): Promise<string | undefined> {
  const headers = { authorization: `Bearer ${server.bearer}` }
  const reader = (await fetch(`${server.url}${path}`, { headers })).body?.getReader()
  let text = ''
  while (reader !== undefined && !/^event: .*\ndata: .*\n\n/m.test(text)) {
    const { value, done } = await reader.read()
    if (done) break
    text += new TextDecoder().decode(value)
  }
  await reader?.cancel()
  const [, event, data] = /^event: (.*)\ndata: (.*)\n\n/m.exec(text) ?? []
  return event === 'endpoint' ? data : undefined
}

describe('transports', () => {
  verifies('S11', 'serves legacy SSE by default, to a client that fetches', async () => {
    const server = await serve()
    await useSlack(await connect('sse', `${server.url}/mcp/sse`, server.bearer), server)
  })

  verifies('S21', 'serves streamable HTTP at the mount path, /mcp by default', async () => {
    const server = await serve()
    await useSlack(await connect('streamable', `${server.url}/mcp`, server.bearer), server)
  })

  verifies('S12', 'advertises the messages URL below the mount path as the first event', async () => {
    const server = await serve()
    expect(await firstEndpoint(server, '/mcp/sse')).toStartWith('/mcp/messages?')
  })

  verifies('S13', 'advertises the messages URL below another mount path', async () => {
    const server = await serve({ mcpMountPath: '/api/mcp' })
    expect(await firstEndpoint(server, '/api/mcp/sse')).toStartWith('/api/mcp/messages?')
  })

  verifies('S17', 'speaks MCP at the bare root URL in streamable-http mode', async () => {
    const server = await serve({ mcpTransport: 'streamable-http' })
    await useSlack(await connect('streamable', server.url, server.bearer), server)
    await useSlack(await connect('streamable', `${server.url}/mcp`, server.bearer), server)
  })

  verifies('S18', 'takes SSE clients that come through a proxy under a public host name', async () => {
    const server = await serve({ config: { publicUrl: 'https://slack.example.com' } })
    const get = (host: string) =>
      fetch(`${server.url}/mcp/sse`, { headers: { authorization: `Bearer ${server.bearer}`, host } })
    const allowed = await get('slack.example.com')
    expect(allowed.status).toBe(200)
    await allowed.body?.cancel()
    expect((await get('evil.example.com')).status).toBe(403)
  })

  verifies('S16', 'offers resources and prompts as REST too', async () => {
    const server = await serve({ mcpTransport: 'streamable-http' })
    const json = async (path: string, body?: unknown) => (await server.authorized(path, body)).json()
    expect(await json('/list_resources')).toMatchObject({ resources: [{ uri: 'slack://emojis' }] })
    expect(await json('/list_resource_templates')).toMatchObject({ resourceTemplates: expect.any(Array) })
    expect(await json('/read_resource', { uri: 'slack://emojis' })).toMatchObject({
      contents: [{ uri: 'slack://emojis' }],
    })
    expect(await json('/list_prompts')).toMatchObject({ prompts: expect.any(Array) })
    expect(await json('/get_prompt', { name: 'slack_post_message_usage' })).toMatchObject({
      messages: expect.any(Array),
    })
  })

  test('a failed tool answers over REST with the status and the body of its error', async () => {
    const server = await serve({ mcpTransport: 'streamable-http' })
    const response = await server.authorized('/call_tool', {
      name: 'slack_read_channel_messages',
      arguments: { channel: 'C0UNKNOWN00' },
    })
    expect(response.status).toBe(422)
    expect(await response.json()).toMatchObject({ error: { code: 'SLACK_REFUSED', component: 'mcp' } })
  })

  verifies('S22', 'makes all calls of both halves through one client', async () => {
    const server = await serve()
    const client = await connect('streamable', `${server.url}/mcp`, server.bearer)
    await client.callTool({ name: 'slack_read_emojis', arguments: {} })
    expect(server.slack.connection()).toBe('connected')
    expect(server.workspace.callCount('auth.test')).toBe(1)
  })

  verifies('S19', 'has its request URL for Slack at /slack/events, whatever MCP is mounted at', async () => {
    for (const options of [{}, { mcpMountPath: '/api/mcp' }, { mcpTransport: 'streamable-http' }]) {
      const server = await serve(options)
      expect((await server.event('Ev1', { type: 'message' })).status).toBe(200)
    }
  })
})
