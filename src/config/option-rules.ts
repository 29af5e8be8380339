import { isLoopbackHost } from '../base/ip-address.ts'
import { isOrdinaryTarget } from './forward-url.ts'
import type { Config, OptionKey } from './option-table.ts'

/** What the configuration is loaded for: it decides which rules hold. `print` is for commands that need nothing. */
export type ConfigPurpose = 'serve' | 'stdio' | 'token' | 'print'

/** A rule between options. It is not looked at where one of the options it concerns is malformed. */
export interface OptionRule {
  readonly purposes: readonly ConfigPurpose[]
  /** The first is the one to change. */
  readonly concerns: readonly [OptionKey, ...OptionKey[]]
  readonly when: (config: Config) => boolean
  readonly holds: (config: Config) => boolean
  readonly message: string
  /** What it asks for proves who Slack is, or who we are to Slack: only a server that runs against Slack needs it. */
  readonly isAboutCredentials?: boolean
  /** Instead of the hint of the first option. */
  readonly hint?: string
}

const running = ['serve', 'stdio'] as const
const serving = ['serve'] as const
const always = () => true

/** Everything that options demand of each other. */
export const optionRules: readonly OptionRule[] = [
  {
    purposes: serving,
    concerns: ['slackSigningSecret', 'webhookEnabled'],
    when: (config) => config.webhookEnabled,
    holds: (config) => config.slackSigningSecret.length > 0,
    message: 'is required to tell Slack from others (or --no-webhook to run MCP alone)',
    isAboutCredentials: true,
  },
  {
    purposes: serving,
    concerns: ['slackBotToken', 'mcpEnabled'],
    when: (config) => config.mcpEnabled,
    holds: (config) => config.slackBotToken !== undefined,
    message: 'is required for the tools of MCP (or --no-mcp to run the webhook alone)',
    isAboutCredentials: true,
  },
  {
    // A command that is MCP and nothing else has no --no-mcp, and does what it does whatever MCP_ENABLED says of the server.
    purposes: ['stdio'],
    concerns: ['slackBotToken'],
    when: always,
    holds: (config) => config.slackBotToken !== undefined,
    message: 'is required for the tools of MCP',
    isAboutCredentials: true,
  },
  {
    purposes: ['token'],
    concerns: ['slackSigningSecret', 'slackBotToken'],
    when: always,
    holds: (config) => config.slackSigningSecret.length > 0 || config.slackBotToken !== undefined,
    message: 'is required, or SLACK_BOT_TOKEN: tokens are derived from what the server has',
  },
  {
    purposes: serving,
    concerns: ['mcpEnabled', 'webhookEnabled'],
    when: always,
    holds: (config) => config.mcpEnabled || config.webhookEnabled,
    message: 'MCP and the webhook are both off: nothing is left to serve',
    hint: 'Leave one of --no-mcp and --no-webhook away.',
  },
  {
    purposes: running,
    concerns: ['redisUrl', 'queueBackendType', 'webhookEnabled'],
    when: (config) => config.queueBackendType === 'redis' && config.webhookEnabled,
    holds: (config) => config.redisUrl !== undefined,
    message: 'is required by the redis backend',
  },
  {
    purposes: running,
    concerns: ['redisTlsCa', 'redisUrl'],
    when: (config) => config.redisTlsCa !== undefined && config.redisUrl !== undefined,
    holds: (config) => config.redisUrl?.reveal().startsWith('rediss:') === true,
    message: 'is of no use to a REDIS_URL without TLS',
    hint: 'Give a rediss:// URL, or leave this away.',
  },
  {
    purposes: running,
    concerns: ['stateDir', 'queueBackendType', 'webhookEnabled'],
    when: (config) => config.queueBackendType === 'sqlite' && config.webhookEnabled,
    holds: (config) => config.stateDir !== undefined,
    message: 'is required by the sqlite backend',
    hint: 'An absolute path, for example /var/lib/slack-integrated-server; StateDirectory= of systemd counts.',
  },
  {
    purposes: serving,
    concerns: ['mcpAuth'],
    when: (config) => config.mcpAuth.includes('none'),
    holds: (config) => config.mcpAuth.length === 1,
    message: 'none cannot stand beside another mode',
  },
  {
    purposes: serving,
    concerns: ['mcpAuth', 'slackSigningSecret', 'mcpEnabled'],
    when: (config) => config.mcpEnabled && config.mcpAuth.includes('slack'),
    holds: (config) => config.slackSigningSecret.length > 0,
    message: 'slack needs SLACK_SIGNING_SECRET: its requests are signed with it',
  },
  {
    purposes: serving,
    concerns: ['mcpAuth', 'host', 'mcpEnabled'],
    when: isOpen,
    holds: (config) => isLoopbackHost(config.host),
    message:
      'none is allowed on a loopback address only: everybody who reaches the port would use Slack as this app',
    hint: 'Set HOST=127.0.0.1, or leave MCP_AUTH away: "slack-integrated-server token" prints the token.',
  },
  {
    purposes: serving,
    concerns: ['mcpAuth', 'publicUrl', 'allowedHosts', 'mcpEnabled'],
    when: isOpen,
    holds: hasLoopbackNamesOnly,
    message: 'none is allowed with loopback host names only: PUBLIC_URL or ALLOWED_HOSTS names another',
    hint: 'Leave MCP_AUTH away: "slack-integrated-server token" prints the token.',
  },
  {
    purposes: serving,
    concerns: ['adminPort', 'port'],
    when: (config) => config.adminPort !== undefined && config.port !== 0,
    holds: (config) => config.adminPort !== config.port,
    message: 'is the same as PORT',
    hint: 'Leave it away to have everything on PORT.',
  },
  {
    purposes: serving,
    concerns: ['serverRequireHttps', 'serverTrustedProxies'],
    when: (config) => config.serverRequireHttps,
    holds: (config) => config.serverTrustedProxies.length > 0,
    message: 'needs SERVER_TRUSTED_PROXIES: the proxy that ends TLS says what came over HTTPS',
    hint: 'Name the addresses of the proxy, as the server sees them.',
  },
  {
    purposes: serving,
    concerns: ['forwardUrl', 'forwardPrivateNetwork'],
    when: (config) => config.forwardUrl !== undefined && !config.forwardPrivateNetwork,
    holds: (config) => config.forwardUrl === undefined || isOrdinaryTarget(config.forwardUrl),
    message: 'is plain http, an address or a name without a domain: events may go into a private network',
    hint: 'Set FORWARD_PRIVATE_NETWORK=true where that is meant.',
  },
  {
    purposes: serving,
    concerns: ['forwardUrl', 'webhookEnabled'],
    when: (config) => config.forwardUrl !== undefined,
    holds: (config) => config.webhookEnabled,
    message: 'needs the webhook: without it there are no events to deliver',
    hint: 'Leave --no-webhook away.',
  },
  {
    purposes: ['serve', 'token'],
    concerns: ['forwardSecret', 'slackSigningSecret'],
    when: (config) => config.forwardSecret !== undefined,
    holds: hasOwnForwardSecret,
    message: 'is a signing secret of the Slack app: whoever receives deliveries could pose as Slack',
    hint: 'Make one with "openssl rand -base64 33", or leave it away: "token --forward" prints the derived one.',
  },
  {
    purposes: serving,
    concerns: ['corsAllowOrigins', 'corsAllowCredentials'],
    when: (config) => config.corsAllowCredentials,
    holds: (config) => !config.corsAllowOrigins.includes('*'),
    message: '* cannot stand beside CORS_ALLOW_CREDENTIALS=true: every page on the web could act as the user',
    hint: 'Name the origins.',
  },
  {
    purposes: serving,
    concerns: ['corsAllowOrigins', 'mcpAuth', 'mcpEnabled'],
    when: isOpen,
    holds: (config) => !config.corsAllowOrigins.includes('*'),
    message: '* cannot stand beside MCP_AUTH=none: every page that a browser here shows could use Slack',
    hint: 'Name the origins, or let clients send a token (MCP_AUTH=token).',
  },
  {
    purposes: serving,
    concerns: ['mcpSessionsPerPrincipalMax', 'mcpSessionsMax'],
    when: always,
    holds: (config) => config.mcpSessionsPerPrincipalMax <= config.mcpSessionsMax,
    message: 'is more than MCP_SESSIONS_MAX',
  },
  {
    purposes: ['serve', 'token'],
    concerns: ['mcpTokens', 'mcpAuthTokens'],
    when: always,
    holds: (config) => config.mcpTokens.every((policy) => tokensNamed(config, policy.name) === 1),
    message:
      'each has one token: a token_file, or an entry of the same name in MCP_AUTH_TOKENS, and not both',
  },
  {
    purposes: ['serve', 'token'],
    concerns: ['mcpAuthTokens', 'mcpTokens'],
    when: always,
    holds: hasDistinctTokens,
    message: 'two names have the same token: they could not be told apart',
  },
]

