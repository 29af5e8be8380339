import { join } from 'node:path'
import { testSigningSecret } from '../../support/signed-sender.ts'
import { ServerProcess } from './server-process.ts'

/** The product as it is deployed: log and metrics on, nothing set that the case does not need. */

export const signingSecret = testSigningSecret
export const mcpToken = 'bench-mcp-token-'.padEnd(40, '0')

/** Limits that protect one principal from another are not what is measured: one client here stands for many. */
const withoutCallerLimits = {
  LIMITS_PRINCIPAL_REQUESTS_PER_MINUTE: '1000000',
  LIMITS_TOOL_CALLS_PER_MINUTE: '1000000',
}

/** No Slack is there to be asked, unless a case brings a double. */
const noSlack = { SLACK_API_URL: 'http://127.0.0.1:1/api/' }

export type Settings = Readonly<Record<string, string>>

export function productEnvironment(settings: Settings): Settings {
  return {
    SLACK_BOT_TOKEN: 'xoxb-111111111111-222222222222-abcdefghijklmnopqrstuvwx',
    SLACK_SIGNING_SECRET: signingSecret,
    ...noSlack,
    ...withoutCallerLimits,
    PORT: '0',
    LOG_FORMAT: 'json',
    MCP_AUTH_TOKENS: `bench:${mcpToken}`,
    ...settings,
  }
}

/** The compiled binary, built where it is older than its sources: only once a case needs it. */
export async function builtBinary(): Promise<string> {
  return (await import('../../support/binary.ts')).binaryPath
}

/** The compiled binary, `serve`. */
export async function startProduct(settings: Settings = {}): Promise<ServerProcess> {
  return ServerProcess.start({
    command: [await builtBinary(), 'serve'],
    env: productEnvironment(settings),
    originIn: startedOrigin,
  })
}

/** The same server embedded in a program that handles every event, as an application does. */
export function startEmbedded(settings: Settings = {}): Promise<ServerProcess> {
  return ServerProcess.start({
    command: [process.execPath, join(import.meta.dir, 'embedding-server.ts')],
    env: productEnvironment(settings),
    originIn: startedOrigin,
  })
}

function startedOrigin(line: string): string | undefined {
  return line.includes('"msg":"server_started"') ? (JSON.parse(line) as { url: string }).url : undefined
}

/** The value of a metric, its label sets added up; 0 for one that has not been counted yet. */
export async function readMetric(origin: string, name: string, labels = ''): Promise<number> {
  const text = await (await fetch(`${origin}/metrics`)).text()
  return text
    .split('\n')
    .filter((line) => (line.startsWith(`${name}{`) || line.startsWith(`${name} `)) && line.includes(labels))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}
