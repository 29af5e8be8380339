import type { Environment } from './config-sources.ts'
import type { Setting } from './load-config.ts'
import type { Config, OptionKey } from './option-table.ts'

/** Something that is allowed and probably not meant. `event` is the name of its log line. */
export interface ConfigNotice {
  readonly event: string
  readonly message: string
}

/** Variables by which hosting platforms give themselves away. */
const platforms = [
  { variable: 'DYNO', name: 'Heroku' },
  { variable: 'K_SERVICE', name: 'Cloud Run' },
  { variable: 'KUBERNETES_SERVICE_HOST', name: 'Kubernetes' },
] as const

/** What an operator should know about a valid configuration at start, given where the process runs. */
export function configNotices(
  config: Config,
  settings: ReadonlyMap<OptionKey, Setting>,
  env: Environment,
): readonly ConfigNotice[] {
  const platform = platforms.find(({ variable }) => (env[variable] ?? '') !== '')
  if (platform === undefined) return []
  const notices: ConfigNotice[] = []
  if (settings.get('host')?.origin.kind === 'default') {
    notices.push({
      event: 'config_host_unreachable',
      message: `This is ${platform.name} (${platform.variable} is set) and HOST is not set: nothing outside this machine reaches ${config.host}. Set HOST=0.0.0.0.`,
    })
  }
  if (config.webhookEnabled && config.queueBackendType === 'memory') {
    notices.push({
      event: 'config_queue_lossy',
      message: `The memory backend loses its events whenever ${platform.name} replaces this instance. QUEUE_BACKEND_TYPE=redis keeps them.`,
    })
  }
  if (platform.name === 'Kubernetes' && config.mcpEnabled && config.mcpSessions === 'memory') {
    notices.push({
      event: 'config_sessions_local',
      message:
        'MCP sessions live in this pod: behind a Service without session affinity, clients before 2026-07-28 lose theirs. MCP_SESSIONS=stateless works with any number of replicas.',
    })
  }
  return notices
}
