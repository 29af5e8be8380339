import { containerHost, containerStateDir } from './container-facts.ts'
import type { Template } from './deployment.ts'
import { defaultOf, envOf, type OptionSetting, publicUrlSettings, setting } from './option-setting.ts'
import { quoted } from './yaml-text.ts'

/**
 * The server with a Redis that keeps what it was given. Events go through a spool in the volume before they reach Redis, so that a restart of Redis
 * refuses none.
 */
export const renderComposeFile: Template = ({ program, image, publicUrl }) => {
  const port = defaultOf('port')
  const stateDir = containerStateDir(program)
  const settings = [
    setting('host', containerHost),
    setting('port', port),
    setting('queueBackendType', 'redis'),
    setting('redisUrl', 'redis://redis:6379/0'),
    setting('stateDir', stateDir),
    setting('logFormat', 'json'),
    ...publicUrlSettings(publicUrl),
  ]
  return `# compose.yaml
#
# ${envOf('slackBotToken')} and ${envOf('slackSigningSecret')} come from your environment, or from a file named .env beside this one (mode 0600).
#   docker compose up -d
#   docker compose exec server ${program} healthcheck
#   docker compose exec server ${program} token         # what MCP clients send
services:
  server:
    image: ${quoted(image)}
    environment:
${[...required(['slackBotToken', 'slackSigningSecret']), ...settings.map(entry)].join('\n')}
    ports:
      # On this machine alone, for a reverse proxy that speaks HTTPS: Slack delivers to nothing else.
      - "127.0.0.1:${port}:${port}"
    volumes:
      - state:${stateDir}
    depends_on:
      redis: { condition: service_healthy }
    restart: unless-stopped
    # Longer than ${envOf('serverShutdownSeconds')} (${defaultOf('serverShutdownSeconds')} s).
    stop_grace_period: 20s
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    mem_limit: 512m
    pids_limit: 256
  redis:
    image: redis:8-alpine
    # Written to disk at each command's end, and never evicted: these are events that Slack was told are kept.
    command: [redis-server, --appendonly, "yes", --appendfsync, always, --maxmemory-policy, noeviction]
    volumes:
      - redis:/data
    healthcheck:
      test: [CMD, redis-cli, ping]
      interval: 5s
      timeout: 3s
      retries: 10
    restart: unless-stopped
    security_opt: ["no-new-privileges:true"]
volumes:
  state: {}
  redis: {}
`
}

function entry({ env, value }: OptionSetting): string {
  return `      ${env}: ${quoted(value)}`
}

/** Compose stops with this message where the variable is missing. */
function required(keys: readonly ('slackBotToken' | 'slackSigningSecret')[]): readonly string[] {
  return keys.map((key) => `      ${envOf(key)}: ${quoted(`\${${envOf(key)}:?is not set}`)}`)
}
