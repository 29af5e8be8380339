import { afterEach, expect } from 'bun:test'
import type { IntegratedApp } from '../../src/app.ts'
import { type AppFixture, startApp } from '../support/app-fixture.ts'
import { verifies } from '../support/verifies.ts'

const running: IntegratedApp[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.stop()))
})

async function start(): Promise<AppFixture> {
  const server = await startApp()
  running.push(server)
  return server
}

interface Answer {
  readonly result: {
    readonly serverInfo?: object
    readonly tools?: readonly object[]
    readonly _meta?: Readonly<Record<string, object>>
  }
}

const icons = [
  { src: expect.stringMatching(/^data:image\/svg\+xml;base64,[\w+/=]+$/), mimeType: 'image/svg+xml' },
]
const serverInfo = { name: 'slack-integrated-server', title: 'Slack', version: expect.any(String) }

async function modern(server: AppFixture, method: string, params: { readonly name?: string } = {}) {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const { name } = params
  const headers = {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
    ...(name === undefined ? {} : { 'mcp-name': name }),
  }
  const body = { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } }
  return (await (await server.authorized('/mcp', body, { headers })).json()) as Answer
}

verifies('mcp:icon', 'initialize of the revisions with sessions tells the icon', async () => {
  const server = await start()
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  }
  const response = await server.authorized('/mcp', { jsonrpc: '2.0', id: 1, method: 'initialize', params })
  expect(((await response.json()) as Answer).result.serverInfo).toEqual({ ...serverInfo, icons })
})

verifies('mcp:icon', 'discovery tells the icon, and no other result repeats it', async () => {
  const server = await start()
  const introductionOf = ({ result }: Answer) => result._meta?.['io.modelcontextprotocol/serverInfo']
  expect(introductionOf(await modern(server, 'server/discover'))).toEqual({ ...serverInfo, icons })
  const called = await modern(server, 'tools/call', { name: 'slack_read_emojis' })
  expect(introductionOf(called)).toEqual(serverInfo)
  const listed = await modern(server, 'tools/list')
  expect(introductionOf(listed)).toEqual(serverInfo)
  expect(listed.result.tools?.filter((tool) => 'icons' in tool)).toEqual([])
})
