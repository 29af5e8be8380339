import { AppError, type ErrorCode } from '../base/errors.ts'
import type { Config } from '../config/option-table.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'

/** Why a server did not start, in one line that says what to change. */
export function startFailureReason(error: unknown, { host, port }: Pick<Config, 'host' | 'port'>): string {
  if (isCode(error, 'EADDRINUSE'))
    return `port ${port} on ${host} is in use by another process; choose another with PORT or --port`
  if (isCode(error, 'EACCES'))
    return `port ${port} on ${host} needs a privilege that this process does not have; choose one above 1023`
  if (isCode(error, 'EADDRNOTAVAIL'))
    return `${host} is no address of this machine; choose another with HOST or --host`
  if (error instanceof AppError) {
    const details = Object.entries(error.details).map(([name, value]) => `${name}: ${String(value)}`)
    return ['the server cannot start', error.message.replace(/\.$/, ''), ...details].join('; ')
  }
  return `the server cannot start: ${error instanceof Error ? error.message : String(error)}`
}

/** Trying again does not help: somebody has to change what the server was given. */
const operatorFaults: ReadonlySet<ErrorCode> = new Set([
  'CONFIG_INVALID',
  'STATE_DIR_IN_USE',
  'STATE_DIR_UNUSABLE',
])

export function startFailureCode(error: unknown): ExitCode {
  if (!(error instanceof AppError)) return exitCodes.failed
  if (operatorFaults.has(error.code)) return exitCodes.config
  return error.isRetryable ? exitCodes.unavailable : exitCodes.failed
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
