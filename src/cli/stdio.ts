import { composeApp } from '../app.ts'
import { type CliContext, type ParsedFlags, programName } from './cli-context.ts'
import { loadCommandConfig, reportProblems } from './command-config.ts'
import { exitCodes } from './exit-codes.ts'
import { createServerLog } from './server-log.ts'
import { startFailureCode, startFailureReason } from './start-failure.ts'

/**
 * Speaks MCP over standard input and output until the input ends: 0 then, 130 after SIGINT, 1 where it could not start. stdout carries
 * JSON-RPC and nothing else, so logs go to stderr. Opens no port.
 */
export async function runStdio(context: CliContext, flags: ParsedFlags): Promise<number> {
  const loaded = loadCommandConfig(context, flags, { purpose: 'stdio' })
  if (loaded.config === undefined) {
    reportProblems(context, loaded)
    return exitCodes.config
  }
  const { config } = loaded
  const { log, flush } = createServerLog(context, config, 'stderr')
  const server = composeApp(config, { logger: log, clock: context.clock, pid: context.pid })
  const ended = new AbortController()
  let isInterrupted = false
  const stopListening = context.onSignal((signal) => {
    isInterrupted = signal === 'SIGINT'
    ended.abort()
  })
  try {
    await server.start()
    await server.serveStdio(
      { input: context.stdin(), write: (line) => context.stdout.write(line) },
      ended.signal,
    )
  } catch (error) {
    context.stderr.write(`${programName}: ${startFailureReason(error, config)}\n`)
    return startFailureCode(error)
  } finally {
    stopListening()
    await server.stop()
    await flush()
  }
  return isInterrupted ? exitCodes.interrupted : exitCodes.done
}
