import { AppError } from '../base/errors.ts'
import type { Config } from '../config/option-table.ts'
import { callFailureCode, failureWithAdvice } from './call-failure.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { systemCode } from './system-reason.ts'

/** The second listener could not be opened; the cause is what the system said. */
export class AdminListenError extends Error {
  override readonly name = 'AdminListenError'
  readonly host: string
  readonly port: number

  constructor({ host, port }: { readonly host: string; readonly port: number }, options: ErrorOptions) {
    super('ADMIN_PORT could not be opened', options)
    this.host = host
    this.port = port
  }
}

/** Why a server did not start, in one line that says what to change. */
export function startFailureReason(error: unknown, config: Pick<Config, 'host' | 'port'>): string {
  const [fault, { host, port }, options] =
    error instanceof AdminListenError
      ? ([
          error.cause,
          error,
          { name: 'ADMIN_HOST', host: 'ADMIN_HOST or --admin-host', port: 'ADMIN_PORT or --admin-port' },
        ] as const)
      : ([error, config, { name: 'HOST', host: 'HOST or --host', port: 'PORT or --port' }] as const)
  const code = systemCode(fault)
  if (code === 'EADDRINUSE')
    return `port ${port} on ${host} is in use by another process; choose another with ${options.port}`
  if (code === 'EACCES')
    return `port ${port} on ${host} needs a privilege that this process does not have; choose one above 1023`
  if (code === 'EADDRNOTAVAIL')
    return `${host} is no address of this machine; choose another with ${options.host}`
  // A name that does not resolve is EINVAL to Bun's listen, and ENOTFOUND where it asked the resolver.
  if (code === 'EINVAL' || code === 'ENOTFOUND')
    return `${options.name} ${host} is no address or name that this machine knows; choose another with ${options.host}`
  if (error instanceof AppError) return `the server cannot start: ${failureWithAdvice(error)}`
  return `the server cannot start: ${error instanceof Error ? error.message : String(error)}`
}

export function startFailureCode(error: unknown): ExitCode {
  if (!(error instanceof AppError)) return exitCodes.failed
  if (callFailureCode(error) === exitCodes.config) return exitCodes.config
  return error.isRetryable ? exitCodes.unavailable : exitCodes.failed
}
