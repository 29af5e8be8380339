import type { RunCommand } from './cli-context.ts'
import type { CommandRow } from './command-row.ts'
import { type CompletionShell, renderCompletions } from './completions.ts'
import { exitCodes } from './exit-codes.ts'

/** Prints a completion script for the commands of `table`, which has this one among them and therefore hands itself in. */
export function createGenerateCompletions(table: readonly CommandRow[]): RunCommand {
  return async ({ stdout }, { arguments: [shell] }) => {
    // The command line took no other word.
    stdout.write(renderCompletions(shell as CompletionShell, table))
    return exitCodes.done
  }
}
