import { composeApp, type ReconfigurableApp } from '../app.ts'
import type { StopReport } from '../app-lifecycle.ts'
import type { AppSurroundings } from '../app-options.ts'
import type { Config } from '../config/option-table.ts'
import type { Logger } from '../observe/logger.ts'
import type { CliContext, StopSignal } from './cli-context.ts'
import { CommandFailure } from './command-failure.ts'
import { createServerLog } from './server-log.ts'
import { startFailureCode, startFailureReason } from './start-failure.ts'

/** A server in this process, as every command that has one starts it and ends it. */
export interface ServerProcess {
  readonly server: ReconfigurableApp
  readonly log: Logger
  /** Takes over what another configuration says of the log: its level, and which further secrets it must not show. */
  readonly adoptLog: (config: Config) => void
  /** Starts the server, then runs `open`. Where either fails, stops everything and throws a CommandFailure that says what to change. */
  start<Opened>(open: () => Promise<Opened> | Opened): Promise<Opened>
  /** Resolves at the first signal that ends the process. Each further one cuts the stop short. */
  signalled(): Promise<StopSignal>
  /** Drains, logs how that went, and waits until the log has left the process. Safe to call twice. */
  stop(): Promise<StopReport>
}

export interface ServerProcessOptions extends Pick<AppSurroundings, 'ids'> {
  /** Where the log goes. */
  readonly stream: 'stdout' | 'stderr'
  /** What SIGHUP does instead of ending the process, where it is no hang-up of the terminal. */
  readonly onReload?: () => void
}

export async function createServerProcess(
  context: CliContext,
  config: Config,
  { stream, onReload, ...options }: ServerProcessOptions,
): Promise<ServerProcess> {
  const { clock, pid } = context
  const hadTerminal = onReload !== undefined && context.hasTerminal()
  const { log, adopt, flush } = await createServerLog(context, config, stream)
  const server = composeApp(config, { logger: log, clock, pid, ...options })
  const signalled = Promise.withResolvers<StopSignal>()
  let signalCount = 0
  // From before the start on: a signal that comes meanwhile is not the end of the process.
  const stopListening = context.onSignal((signal) => {
    const isHangUp = hadTerminal && !context.hasTerminal()
    if (signal === 'SIGHUP' && onReload !== undefined && !isHangUp) return onReload()
    log.info('server_stop_requested', { signal })
    if (++signalCount > 1) server.hurry()
    signalled.resolve(signal)
  })
  const end = async () => {
    const report = await server.stop()
    stopListening()
    return report
  }
  return {
    server,
    log,
    adoptLog: adopt,
    async start(open) {
      try {
        await server.start()
        return await open()
      } catch (cause) {
        await end()
        await flush()
        throw new CommandFailure(startFailureReason(cause, config), {
          exitCode: startFailureCode(cause),
          cause,
        })
      }
    },
    signalled: () => signalled.promise,
    async stop() {
      const report = await end()
      const { isClean, unfinished } = report
      if (isClean) log.info('server_stopped')
      else log.error('server_stopped_unfinished', { unfinished })
      await flush()
      return report
    },
  }
}
