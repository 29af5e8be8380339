import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../support/redis-server.ts'
import { installPeers, peerPath } from '../peers.ts'
import { builtBinary, mcpToken, productEnvironment, type Settings } from './product.ts'
import { ServerProcess } from './server-process.ts'
import { canMakeGateway, startSlackGateway } from './slack-gateway.ts'

/** Servers of MCP for Slack, as their documentation starts them, before a double of Slack. */

/** What starts a server that speaks MCP over stdio. */
export interface StdioCommand extends AsyncDisposable {
  readonly command: readonly [string, ...string[]]
  readonly env: Settings
}

export interface McpProgram {
  readonly name: string
  /** Why it cannot run here; undefined where it can. Installed by then. */
  obstacle(): string | undefined
  /** With an empty home of its own: what it caches there is gone with it. */
  stdio(apiUrl: string): Promise<StdioCommand>
}

export const productProgram: McpProgram = {
  name: 'ours',
  obstacle: () => undefined,
  async stdio(apiUrl) {
    const command = [await builtBinary(), 'stdio'] as const
    return withHome({ command: [...command], env: productEnvironment({ SLACK_API_URL: apiUrl }) })
  },
}

const goBinary = () =>
  peerPath('node_modules', 'slack-mcp-server-linux-amd64', 'bin', 'slack-mcp-server-linux-amd64')
const botToken = 'xoxb-111111111111-222222222222-abcdefghijklmnopqrstuvwx'

export const goProgram: McpProgram = {
  name: 'slack-mcp-server 1.3.0',
  obstacle() {
    if (!existsSync(goBinary())) return 'it has no binary for this machine'
    return canMakeGateway() ? undefined : 'openssl is missing, which makes the certificate of its double'
  },
  async stdio(apiUrl) {
    const gateway = await startSlackGateway(apiUrl)
    const made = await withHome({
      command: [goBinary(), '-t', 'stdio'],
      env: goEnvironment(gateway.proxyUrl),
    })
    return {
      ...made,
      async [Symbol.asyncDispose]() {
        await made[Symbol.asyncDispose]()
        await gateway[Symbol.asyncDispose]()
      },
    }
  },
}

/** Over streamable HTTP, once its caches are filled: before that its tools refuse. */
export async function startGoServer(apiUrl: string): Promise<ServerProcess> {
  const gateway = await startSlackGateway(apiUrl)
  const port = String(freePort())
  const server = await ServerProcess.start({
    command: [goBinary(), '-t', 'http'],
    env: { ...goEnvironment(gateway.proxyUrl), SLACK_MCP_PORT: port, SLACK_MCP_API_KEY: mcpToken },
    originIn: (line) => (line.includes('fully ready') ? `http://127.0.0.1:${port}` : undefined),
  })
  const dispose = server[Symbol.asyncDispose].bind(server)
  return Object.assign(server, {
    async [Symbol.asyncDispose]() {
      await dispose()
      await gateway[Symbol.asyncDispose]()
    },
  })
}

function goEnvironment(proxyUrl: string): Settings {
  return {
    SLACK_MCP_XOXB_TOKEN: botToken,
    SLACK_MCP_PROXY: proxyUrl,
    SLACK_MCP_SERVER_CA_INSECURE: '1',
    SLACK_MCP_HOST: '127.0.0.1',
  }
}

function nodeProgram(name: string, packageName: string): McpProgram {
  return {
    name,
    obstacle: () => (Bun.which('node') === null ? 'there is no node' : undefined),
    stdio(apiUrl) {
      const preload = ['--import', peerPath('slack-double.mjs')]
      return withHome({
        command: ['node', ...preload, peerPath('node_modules', packageName, 'dist', 'index.js')],
        env: { SLACK_BOT_TOKEN: botToken, SLACK_TEAM_ID: 'T1BIG', SLACK_DOUBLE: apiUrl },
      })
    },
  }
}

export const mcpPrograms: readonly McpProgram[] = [
  productProgram,
  goProgram,
  nodeProgram('@modelcontextprotocol/server-slack', '@modelcontextprotocol/server-slack'),
  nodeProgram('@zencoderai/slack-mcp-server', '@zencoderai/slack-mcp-server'),
]

/** Those that run here, and for the others why not. */
export async function availablePrograms(): Promise<{
  readonly programs: readonly McpProgram[]
  readonly skipped: readonly string[]
}> {
  await installPeers()
  const obstacles = mcpPrograms.map((program) => ({ program, obstacle: program.obstacle() }))
  return {
    programs: obstacles.flatMap(({ program, obstacle }) => (obstacle === undefined ? [program] : [])),
    skipped: obstacles.flatMap(({ program, obstacle }) =>
      obstacle === undefined ? [] : [`${program.name}: ${obstacle}`],
    ),
  }
}

async function withHome({
  command,
  env,
}: {
  readonly command: readonly [string, ...string[]]
  readonly env: Settings
}): Promise<StdioCommand> {
  const home = await mkdtemp(join(tmpdir(), 'bench-home-'))
  return {
    command,
    env: { PATH: Bun.env['PATH'] ?? '', HOME: home, ...env },
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  }
}
