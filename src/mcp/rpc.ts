import { isObject } from '../base/json-object.ts'

/** JSON-RPC 2.0 as MCP uses it: what a message is, told apart without trusting its shape. */

export type RpcId = string | number

export interface RpcRequest {
  readonly jsonrpc: '2.0'
  readonly id: RpcId
  readonly method: string
  readonly params?: Readonly<Record<string, unknown>>
}

export interface RpcNotification {
  readonly jsonrpc: '2.0'
  readonly method: string
  readonly params?: Readonly<Record<string, unknown>>
}

export interface RpcAnswer {
  readonly jsonrpc: '2.0'
  readonly id: RpcId
  readonly result?: Readonly<Record<string, unknown>>
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown }
}

export type RpcMessage =
  | { readonly kind: 'request'; readonly message: RpcRequest }
  | { readonly kind: 'notification'; readonly message: RpcNotification }
  | { readonly kind: 'answer'; readonly message: RpcAnswer }

/** What JSON-RPC and its users have as codes; the ones from -32000 on are what the SDKs answer. */
export const rpcCodes = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  refused: -32000,
  sessionNotFound: -32001,
  legacyResourceNotFound: -32002,
} as const

/** The message that `value` is, or undefined where it is none. Values are handed on as they are; fields beyond JSON-RPC's stay. */
export function parseRpcMessage(value: unknown): RpcMessage | undefined {
  if (!isObject(value) || value['jsonrpc'] !== '2.0') return undefined
  const { id, method, params } = value
  if (params !== undefined && !isObject(params)) return undefined
  if (typeof method === 'string') {
    const base = { jsonrpc: '2.0', method, ...(params !== undefined && { params }) } as const
    if (id === undefined) return { kind: 'notification', message: base }
    return isRpcId(id) ? { kind: 'request', message: { ...base, id } } : undefined
  }
  return method === undefined && isRpcId(id) ? parseAnswer(id, value) : undefined
}

function parseAnswer(
  id: RpcId,
  { result, error }: Readonly<Record<string, unknown>>,
): RpcMessage | undefined {
  if (isObject(result) && error === undefined)
    return { kind: 'answer', message: { jsonrpc: '2.0', id, result } }
  if (result !== undefined || !isObject(error)) return undefined
  const { code, message, data } = error
  if (!Number.isSafeInteger(code) || typeof message !== 'string') return undefined
  return { kind: 'answer', message: { jsonrpc: '2.0', id, error: { code: Number(code), message, data } } }
}

/** The id of a request that could not be read as one, to answer it under; null where there is none. */
export function echoableId(value: unknown): RpcId | null {
  return isObject(value) && isRpcId(value['id']) ? value['id'] : null
}

/** The id may be 0 or the empty text; fractions and null are not allowed in MCP. */
export function isRpcId(id: unknown): id is RpcId {
  return typeof id === 'string' || Number.isSafeInteger(id)
}
