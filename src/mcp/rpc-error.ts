import { commonErrorHeaders } from '../base/error-headers.ts'
import {
  AppError,
  type ErrorCode,
  type ErrorDetail,
  type ErrorDetails,
  renderUnifiedError,
} from '../base/errors.ts'
import { isObject } from '../base/json-object.ts'
import { asOneLine, truncate } from '../base/text.ts'
import { challengeOf } from './auth.ts'
import { type RpcId, rpcCodes } from './rpc.ts'

/** The two families of revisions: with sessions (2024-11-05 to 2025-11-25) and without (2026-07-28). */
export type Era = 'legacy' | 'modern'

export interface RpcErrorObject {
  readonly code: number
  readonly message: string
  readonly data: Readonly<Record<string, unknown>>
}

const codesByError: Partial<Record<ErrorCode, number>> = {
  MCP_METHOD_NOT_FOUND: rpcCodes.methodNotFound,
  MCP_SESSION_NOT_FOUND: rpcCodes.sessionNotFound,
  TOOL_NOT_FOUND: rpcCodes.invalidParams,
  PROMPT_NOT_FOUND: rpcCodes.invalidParams,
  RESOURCE_NOT_FOUND: rpcCodes.invalidParams,
  INTERNAL: rpcCodes.internalError,
}

/**
 * An error of ours as JSON-RPC's: `data` is the whole unified error (D8), and beside it the URI of a resource that is not there, where both
 * eras' clients look for it. The message is the table's: nothing of the cause gets out.
 */
export function asRpcError(error: AppError, correlationId: string, era: Era = 'modern'): RpcErrorObject {
  const { uri } = error.details
  return {
    code: codeOf(error, era),
    message: error.message,
    data: { ...(uri !== undefined && { uri }), ...renderUnifiedError(error, correlationId) },
  }
}

function codeOf(error: AppError, era: Era): number {
  if (error.code === 'RESOURCE_NOT_FOUND' && era === 'legacy') return rpcCodes.legacyResourceNotFound
  if (error.code === 'MCP_REQUEST_INVALID') return codeOfInvalid(error.details['field'])
  return codesByError[error.code] ?? rpcCodes.refused
}

/** JSON-RPC tells apart what could not be read, what is no request, and a request with the wrong params. */
function codeOfInvalid(field: ErrorDetail | undefined): number {
  if (field === 'body') return rpcCodes.parseError
  return typeof field === 'string' && field.startsWith('params')
    ? rpcCodes.invalidParams
    : rpcCodes.invalidRequest
}

export interface RpcErrorOptions {
  readonly correlationId: string
  /** The id of the request that this answers; null where it could not be read. */
  readonly id?: RpcId | null
}

/** An AppError together with the id of the request that it answers, from where the body is known to where errors are rendered. */
export class RequestRefusal extends Error {
  override readonly name = 'RequestRefusal'
  readonly error: AppError
  readonly id: RpcId | null

  constructor(error: AppError, id: RpcId | null) {
    super(error.message, { cause: error })
    this.error = error
    this.id = id
  }
}

/** The answer of an MCP route that is not 2xx: the error's status, and a JSON-RPC error as its body. */
export function renderRpcError(error: AppError, options: RpcErrorOptions): Response {
  const { correlationId, id = null } = options
  const body = { jsonrpc: '2.0', id, error: asRpcError(error, correlationId) }
  return Response.json(body, { status: error.status, headers: errorHeaders(error) })
}

/** The headers that belong to an error wherever it is answered: what to send, and when to come back. */
export function errorHeaders(error: AppError): Headers {
  const headers = new Headers(commonErrorHeaders(error))
  if (error.code === 'MCP_UNAUTHORIZED') headers.set('WWW-Authenticate', challengeOf(error))
  const { retry_after_s: retryAfterSeconds } = error.details
  if (typeof retryAfterSeconds === 'number') headers.set('Retry-After', String(retryAfterSeconds))
  else if (error.isRetryable) headers.set('Retry-After', '1')
  return headers
}

/** What an SDK answers by status, as a code of ours. */
const codesByStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'MCP_REQUEST_INVALID',
  404: 'MCP_METHOD_NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  413: 'MCP_BODY_TOO_LARGE',
  415: 'MCP_MEDIA_TYPE_UNSUPPORTED',
  499: 'CALL_CANCELLED',
}

/**
 * An answer of an SDK with the unified error beside whatever it says by itself (the supported revisions, the missing capability): the code and
 * message of the protocol stay.
 */
export async function withUnifiedError(
  response: Response,
  correlationId: string,
  note: (error: AppError) => void,
): Promise<Response> {
  if (response.status < 400) return response
  const code = codesByStatus[response.status] ?? 'INTERNAL'
  const body: unknown = response.body === null ? undefined : await response.json()
  const rpcError = isObject(body) && isObject(body['error']) ? body['error'] : undefined
  const problem = rpcError?.['message']
  const details: ErrorDetails =
    typeof problem === 'string' ? { problem: truncate(asOneLine(problem), 300) } : {}
  const refused = new AppError(code, { component: 'mcp', details })
  note(refused)
  if (!isObject(body) || rpcError === undefined) return renderRpcError(refused, { correlationId })
  const { data } = rpcError
  const unified = renderUnifiedError(refused, correlationId)
  const error = { ...rpcError, data: { ...(isObject(data) && data), ...unified } }
  return Response.json(
    { ...body, error },
    { status: response.status, headers: passedOn(response.headers, refused) },
  )
}

function passedOn(headers: Headers, error: AppError): Headers {
  const passed = new Headers(commonErrorHeaders(error))
  const allow = headers.get('allow')
  if (allow !== null) passed.set('Allow', allow)
  return passed
}
