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
  /**
   * Resolves with the first signal that ends the process, each further one of which cuts the stop short; or at an error that nobody caught: what it
   * left half done is unknown, so the server drains, ends as failed, and is for its supervisor to start again.
   */
  signalled(): Promise<StopSignal | 'fault'>
  /** Drains, logs how that went, and waits until the log has left the process. Safe to call twice. */
  stop(): Promise<StopReport>
}

export interface ServerProcessOptions extends Pick<AppSurroundings, 'ids' | 'memory'> {
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
  const signalled = Promise.withResolvers<StopSignal | 'fault'>()
  let signalCount = 0
  let hasFault = false
  // From before the start on: a signal that comes meanwhile is not the end of the process.
  const stopListening = context.onSignal((signal) => {
    const isHangUp = hadTerminal && !context.hasTerminal()
    if (signal === 'SIGHUP' && onReload !== undefined && !isHangUp) return onReload()
    log.info('server_stop_requested', { signal })
    if (++signalCount > 1) server.hurry()
    signalled.resolve(signal)
  })
  const stopHearing = context.onFault((error) => {
    hasFault = true
    server.noteFault(error)
    signalled.resolve('fault')
  })
  const end = async () => {
    const { isClean, unfinished } = await server.stop()
    stopListening()
    stopHearing()
    return { isClean: isClean && !hasFault, unfinished }
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
      const { unfinished } = report
      if (unfinished.length === 0) log.info('server_stopped')
      else log.error('server_stopped_unfinished', { unfinished })
      await flush()
      return report
    },
  }
}
