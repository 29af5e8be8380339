import { errorTable } from '../base/error-table.ts'
import type { AppError, ErrorCode } from '../base/errors.ts'
import { asOneLine } from '../base/text.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'

/** Slack's codes that say: not with this token. */
const tokenRefusals: readonly unknown[] = ['missing_scope', 'not_allowed_token_type', 'no_permission']

/** Trying again does not help: somebody has to change what the program was given. */
const operatorFaults: ReadonlySet<ErrorCode> = new Set([
  'CONFIG_INVALID',
  'STATE_DIR_IN_USE',
  'STATE_DIR_UNUSABLE',
])

/** The exit code of a call that failed (D18): 78 where the configuration has to change, 77 where Slack refuses the token, 69 where something does not answer, 130 after Ctrl-C, else 1. */
export function callFailureCode({ code, details }: AppError): ExitCode {
  if (operatorFaults.has(code)) return exitCodes.config
  switch (code) {
    case 'SLACK_AUTH_FAILED':
      return exitCodes.refused
    case 'SLACK_REFUSED':
      return tokenRefusals.includes(details['slack_error']) ? exitCodes.refused : exitCodes.failed
    case 'SLACK_UNAVAILABLE':
    case 'SLACK_CIRCUIT_OPEN':
    case 'SLACK_RATE_LIMITED':
    case 'QUEUE_UNAVAILABLE':
      return exitCodes.unavailable
    case 'CALL_CANCELLED':
      return exitCodes.interrupted
    default:
      return exitCodes.failed
  }
}

/** What failed, on one line: the message, then what is known of it. */
export function callFailureLine({ message, details }: Pick<AppError, 'message' | 'details'>): string {
  const known = Object.entries(details).map(([name, value]) => `${name}: ${asText(value)}`)
  return asOneLine([message.replace(/\.$/, ''), ...known].join('; '))
}

/** The same, with what to do about it where that is the operator's. */
export function failureWithAdvice(error: AppError): string {
  const line = callFailureLine(error)
  return operatorFaults.has(error.code) ? `${line}. ${errorTable[error.code].fix}` : line
}

function asText(value: AppError['details'][string] | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
