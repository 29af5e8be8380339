import type { ExitCode } from './exit-codes.ts'

export interface CommandFailureOptions extends ErrorOptions {
  readonly exitCode: ExitCode
}

/** A command cannot do what it was asked for: one line for the person, and the exit code that says of which kind. */
export class CommandFailure extends Error {
  override readonly name: string = 'CommandFailure'
  readonly exitCode: ExitCode

  constructor(message: string, { exitCode, ...options }: CommandFailureOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}

/** The configuration cannot be used: `report` has every problem, for stderr as it is. The exit code is 78. */
export class ConfigRefusal extends Error {
  override readonly name = 'ConfigRefusal'
  readonly report: string

  constructor(report: string) {
    super('The configuration is refused')
    this.report = report
  }
}
