import { CommandFailure } from './command-failure.ts'
import { exitCodes } from './exit-codes.ts'

/** A command line that means nothing: one line for the person, exit code 2. */
export class UsageError extends CommandFailure {
  override readonly name = 'UsageError'

  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { exitCode: exitCodes.usage, ...options })
  }
}
