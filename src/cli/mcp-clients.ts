import type { Environment } from '../config/config-sources.ts'
import type { McpClientName } from './mcp-client-names.ts'

/** How a client gets to the server: it starts one itself, or asks one that runs. */
export type ClientRoute =
  | { readonly transport: 'stdio'; readonly command: string; readonly args: readonly string[] }
  | { readonly transport: 'http'; readonly url: string }

/** One server as a client's file has it. */
export type ClientEntry = Readonly<Record<string, unknown>>

/** The machine, as far as the place of a client's file depends on it. */
export interface ClientHost {
  readonly env: Environment
  /** `linux-x64` and the like. */
  readonly platform: string
}

/** One MCP client: where it keeps its servers, and in which form. No entry ever holds a token. */
export interface McpClient {
  readonly title: string
  readonly format: 'json' | 'toml'
  /** undefined where the environment does not say where homes are. Relative: in the working directory. */
  file(host: ClientHost): string | undefined
  /** The key below which the servers stand. */
  readonly key: string
  /** undefined where the client has no such route, or could only keep a token for it in its file. */
  entry(route: ClientRoute): ClientEntry | undefined
  /** What else belongs into the file for a route; by key, a list that is added to. */
  extras?(route: ClientRoute): Readonly<Record<string, readonly ClientEntry[]>>
  /** What the person does next. */
  readonly next: string
}

/** The variable from which clients take the bearer token, where they can. */
export const tokenVariable = 'SLACK_MCP_TOKEN'

const homeOf = ({ env }: ClientHost): string | undefined =>
  [env['HOME'], env['USERPROFILE']].find((path) => path !== undefined && path !== '')

const inHome = (path: string) => (host: ClientHost) => {
  const home = homeOf(host)
  return home === undefined ? undefined : `${home}/${path}`
}

/** The plain form that most clients took over. */
const started = (route: ClientRoute): ClientEntry | undefined =>
  route.transport === 'stdio' ? { command: route.command, args: route.args } : undefined

const bearer = (reference: string) => ({ Authorization: `Bearer ${reference}` })

const vsCodeInput = 'slack-mcp-token'

/** The clients that can be set up by file, as their documents had it in November 2026. */
export const mcpClients: Readonly<Record<McpClientName, McpClient>> = {
  'claude-code': {
    title: 'Claude Code, in this folder',
    format: 'json',
    // The file of all projects is Claude Code's own state, which it rewrites while it runs.
    file: () => '.mcp.json',
    key: 'mcpServers',
    entry: (route) =>
      started(route) ??
      (route.transport === 'http'
        ? { type: 'http', url: route.url, headers: bearer(`\${${tokenVariable}}`) }
        : undefined),
    next: 'Start Claude Code here and approve the server; "claude mcp add --scope user" does it for all folders.',
  },
  'claude-desktop': {
    title: 'Claude Desktop',
    format: 'json',
    file: claudeDesktopFile,
    key: 'mcpServers',
    entry: started,
    next: 'Quit Claude Desktop and start it again.',
  },
  cursor: {
    title: 'Cursor',
    format: 'json',
    file: inHome('.cursor/mcp.json'),
    key: 'mcpServers',
    entry: (route) =>
      started(route) ??
      (route.transport === 'http'
        ? { url: route.url, headers: bearer(`\${env:${tokenVariable}}`) }
        : undefined),
    next: 'Restart Cursor; Settings > MCP shows the server.',
  },
  vscode: {
    title: 'VS Code, in this folder',
    format: 'json',
    file: () => '.vscode/mcp.json',
    key: 'servers',
    entry: (route) =>
      route.transport === 'stdio'
        ? { type: 'stdio', command: route.command, args: route.args }
        : { type: 'http', url: route.url, headers: bearer(`\${input:${vsCodeInput}}`) },
    extras: (route): Readonly<Record<string, readonly ClientEntry[]>> =>
      route.transport === 'http'
        ? {
            inputs: [
              {
                type: 'promptString',
                id: vsCodeInput,
                description: 'Bearer token of the server',
                password: true,
              },
            ],
          }
        : {},
    next: 'Open the folder in VS Code and start the server from .vscode/mcp.json; it asks for the token once where it needs one.',
  },
  codex: {
    title: 'Codex',
    format: 'toml',
    file: inHome('.codex/config.toml'),
    key: 'mcp_servers',
    entry: (route) =>
      started(route) ??
      (route.transport === 'http' ? { url: route.url, bearer_token_env_var: tokenVariable } : undefined),
    next: 'Start Codex; /mcp shows the server.',
  },
  gemini: {
    title: 'Gemini CLI',
    format: 'json',
    file: inHome('.gemini/settings.json'),
    key: 'mcpServers',
    entry: (route) =>
      started(route) ??
      (route.transport === 'http' ? { httpUrl: route.url, headers: bearer(`$${tokenVariable}`) } : undefined),
    next: 'Start the Gemini CLI; /mcp shows the server.',
  },
  copilot: {
    title: 'Copilot CLI',
    format: 'json',
    file: inHome('.copilot/mcp-config.json'),
    key: 'mcpServers',
    entry: (route) =>
      route.transport === 'stdio'
        ? { type: 'local', command: route.command, args: route.args, tools: ['*'] }
        : undefined,
    next: 'Start the Copilot CLI; /mcp show lists the server.',
  },
}

function claudeDesktopFile(host: ClientHost): string | undefined {
  const name = 'Claude/claude_desktop_config.json'
  if (host.platform.startsWith('win32')) {
    const folder = host.env['APPDATA']
    return folder === undefined ? undefined : `${folder}/${name}`
  }
  const isMac = host.platform.startsWith('darwin')
  return inHome(isMac ? `Library/Application Support/${name}` : `.config/${name}`)(host)
}
