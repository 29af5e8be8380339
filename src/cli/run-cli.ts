import { AppError } from '../base/errors.ts'
import { asOneLine } from '../base/text.ts'
import { callFailureCode, failureWithAdvice } from './call-failure.ts'
import { type CliContext, programName } from './cli-context.ts'
import { CommandFailure, ConfigRefusal } from './command-failure.ts'
import { exitCodes } from './exit-codes.ts'
import type { HelpStyle } from './help-layout.ts'
import { createTerminalStyle } from './terminal-style.ts'

/** Runs a command line and resolves with the exit code. Never rejects: what goes wrong is one line on stderr, or the problems of the configuration. */
export async function runCli(context: CliContext): Promise<number> {
  try {
    return await dispatch(context)
  } catch (error) {
    context.stderr.write(
      error instanceof ConfigRefusal ? error.report : `${programName}: ${oneLine(error)}\n`,
    )
    return exitCodeOf(error)
  }
}

async function dispatch(context: CliContext): Promise<number> {
  const [first] = context.argv
  // Answered before anything is loaded: scripts and probes ask often.
  if (first === '--version' || first === '-V') {
    const { runVersion } = await import('./version.ts')
    return runVersion(context)
  }
  const { parseCommandLine } = await import('./parse-command-line.ts')
  const invocation = parseCommandLine(context.argv, helpStyle(context))
  if (invocation.kind === 'help') {
    const output = invocation.isAsked ? context.stdout : context.stderr
    output.write(invocation.text)
    return invocation.isAsked ? exitCodes.done : exitCodes.usage
  }
  const run = await invocation.command.load()
  return await run(context, invocation.flags)
}

const helpColumnsMax = 110
const helpColumnsDefault = 100

function helpStyle(context: CliContext): HelpStyle {
  const { bold } = createTerminalStyle(context)
  return { columns: Math.min(context.stdout.columns ?? helpColumnsDefault, helpColumnsMax), bold }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommandFailure) return error.exitCode
  if (error instanceof ConfigRefusal) return exitCodes.config
  return error instanceof AppError ? callFailureCode(error) : exitCodes.failed
}

function oneLine(error: unknown): string {
  if (error instanceof AppError) return failureWithAdvice(error)
  return asOneLine(error instanceof Error ? error.message : String(error))
}
