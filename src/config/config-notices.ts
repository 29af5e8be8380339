import type { Environment } from './config-sources.ts'
import { credentialForms, credentialKeys } from './credential-forms.ts'
import type { LoadedConfig } from './load-config.ts'
import { optionOf } from './option-names.ts'
import type { Config } from './option-table.ts'

/** Something about a valid configuration that its operator should know. */
export interface ConfigNotice {
  readonly level: 'info' | 'warn'
  /** The name of its log line. */
  readonly event: string
  readonly fields: Readonly<Record<string, string>> & {
    /** What is so, and what comes of it. */
    readonly problem: string
    /** What to do about it. */
    readonly advice: string
  }
}

interface Platform {
  readonly name: string
  /** Set where a process runs there. */
  readonly variable: string
  /** When it ends a process that nothing is wrong with. */
  readonly endsProcesses: string
  /** Whether what was written to a disk is there again after that. */
  readonly keepsDisk: boolean
}

const platforms: readonly Platform[] = [
  // https://devcenter.heroku.com/articles/dynos#automatic-dyno-restarts, #ephemeral-filesystem
  {
    name: 'Heroku',
    variable: 'DYNO',
    endsProcesses: 'Heroku restarts dynos every day',
    keepsDisk: false,
  },
  // https://cloud.google.com/run/docs/container-contract#filesystem, #instance-shutdown
  {
    name: 'Cloud Run',
    variable: 'K_SERVICE',
    endsProcesses: 'Cloud Run ends instances that are idle',
    keepsDisk: false,
  },
  // Whether STATE_DIR is a volume is not to be seen from within.
  {
    name: 'Kubernetes',
    variable: 'KUBERNETES_SERVICE_HOST',
    endsProcesses: 'Kubernetes replaces pods, and each has its own memory',
    keepsDisk: true,
  },
]

function platformOf(env: Environment): Platform | undefined {
  return platforms.find(({ variable }) => (env[variable] ?? '') !== '')
}

/** What an operator would otherwise find out the hard way, given where the process runs. Empty for a configuration that is refused. */
export function configNotices({ config, settings }: LoadedConfig, env: Environment): readonly ConfigNotice[] {
  if (config === undefined) return []
  const platform = platformOf(env)
  const notices: ConfigNotice[] = [...suspectedCredentials(config)]
  if (platform !== undefined && settings.get('host')?.origin.kind === 'default') {
    const { host } = config
    const problem = `HOST is ${host}, and ${platform.name} reaches the server from outside its loopback address`
    const fields = { platform: platform.name, host, problem, advice: 'Set HOST=0.0.0.0.' }
    notices.push({ level: 'warn', event: 'server_host_suspected', fields })
  }
  notices.push(...lossyQueue(config, env))
  if (platform?.name === 'Kubernetes' && config.mcpEnabled && config.mcpSessions === 'memory') {
    const problem = 'With several replicas, sessions of older clients break: each pod has its own'
    const fields = { problem, advice: 'Set MCP_SESSIONS=stateless.' }
    notices.push({ level: 'warn', event: 'mcp_sessions_are_local', fields })
  }
  const hasTokens = config.mcpAuthTokens.length > 0 || config.mcpTokens.length > 0
  if (config.mcpEnabled && config.mcpAuth.includes('token') && !hasTokens) {
    const problem = 'No MCP_AUTH_TOKENS are set: clients send a token that is derived'
    const advice = '"slack-integrated-server token" with this configuration prints it.'
    notices.push({ level: 'info', event: 'mcp_token_derived', fields: { problem, advice } })
  }
  return notices
}

/** Where accepted events do not outlive the process, or not the place where it runs. */
export function lossyQueue(config: Config, env: Environment): readonly ConfigNotice[] {
  const { webhookEnabled, queueBackendType: backend, stateDir } = config
  if (!webhookEnabled) return []
  const platform = platformOf(env)
  const where = platform === undefined ? {} : { platform: platform.name }
  const lossy = (problem: string, advice: string): readonly ConfigNotice[] => [
    { level: 'warn', event: 'queue_is_lossy', fields: { backend, ...where, problem, advice } },
  ]
  const redisAdvice = 'QUEUE_BACKEND_TYPE=redis (with REDIS_URL) keeps them.'
  if (backend === 'memory') {
    const when = platform === undefined ? '' : ` (${platform.endsProcesses})`
    const problem = `memory: accepted events are lost when the process ends${when}`
    return platform === undefined
      ? lossy(problem, 'QUEUE_BACKEND_TYPE=sqlite (with STATE_DIR) or redis (with REDIS_URL) keeps them.')
      : lossy(problem, redisAdvice)
  }
  if (platform === undefined || platform.keepsDisk || stateDir === undefined) return []
  const why = `${platform.endsProcesses}, and the disk with STATE_DIR goes with them`
  return backend === 'sqlite'
    ? lossy(`sqlite: accepted events are lost: ${why}`, redisAdvice)
    : lossy(`redis: accepted events that Redis does not have yet are lost: ${why}`, 'Leave STATE_DIR away.')
}

function suspectedCredentials(config: Config): readonly ConfigNotice[] {
  return credentialKeys.flatMap((key) => {
    const { form, says } = credentialForms[key]
    if ([config[key] ?? []].flat().every((secret) => form.test(secret.reveal()))) return []
    const { env = '', row } = optionOf(key)
    const fields = { option: env, problem: `${env} ${says}`, advice: `Where to find it: ${row.hint}` }
    return { level: 'warn', event: 'slack_credential_suspected', fields } as const
  })
}
