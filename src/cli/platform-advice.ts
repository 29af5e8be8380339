import type { Environment } from '../config/config-sources.ts'
import type { LoadedConfig } from '../config/load-config.ts'
import type { Logger } from '../observe/logger.ts'
import type { CliContext } from './cli-context.ts'

/** Variables by which hosting platforms are known. */
const platforms = {
  DYNO: 'Heroku',
  K_SERVICE: 'Cloud Run',
  KUBERNETES_SERVICE_HOST: 'Kubernetes',
} as const

/** Says at start what the operator would otherwise find out the hard way. */
export function advise({ env }: CliContext, { config, settings }: LoadedConfig, log: Logger): void {
  if (config === undefined) return
  const platform = platformOf(env)
  if (platform !== undefined && settings.get('host')?.origin.kind === 'default') {
    log.warn('server_host_suspected', {
      platform,
      host: config.host,
      advice: 'The platform reaches the server from outside its loopback address: set HOST=0.0.0.0.',
    })
  }
  if (config.webhookEnabled && config.queueBackendType === 'memory') {
    log.warn('queue_is_lossy', {
      backend: 'memory',
      advice:
        'Accepted events are lost when the process ends. QUEUE_BACKEND_TYPE=sqlite or redis keeps them.',
    })
  }
  if (platform === 'Kubernetes' && config.mcpEnabled && config.mcpSessions === 'memory') {
    log.warn('mcp_sessions_are_local', {
      advice: 'With several replicas, sessions of older clients break: set MCP_SESSIONS=stateless.',
    })
  }
  if (
    config.mcpEnabled &&
    config.mcpAuthTokens.length === 0 &&
    config.mcpTokens.length === 0 &&
    config.mcpAuth.includes('token')
  ) {
    log.info('mcp_token_derived', {
      advice:
        'Clients send a token that is derived: "slack-integrated-server token" with this configuration prints it.',
    })
  }
}

function platformOf(env: Environment): (typeof platforms)[keyof typeof platforms] | undefined {
  for (const [variable, platform] of Object.entries(platforms)) {
    if ((env[variable] ?? '') !== '') return platform
  }
  return undefined
}
