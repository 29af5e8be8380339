import type { ExitCode } from './exit-codes.ts'

export interface CommandFailureOptions extends ErrorOptions {
  readonly exitCode: ExitCode
}

/** A command cannot do what it was asked for: one line for the person, and the exit code that says of which kind. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly exitCode: ExitCode

  constructor(message: string, { exitCode, ...options }: CommandFailureOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}
