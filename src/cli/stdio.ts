import { interpretSchemas } from '../mcp/interpret-schemas.ts'
import type { CliContext, ParsedFlags } from './cli-context.ts'
import { requireConfig } from './command-config.ts'
import { exitCodes } from './exit-codes.ts'
import { createServerProcess } from './server-process.ts'

/**
 * Speaks MCP over standard input and output until the input ends: 0 then, 130 after SIGINT, 1 where it could not start or something failed that nobody caught. stdout carries
 * JSON-RPC and nothing else, so logs go to stderr. Opens no port.
 */
export async function runStdio(context: CliContext, flags: ParsedFlags): Promise<number> {
  interpretSchemas()
  const { config } = requireConfig(context, flags, { purpose: 'stdio' })
  const running = await createServerProcess(context, config, { stream: 'stderr' })
  const ended = new AbortController()
  let exitCode: number = exitCodes.done
  void running.signalled().then((signal) => {
    if (signal === 'SIGINT') exitCode = exitCodes.interrupted
    if (signal === 'fault') exitCode = exitCodes.failed
    ended.abort()
  })
  const pipe = { input: context.stdin(), write: (line: string) => context.stdout.write(line) }
  await running.start(() => running.server.serveStdio(pipe, ended.signal))
  await running.stop()
  return exitCode
}
