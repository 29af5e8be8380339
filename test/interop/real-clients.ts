// Reaches the server with MCP clients that people use, each as its own process: one line per client and way, exit 1 unless all of them list, call
// and read. Needs npm and the network; never part of `bun test`. Run: bun test/interop/real-clients.ts
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFixtureOffer } from '../conformance/fixture-offer.ts'
import { aliceToken, startMcp } from '../support/mcp-harness.ts'

const packages = [
  '@modelcontextprotocol/inspector@2.12.0',
  'mcp-remote@0.15.1',
  'mcporter@0.12.3',
  '@ai-sdk/mcp@2.0.99',
]

const clientTimeoutMs = 60_000
const expectedText = 'This is a simple text response for testing.'

interface Case {
  readonly title: string
  readonly command: readonly string[]
  readonly input?: string
  readonly says: string
}

/** What the client wrote until it said what it should, ended, or took too long. A bridge ends only with its input, so it is not waited for. */
async function outputOf(cwd: string, { command, input = '', says }: Case): Promise<string> {
  const child = Bun.spawn([...command], {
    cwd,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: clientTimeoutMs,
  })
  child.stdin.write(input)
  child.stdin.flush()
  const errors = new Response(child.stderr).text()
  const decoder = new TextDecoder()
  let output = ''
  for await (const chunk of child.stdout) {
    output += decoder.decode(chunk, { stream: true })
    if (output.includes(says)) break
  }
  child.kill()
  await child.exited
  return output.includes(says) ? output : `${output}${await errors}`
}

function inspectorCases(origin: string, bin: string): readonly Case[] {
  const inspector = [join(bin, 'mcp-inspector'), '--cli']
  const auth = ['--header', `Authorization: Bearer ${aliceToken}`, '--format', 'json', '-q']
  const call = ['--method', 'tools/call', '--tool-name', 'test_simple_text', '--tool-args-json', '{}']
  const ways = [
    ['legacy', [`${origin}/mcp`, '--protocol-era', 'legacy']],
    ['auto', [`${origin}/mcp`, '--protocol-era', 'auto']],
    ['modern', [`${origin}/mcp`, '--protocol-era', 'modern']],
    ['sse', [`${origin}/mcp/sse`, '--transport', 'sse']],
  ] as const
  return ways.flatMap(([way, target]): readonly Case[] => [
    {
      title: `inspector, ${way}: list`,
      command: [...inspector, ...target, '--method', 'tools/list', ...auth],
      says: 'test_simple_text',
    },
    {
      title: `inspector, ${way}: call`,
      command: [...inspector, ...target, ...call, ...auth],
      says: expectedText,
    },
    {
      title: `inspector, ${way}: read`,
      command: [
        ...inspector,
        ...target,
        '--method',
        'resources/read',
        '--uri',
        'test://static-text',
        ...auth,
      ],
      says: 'static text resource',
    },
  ])
}

function bridgeCases(origin: string, bin: string): readonly Case[] {
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'interop', version: '1' },
  }
  const input = [
    { jsonrpc: '2.0', id: 1, method: 'initialize', params },
    { jsonrpc: '2.0', method: 'notifications/initialized' },
    { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'test_simple_text', arguments: {} } },
  ]
    .map((message) => `${JSON.stringify(message)}\n`)
    .join('')
  const remote = join(bin, 'mcp-remote')
  const header = ['--allow-http', '--header', `Authorization: Bearer ${aliceToken}`]
  return [
    {
      title: 'mcp-remote, streamable HTTP: call',
      command: [remote, `${origin}/mcp`, '--transport', 'http-only', ...header],
      input,
      says: expectedText,
    },
    {
      title: 'mcp-remote, legacy SSE: call',
      command: [remote, `${origin}/mcp/sse`, '--transport', 'sse-only', ...header],
      input,
      says: expectedText,
    },
  ]
}

async function fileCases(origin: string, folder: string, bin: string): Promise<readonly Case[]> {
  const headers = { Authorization: `Bearer ${aliceToken}` }
  const mcpServers = {
    http: { baseUrl: `${origin}/mcp`, headers },
    sse: { baseUrl: `${origin}/mcp/sse`, headers },
  }
  await Bun.write(join(folder, 'mcporter.json'), JSON.stringify({ mcpServers }))
  await Bun.write(
    join(folder, 'ai.mjs'),
    `import { createMCPClient } from '@ai-sdk/mcp'
const [type, url] = process.argv.slice(2)
const client = await createMCPClient({ transport: { type, url, headers: { authorization: 'Bearer ${aliceToken}' } } })
const tools = await client.tools()
console.log(JSON.stringify(await tools.test_simple_text.execute({}, { messages: [], toolCallId: 'x' })))
await client.close()
process.exit(0)
`,
  )
  const porter = join(bin, 'mcporter')
  const config = ['--config', 'mcporter.json']
  return [
    {
      title: 'mcporter, streamable HTTP: list',
      command: [porter, 'list', 'http', ...config],
      says: 'test_simple_text',
    },
    {
      title: 'mcporter, streamable HTTP: call',
      command: [porter, 'call', 'http.test_simple_text', ...config],
      says: '{}',
    },
    {
      title: 'mcporter, legacy SSE: call',
      command: [porter, 'call', 'sse.test_simple_text', ...config],
      says: '{}',
    },
    {
      title: 'ai-sdk, streamable HTTP: call',
      command: ['node', 'ai.mjs', 'http', `${origin}/mcp`],
      says: expectedText,
    },
    {
      title: 'ai-sdk, legacy SSE: call',
      command: ['node', 'ai.mjs', 'sse', `${origin}/mcp/sse`],
      says: expectedText,
    },
  ]
}

const folder = mkdtempSync(join(tmpdir(), 'interop-'))
let areAllWell = true
try {
  await Bun.write(join(folder, 'package.json'), '{"private":true}')
  const install = ['npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', ...packages]
  const installed = Bun.spawn(install, { cwd: folder, stdout: 'ignore', stderr: 'inherit' })
  if ((await installed.exited) !== 0) throw new Error('The clients could not be installed')
  await using mcp = startMcp({ offer: createFixtureOffer(() => undefined) })
  const bin = join(folder, 'node_modules', '.bin')
  const cases = [
    ...inspectorCases(mcp.origin, bin),
    ...bridgeCases(mcp.origin, bin),
    ...(await fileCases(mcp.origin, folder, bin)),
  ]
  for (const each of cases) {
    const output = await outputOf(folder, each)
    const isWell = output.includes(each.says)
    areAllWell &&= isWell
    process.stdout.write(`${isWell ? 'ok  ' : 'FAIL'} ${each.title}\n`)
    if (!isWell) process.stderr.write(`${output.slice(0, 2000)}\n`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = areAllWell ? 0 : 1
