import {
  PROTOCOL_VERSION_META_KEY,
  RELATED_TASK_META_KEY,
  SUPPORTED_PROTOCOL_VERSIONS,
} from '@modelcontextprotocol/server'
import { isObject, type JsonObject } from '../base/json-object.ts'
import { isRpcId } from './rpc.ts'
import type { Era } from './rpc-error.ts'

const requestKeys: ReadonlySet<string> = new Set(['jsonrpc', 'id', 'method', 'params'])

/**
 * The era of a POST whose form leaves no doubt. Undefined says nothing: then the SDK's `isLegacyRequest` decides, which matches the message against
 * four schemas, and whose handler does so once more: a tenth of a call.
 */
export function plainEra(headers: Headers, body: unknown): Era | undefined {
  if (!isObject(body) || !Object.keys(body).every((key) => requestKeys.has(key))) return undefined
  const { jsonrpc, id, method, params = {} } = body
  if (jsonrpc !== '2.0' || !isRpcId(id) || typeof method !== 'string' || !isObject(params)) return undefined
  const { _meta: meta = {} } = params
  if (!isObject(meta)) return undefined
  // Refused or not, it is the newer revision that answers a claim; save for the handshake of the older ones, which may carry a malformed one.
  if (PROTOCOL_VERSION_META_KEY in meta) return method === 'initialize' ? undefined : 'modern'
  return isLegacyMeta(meta) && namesLegacyVersion(headers) ? 'legacy' : undefined
}

/** Without what the SDK would look at: a malformed token makes a message that the newer revision refuses. */
function isLegacyMeta(meta: JsonObject): boolean {
  const { progressToken } = meta
  return (progressToken === undefined || isRpcId(progressToken)) && !(RELATED_TASK_META_KEY in meta)
}

function namesLegacyVersion(headers: Headers): boolean {
  const version = headers.get('mcp-protocol-version')
  return version === null || SUPPORTED_PROTOCOL_VERSIONS.includes(version)
}
