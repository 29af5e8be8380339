import type { CliContext, ParsedFlags } from './cli-context.ts'
import { requireConfig } from './command-config.ts'
import { exitCodes } from './exit-codes.ts'
import { createServerProcess } from './server-process.ts'

/**
 * Speaks MCP over standard input and output until the input ends: 0 then, 130 after SIGINT, 1 where it could not start. stdout carries
 * JSON-RPC and nothing else, so logs go to stderr. Opens no port.
 */
export async function runStdio(context: CliContext, flags: ParsedFlags): Promise<number> {
  const { config } = requireConfig(context, flags, { purpose: 'stdio' })
  const running = await createServerProcess(context, config, { stream: 'stderr' })
  const ended = new AbortController()
  let isInterrupted = false
  void running.signalled().then((signal) => {
    isInterrupted = signal === 'SIGINT'
    ended.abort()
  })
  const pipe = { input: context.stdin(), write: (line: string) => context.stdout.write(line) }
  await running.start(() => running.server.serveStdio(pipe, ended.signal))
  await running.stop()
  return isInterrupted ? exitCodes.interrupted : exitCodes.done
}
