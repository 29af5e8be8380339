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
  readonly fields: Readonly<Record<string, string>> & { readonly advice: string }
}

/** Variables by which hosting platforms are known. */
const platforms = [
  { variable: 'DYNO', name: 'Heroku' },
  { variable: 'K_SERVICE', name: 'Cloud Run' },
  { variable: 'KUBERNETES_SERVICE_HOST', name: 'Kubernetes' },
] as const

/** What an operator would otherwise find out the hard way, given where the process runs. Empty for a configuration that is refused. */
export function configNotices({ config, settings }: LoadedConfig, env: Environment): readonly ConfigNotice[] {
  if (config === undefined) return []
  const platform = platforms.find(({ variable }) => (env[variable] ?? '') !== '')?.name
  const notices: ConfigNotice[] = [...suspectedCredentials(config)]
  if (platform !== undefined && settings.get('host')?.origin.kind === 'default') {
    const advice = 'The platform reaches the server from outside its loopback address: set HOST=0.0.0.0.'
    notices.push({
      level: 'warn',
      event: 'server_host_suspected',
      fields: { platform, host: config.host, advice },
    })
  }
  if (config.webhookEnabled && config.queueBackendType === 'memory') {
    const advice =
      'Accepted events are lost when the process ends. QUEUE_BACKEND_TYPE=sqlite or redis keeps them.'
    notices.push({ level: 'warn', event: 'queue_is_lossy', fields: { backend: 'memory', advice } })
  }
  if (platform === 'Kubernetes' && config.mcpEnabled && config.mcpSessions === 'memory') {
    const advice = 'With several replicas, sessions of older clients break: set MCP_SESSIONS=stateless.'
    notices.push({ level: 'warn', event: 'mcp_sessions_are_local', fields: { advice } })
  }
  const hasTokens = config.mcpAuthTokens.length > 0 || config.mcpTokens.length > 0
  if (config.mcpEnabled && config.mcpAuth.includes('token') && !hasTokens) {
    const advice =
      'Clients send a token that is derived: "slack-integrated-server token" with this configuration prints it.'
    notices.push({ level: 'info', event: 'mcp_token_derived', fields: { advice } })
  }
  return notices
}

function suspectedCredentials(config: Config): readonly ConfigNotice[] {
  return credentialKeys.flatMap((key) => {
    const { form, says } = credentialForms[key]
    if ([config[key] ?? []].flat().every((secret) => form.test(secret.reveal()))) return []
    const { env = '', row } = optionOf(key)
    const advice = `${env} ${says}. Where to find it: ${row.hint}`
    return { level: 'warn', event: 'slack_credential_suspected', fields: { option: env, advice } } as const
  })
}
