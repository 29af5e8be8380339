import type { IntegratedApp } from '../app.ts'
import { configNotices } from '../config/config-notices.ts'
import type { Config } from '../config/option-table.ts'
import type { Logger } from '../observe/logger.ts'
import type { ProcessMemory } from '../resilience/memory-guard.ts'
import { readMemoryLimit } from '../resilience/memory-limit.ts'
import type { CliContext, ParsedFlags } from './cli-context.ts'
import { requireConfig } from './command-config.ts'
import { exitCodes } from './exit-codes.ts'
import { listen } from './listen.ts'
import { createReload, createReloadDesk } from './reload.ts'
import { createServerProcess } from './server-process.ts'
import { createServiceNotifier, type ServiceNotifier } from './service-notifier.ts'
import { AdminListenError } from './start-failure.ts'

/** Serves until SIGINT or SIGTERM; SIGHUP reads the configuration again. 0 after a drained stop, 1 where something was cut off or could not start, 69 where a dependency is away, 78 without a valid configuration. */
export async function runServe(context: CliContext, flags: ParsedFlags): Promise<number> {
  const loaded = requireConfig(context, flags, { purpose: 'serve' })
  const { config } = loaded
  // A signal that comes before the server serves is heeded once it does.
  const reloads = createReloadDesk()
  const running = await createServerProcess(context, config, {
    stream: 'stdout',
    memory: processMemory(context),
    onReload: () => reloads.ask(),
  })
  const { server, log } = running
  const notifier = await createNotifier(context, log)
  try {
    await running.start(() => {
      const { url, host, port } = listen(server.app, config)
      const admin = listenForOperators(server, config)
      log.info('server_started', { url, host, port, ...whatIsServed(config, url), ...admin })
      for (const { level, event, fields } of configNotices(loaded, context.env)) log[level](event, fields)
      notifier.ready(`Listening on ${url}`)
      reloads.open(createReload({ context, flags, config, running, notifier, status: `Listening on ${url}` }))
    })
    await running.signalled()
    reloads.close()
    notifier.stopping()
    const { isClean } = await running.stop()
    return isClean ? exitCodes.done : exitCodes.failed
  } finally {
    notifier.close()
  }
}

/** The limit is asked for once: what changes it, a new container for one, starts the process anew. */
function processMemory({ readFile, heldBytes }: CliContext): ProcessMemory | undefined {
  const limitBytes = readMemoryLimit((path) => {
    const file = readFile(path)
    return file.kind === 'text' ? file.text : undefined
  })
  return limitBytes === undefined ? undefined : { limitBytes, heldBytes }
}

/** Tells systemd, where it is the one that started the process; nothing of this is loaded elsewhere. */
async function createNotifier({ clock, env, pid }: CliContext, log: Logger): Promise<ServiceNotifier> {
  const address = env['NOTIFY_SOCKET'] ?? ''
  const onFailed = () => log.warn('service_notify_failed', { address })
  if (address === '') return createServiceNotifier({ clock, env, pid, socket: undefined, onFailed })
  const { openNotifySocket } = await import('./notify-socket.ts')
  const socket = openNotifySocket(address)
  if (socket === undefined) onFailed()
  return createServiceNotifier({ clock, env, pid, socket, onFailed })
}

/** Opens ADMIN_PORT, where there is one. A port that cannot be had is the operator's to change, and so named as theirs. */
function listenForOperators(
  { admin }: IntegratedApp,
  { adminHost: host, adminPort: port }: Config,
): { readonly admin?: string } {
  if (admin === undefined || port === undefined) return {}
  try {
    return { admin: listen(admin, { host, port }).url }
  } catch (cause) {
    throw new AdminListenError({ host, port }, { cause })
  }
}

function whatIsServed(config: Config, url: string): Record<string, string> {
  const { mcpEnabled, mcpTransport, mcpMountPath, mcpAuth, webhookEnabled, queueBackendType } = config
  return {
    mcp: mcpEnabled ? `${url}${mcpMountPath}` : 'disabled',
    ...(mcpEnabled ? { mcp_transport: mcpTransport, mcp_auth: mcpAuth.join(',') } : {}),
    events: webhookEnabled ? `${url}/slack/events` : 'disabled',
    ...(webhookEnabled ? { queue: queueBackendType } : {}),
  }
}
