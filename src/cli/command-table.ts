import type { OptionGroup } from '../config/option-row.ts'
import type { OptionKey } from '../config/option-table.ts'
import { templateNames } from '../deploy/template-names.ts'
import type { RunCommand } from './cli-context.ts'
import { demoOptions } from './demo-options.ts'
import { eventCommands } from './event-commands.ts'
import { mcpClientNames } from './mcp-client-names.ts'

/** A flag that belongs to a command and is no option of the configuration. */
export interface OwnFlag {
  readonly name: `--${string}`
  /** Present where the flag takes a value. */
  readonly placeholder?: string
  readonly description: string
}

export interface CommandRow {
  /** `config show` is `['config', 'show']`. */
  readonly path: readonly [string, ...string[]]
  readonly summary: string
  /** Lines that can be pasted, and what each does. */
  readonly examples: readonly (readonly [line: string, says: string])[]
  /** Whether the command loads the configuration, and so takes --config and --env-file. */
  readonly readsConfig: boolean
  /** The options whose flags the command takes: those of these groups, and single ones. */
  readonly groups?: readonly OptionGroup[]
  readonly options?: readonly OptionKey[]
  readonly flags?: readonly OwnFlag[]
  /** At most one operand, or any number where it `isRepeated`. */
  readonly operand?: {
    readonly name: string
    readonly says: string
    /** All that it may be; other words, and none where it is not `isOptional`, are refused before the command is loaded. */
    readonly choices?: readonly string[]
    readonly isOptional?: true
    readonly isRepeated?: true
  }
  /** Imports the command's file: nothing of a command is loaded before it runs. */
  readonly load: () => Promise<RunCommand>
}

const everyGroup = [
  'server',
  'slack',
  'mcp',
  'webhook',
  'queue',
  'forward',
  'limits',
  'cors',
  'docs',
  'log',
] as const

