import type { CliContext } from './cli-context.ts'
import { exitCodes } from './exit-codes.ts'

/**
 * Runs `run` with a signal that Ctrl-C and SIGTERM abort, and resolves with its exit code: 130 where it was interrupted. `run` frees what it holds
 * when the signal aborts, and is waited for.
 */
export async function interruptible(
  { onSignal }: Pick<CliContext, 'onSignal'>,
  run: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const ended = new AbortController()
  const stopListening = onSignal(() => ended.abort())
  try {
    const code = await run(ended.signal)
    return ended.signal.aborted ? exitCodes.interrupted : code
  } catch (error) {
    if (ended.signal.aborted) return exitCodes.interrupted
    throw error
  } finally {
    stopListening()
  }
}
