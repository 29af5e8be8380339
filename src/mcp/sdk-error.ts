import { AppError } from '../base/errors.ts'
import { asRpcError } from './rpc-error.ts'

/** What an SDK answers to a request. */
export interface SdkAnswer {
  readonly id?: string | number | undefined
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown }
}

/**
 * An answer as the SDK made it, without what it says of the inside: a handler of its own that throws puts the exception's text into the
 * message. Errors of ours always carry `data`; those without are the SDK's, about malformed params of `initialize` and its like.
 */
export function sanitiseSdkError<Answer extends SdkAnswer>(answer: Answer, correlationId: string): Answer {
  if (answer.error === undefined || answer.error.data !== undefined) return answer
  const isUnknownMethod = answer.error.code === -32601
  const error = isUnknownMethod
    ? new AppError('MCP_METHOD_NOT_FOUND')
    : new AppError('MCP_REQUEST_INVALID', { details: { field: 'params' } })
  return { ...answer, error: asRpcError(error, correlationId, 'legacy') }
}
