import { composeApp, type IntegratedApp } from '../app.ts'
import type { Config } from '../config/option-table.ts'
import type { Logger } from '../observe/logger.ts'
import { type CliContext, type ParsedFlags, programName } from './cli-context.ts'
import { loadCommandConfig, reportProblems } from './command-config.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { listen } from './listen.ts'
import { advise } from './platform-advice.ts'
import { createServerLog } from './server-log.ts'
import { createServiceNotifier, type ServiceNotifier } from './service-notifier.ts'
import { AdminListenError, startFailureCode, startFailureReason } from './start-failure.ts'

/** Serves until a signal: 0 after a drained stop, 1 where something was cut off or could not start, 69 where a dependency is away, 78 without a valid configuration. */
export async function runServe(context: CliContext, flags: ParsedFlags): Promise<number> {
  const loaded = loadCommandConfig(context, flags, { purpose: 'serve' })
  if (loaded.config === undefined) {
    reportProblems(context, loaded)
    return exitCodes.config
  }
  const { config } = loaded
  const { log, flush } = createServerLog(context, config, 'stdout')
  const server = composeApp(config, { logger: log, clock: context.clock, pid: context.pid })
  const notifier = await createNotifier(context, log)
  const stopped = stopOnSignal({ context, server, log, notifier })
  try {
    await server.start()
    const { url, host, port } = listen(server.app, config)
    const admin = listenForOperators(server, config)
    log.info('server_started', { url, host, port, ...whatIsServed(config, url), ...admin })
    advise(context, loaded, log)
    notifier.ready(`Listening on ${url}`)
  } catch (error) {
    context.stderr.write(`${programName}: ${startFailureReason(error, config)}\n`)
    await server.stop()
    await flush()
    notifier.close()
    return startFailureCode(error)
  }
  const code = await stopped
  await flush()
  notifier.close()
  return code
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

interface RunningServer {
  readonly context: CliContext
  readonly server: IntegratedApp
  readonly log: Logger
  readonly notifier: ServiceNotifier
}

/** The first signal drains, the second one cuts short. */
async function stopOnSignal({ context, server, log, notifier }: RunningServer): Promise<ExitCode> {
  await new Promise<void>((resolve) => {
    let count = 0
    context.onSignal((signal) => {
      log.info('server_stop_requested', { signal })
      if (++count === 1) resolve()
      else server.hurry()
    })
  })
  notifier.stopping()
  const { isClean, unfinished } = await server.stop()
  if (isClean) log.info('server_stopped')
  else log.error('server_stopped_unfinished', { unfinished })
  return isClean ? exitCodes.done : exitCodes.failed
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