/** Every command. The first is the default: its flags work without naming it. */
export const commandTable: readonly [CommandRow, ...CommandRow[]] = [
  {
    path: ['serve'],
    summary: "Serve MCP clients and Slack's events at one port (the default command).",
    examples: [
      ['slack-integrated-server', 'with SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET in the environment'],
      ['slack-integrated-server --transport streamable-http --port 8080', 'MCP at the root, and REST'],
      ['slack-integrated-server --no-webhook --read-only', 'MCP alone, and nothing that writes'],
      ['slack-integrated-server serve --config /etc/slack-integrated-server/config.toml', 'from a file'],
    ],
    readsConfig: true,
    groups: everyGroup,
    load: async () => (await import('./serve.ts')).runServe,
  },
  {
    path: ['stdio'],
    summary: 'Speak MCP over standard input and output, for a client that starts the server itself.',
    examples: [
      ['slack-integrated-server stdio', 'with SLACK_BOT_TOKEN in the environment'],
      ['slack-integrated-server stdio --read-only', 'nothing that writes'],
    ],
    readsConfig: true,
    groups: ['log'],
    options: [
      'slackBotToken',
      'slackUserToken',
      'slackApiUrl',
      'slackRetry',
      'mcpToolsets',
      'mcpReadOnly',
      'limitsToolCallsPerMinute',
    ],
    load: async () => (await import('./stdio.ts')).runStdio,
  },
  {
    path: ['demo'],
    summary: 'Run against an embedded Slack workspace: no account, no credentials.',
    examples: [
      ['slack-integrated-server demo', 'until Ctrl-C, with a client configuration to paste'],
      ['slack-integrated-server demo --once', 'one tour, each step with its result'],
    ],
    readsConfig: false,
    options: demoOptions,
    flags: [{ name: '--once', description: 'Tour every part once, then exit: 0 only if all of it held.' }],
    load: async () => (await import('./demo.ts')).runDemo,
  },
  {
    path: ['config', 'show'],
    summary: 'Print every option with its value and where that comes from; secrets are masked.',
    examples: [
      ['slack-integrated-server config show', 'also when the configuration is invalid'],
      ['slack-integrated-server config show --json', 'for programs'],
    ],
    readsConfig: true,
    groups: everyGroup,
    flags: [{ name: '--json', description: 'Print JSON instead of a table.' }],
    load: async () => (await import('./config-show.ts')).runConfigShow,
  },
  {
    path: ['config', 'check'],
    summary: 'Say whether "serve" would start with this configuration, and what is wrong with it.',
    examples: [['slack-integrated-server config check --config config.toml', 'exit code 0, or 78']],
    readsConfig: true,
    groups: everyGroup,
    load: async () => (await import('./config-check.ts')).runConfigCheck,
  },
  {
    path: ['config', 'schema'],
    summary: 'Print the JSON Schema of the configuration file.',
    examples: [
      ['slack-integrated-server config schema > config.schema.json', 'then "#:schema ./config.schema.json"'],
    ],
    readsConfig: false,
    load: async () => (await import('./config-schema.ts')).runConfigSchema,
  },
  {
    path: ['token'],
    summary: 'Print the bearer token that MCP clients send.',
    examples: [
      ['slack-integrated-server token', 'with the configuration of the server'],
      ['slack-integrated-server token --admin', 'the token of the admin routes'],
      ['slack-integrated-server token --forward', 'what the receiver of forwarded events verifies with'],
    ],
    readsConfig: true,
    options: ['slackSigningSecret', 'slackBotToken', 'mcpAuthTokens', 'adminToken', 'forwardSecret'],
    flags: [
      { name: '--admin', description: 'Print the token of the admin routes instead.' },
      { name: '--forward', description: 'Print the secret that forwarded events are signed with instead.' },
      { name: '--name', placeholder: 'name', description: 'Print the configured token of this name.' },
    ],
    load: async () => (await import('./token.ts')).runToken,
  },
  {
    path: ['healthcheck'],
    summary: 'Ask the local server how it is: exit code 0 when it is well, else 1.',
    examples: [
      ['slack-integrated-server healthcheck', 'for HEALTHCHECK in images without a shell'],
      ['slack-integrated-server healthcheck livez', 'whether the process answers at all'],
    ],
    readsConfig: true,
    options: ['host', 'port'],
    operand: {
      name: 'probe',
      choices: ['health', 'livez', 'readyz'],
      isOptional: true,
      says: 'Which to ask: health (the default), livez or readyz.',
    },
    load: async () => (await import('./healthcheck.ts')).runHealthcheck,
  },
  {
    path: ['init'],
    summary: 'Set up the Slack app and the configuration, question by question.',
    examples: [
      ['slack-integrated-server init', 'on a terminal; writes a file that only you can read'],
      ['slack-integrated-server init --config ./config.toml', 'into a file of your choice'],
    ],
    readsConfig: true,
    options: ['slackApiUrl'],
    load: async () => (await import('./init.ts')).runInit,
  },
  {
    path: ['doctor'],
    summary: 'Look at everything a server of this configuration needs, and say how to fix what is wrong.',
    examples: [
      ['slack-integrated-server doctor', 'configuration, Slack, events, queue, MCP and host'],
      ['slack-integrated-server doctor --strict --json', 'for programs, with exit code 1 for warnings'],
    ],
    readsConfig: true,
    groups: everyGroup,
    flags: [
      { name: '--json', description: 'Print JSON instead of lines.' },
      { name: '--strict', description: 'Exit 1 also for warnings.' },
    ],
    load: async () => (await import('./doctor.ts')).runDoctor,
  },
  {
    path: ['manifest'],
    summary: 'Print the manifest of the Slack app that this configuration needs.',
    examples: [
      ['slack-integrated-server manifest --url', 'the page of Slack that creates the app, filled in'],
      ['slack-integrated-server manifest --public-url https://slack.example.com', 'with events'],
      ['slack-integrated-server manifest --toolsets all --no-webhook', 'for MCP alone, with every tool'],
    ],
    readsConfig: true,
    options: [
      'publicUrl',
      'mcpEnabled',
      'mcpMountPath',
      'mcpAuth',
      'mcpToolsets',
      'mcpReadOnly',
      'mcpTools',
      'mcpExcludeTools',
      'webhookEnabled',
    ],
    flags: [{ name: '--url', description: 'Print a link that creates the app in Slack instead.' }],
    load: async () => (await import('./manifest.ts')).runManifest,
  },
  {
    path: ['mcp', 'install'],
    summary: 'Put this server into the configuration of an MCP client: shows the change, asks, writes.',
    examples: [
      ['slack-integrated-server mcp install cursor', 'the client starts the server itself'],
      ['slack-integrated-server mcp install claude-code --read-only --yes', 'nothing that writes, unasked'],
      ['slack-integrated-server mcp install vscode --transport http', 'a server that runs already'],
      ['slack-integrated-server mcp install codex --print', 'only show it'],
    ],
    readsConfig: true,
    options: ['mcpToolsets', 'mcpReadOnly', 'publicUrl', 'host', 'port', 'mcpMountPath'],
    flags: [
      {
        name: '--transport',
        placeholder: 'stdio|http',
        description: 'How the client reaches it; default stdio.',
      },
      {
        name: '--url',
        placeholder: 'url',
        description: 'With http: where MCP is; default PUBLIC_URL, else here.',
      },
      {
        name: '--name',
        placeholder: 'name',
        description: 'What the client calls the server; default slack.',
      },
      { name: '--print', description: 'Only print what would be added.' },
      { name: '--yes', description: 'Write without asking.' },
    ],
    operand: {
      name: 'client',
      choices: mcpClientNames,
      says: `${mcpClientNames.join(', ')}.`,
    },
    load: async () => (await import('./mcp-install.ts')).runMcpInstall,
  },
  {
    path: ['tools', 'list'],
    summary: 'List the tools that AI clients get, with what each needs.',
    examples: [
      ['slack-integrated-server tools list', 'those of the default toolsets'],
      ['slack-integrated-server tools list --toolsets all --json', 'every tool, for programs'],
    ],
    readsConfig: true,
    options: ['mcpToolsets', 'mcpReadOnly', 'mcpTools', 'mcpExcludeTools', 'slackUserToken'],
    flags: [{ name: '--json', description: 'Print JSON instead of a table.' }],
    load: async () => (await import('./tools-list.ts')).runToolsList,
  },
  {
    path: ['tools', 'describe'],
    summary: 'Say what a tool does, what it takes, and what it needs.',
    examples: [
      ['slack-integrated-server tools describe slack_post_message', 'with a line to call it by'],
      ['slack-integrated-server tools describe slack_post_message --json', 'as MCP clients see it'],
    ],
    readsConfig: false,
    flags: [{ name: '--json', description: 'Print what MCP clients are told, as JSON.' }],
    operand: { name: 'tool', says: 'The name of the tool; "tools list" has them.' },
    load: async () => (await import('./tools-describe.ts')).runToolsDescribe,
  },
  {
    path: ['tools', 'call'],
    summary: 'Call a tool as an MCP client would, without any client.',
    examples: [
      ["slack-integrated-server tools call slack_read_channel_messages channel='#general' limit=5", 'read'],
      ["slack-integrated-server tools call slack_post_message channel='#general' text='Hello'", 'post'],
      ['slack-integrated-server tools call slack_list_channels --json | jq .channels', 'for programs'],
    ],
    readsConfig: true,
    options: [
      'slackBotToken',
      'slackUserToken',
      'slackApiUrl',
      'slackRetry',
      'mcpToolsets',
      'mcpReadOnly',
      'mcpTools',
      'mcpExcludeTools',
      'mcpReadChannels',
      'mcpWriteChannels',
      'mcpDms',
      'mcpTimezone',
    ],
    flags: [{ name: '--json', description: 'Print JSON also on a terminal.' }],
    operand: {
      name: 'tool key=value …',
      says: 'The name of the tool, then its arguments: text, numbers, true or false, lists by comma; anything in JSON.',
      isRepeated: true,
    },
    load: async () => (await import('./tools-call.ts')).runToolsCall,
  },
  {
    path: ['tools', 'scopes'],
    summary: 'Say which scopes each tool needs, which of them the token lacks, and how to get them.',
    examples: [
      ['slack-integrated-server tools scopes', 'with SLACK_BOT_TOKEN, asks Slack what the token may do'],
      ['slack-integrated-server tools scopes --toolsets all --json', 'every tool, for programs'],
    ],
    readsConfig: true,
    options: [
      'mcpToolsets',
      'mcpReadOnly',
      'mcpTools',
      'mcpExcludeTools',
      'slackApiUrl',
      'slackBotToken',
      'slackUserToken',
    ],
    flags: [{ name: '--json', description: 'Print JSON instead of a table.' }],
    load: async () => (await import('./tools-scopes.ts')).runToolsScopes,
  },
  {
    path: ['generate'],
    summary: 'Print a ready file to deploy or watch the server with, with comments.',
    examples: [
      ['slack-integrated-server generate systemd', 'a unit for a machine of your own'],
      [
        'slack-integrated-server generate kubernetes --public-url https://slack.example.com',
        'with an Ingress',
      ],
      ['slack-integrated-server generate prometheus-rules > slack-rules.yml', 'alerts'],
    ],
    readsConfig: false,
    options: ['publicUrl'],
    flags: [{ name: '--image', placeholder: 'reference', description: 'The container image to name.' }],
    operand: {
      name: 'what',
      choices: Object.keys(templateNames),
      says: `${Object.entries(templateNames)
        .map(([name, says]) => `${name} (${says})`)
        .join(', ')}.`,
    },
    load: async () => (await import('./generate.ts')).runGenerate,
  },
  ...eventCommands,
  {
    path: ['version'],
    summary: 'Print the version, commit and platform.',
    examples: [['slack-integrated-server --version', 'the same']],
    readsConfig: false,
    load: async () => (await import('./version.ts')).runVersion,
  },
]

/** The name by which people call a command: `config show`. */
export function commandName({ path }: CommandRow): string {
  return path.join(' ')
}