/** The rules for `purpose` that `config` breaks; those that concern a refused option are not looked at. */
export function brokenRules(
  config: Config,
  purpose: ConfigPurpose,
  isRefused: (key: OptionKey) => boolean = () => false,
): readonly OptionRule[] {
  return optionRules
    .filter((rule) => rule.purposes.includes(purpose) && !rule.concerns.some(isRefused))
    .filter((rule) => rule.when(config) && !rule.holds(config))
}

/** 127.0.0.1 and localhost are where a host name leads that only this machine knows. */
function isOpen(config: Config): boolean {
  return config.mcpEnabled && config.mcpAuth.includes('none')
}

function hasLoopbackNamesOnly({ publicUrl, allowedHosts }: Config): boolean {
  const names = allowedHosts.map((name) => name.replace(/:\d+$/, ''))
  if (publicUrl !== undefined) names.push(new URL(publicUrl).hostname)
  return names.every(isLoopbackHost)
}

function hasOwnForwardSecret({ forwardSecret, slackSigningSecret }: Config): boolean {
  return slackSigningSecret.every((secret) => secret.reveal() !== forwardSecret?.reveal())
}

function tokensNamed(config: Config, name: string): number {
  const inList = config.mcpAuthTokens.filter((entry) => entry.name === name).length
  const inFile = config.mcpTokens.filter(
    (policy) => policy.name === name && policy.token !== undefined,
  ).length
  return inList + inFile
}

function hasDistinctTokens({ mcpAuthTokens, mcpTokens }: Config): boolean {
  const texts = [...mcpAuthTokens, ...mcpTokens].flatMap(({ token }) => token?.reveal() ?? [])
  return new Set(texts).size === texts.length
}
