import { optionGroupNames } from '../config/option-row.ts'
import { templateNames } from '../deploy/template-names.ts'
import type { CommandRow } from './command-row.ts'
import { demoOptions } from './demo-options.ts'
import { eventCommands } from './event-commands.ts'
import { mcpClientNames } from './mcp-client-names.ts'
import { toolCommands } from './tool-commands.ts'
import { callOptions, offerOptions, startedOptions } from './tool-options.ts'

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
    groups: optionGroupNames,
    load: async () => (await import('./serve.ts')).runServe,
  },
  {
    path: ['stdio'],
    summary: 'Speak MCP over standard input and output, for a client that starts the server itself.',
    examples: [
      ['slack-integrated-server stdio', 'with SLACK_BOT_TOKEN in the environment'],
      ['slack-integrated-server stdio --read-only', 'nothing that writes'],
      ["slack-integrated-server stdio --write-channels '#bots'", 'writes to one channel, reads the others'],
    ],
    readsConfig: true,
    groups: ['log'],
    options: [...callOptions, 'mcpConfirm', 'limitsToolCallsPerMinute'],
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
    groups: optionGroupNames,
    flags: [{ name: '--json', description: 'Print JSON instead of a table.' }],
    load: async () => (await import('./config-show.ts')).runConfigShow,
  },
  {
    path: ['config', 'check'],
    summary: 'Say whether "serve" would start with this configuration, and what is wrong with it.',
    examples: [['slack-integrated-server config check --config config.toml', 'exit code 0, or 78']],
    readsConfig: true,
    groups: optionGroupNames,
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
    groups: optionGroupNames,
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
    options: ['publicUrl', 'mcpEnabled', 'mcpMountPath', 'mcpAuth', ...offerOptions, 'webhookEnabled'],
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
    options: [...startedOptions, 'publicUrl', 'host', 'port', 'mcpMountPath'],
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
  ...toolCommands,
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
  {
    path: ['generate', 'completions'],
    summary: 'Print a script by which a shell completes commands, flags and their values.',
    examples: [
      ['source <(slack-integrated-server generate completions bash)', 'for this shell'],
      [
        'slack-integrated-server generate completions fish > ~/.config/fish/completions/slack-integrated-server.fish',
        'for every one',
      ],
    ],
    readsConfig: false,
    operand: { name: 'shell', choices: ['bash', 'zsh', 'fish'], says: 'bash, zsh or fish.' },
    load: async () => (await import('./generate-completions.ts')).createGenerateCompletions(commandTable),
  },
  ...eventCommands,
  {
    path: ['version'],
    summary: 'Print the version, the commit and its date, and the target.',
    examples: [
      ['slack-integrated-server --version', 'the same'],
      ['slack-integrated-server version --json', 'for programs'],
    ],
    readsConfig: false,
    flags: [{ name: '--json', description: 'Print JSON instead of a line.' }],
    load: async () => (await import('./version.ts')).runVersion,
  },
]
