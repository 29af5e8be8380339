import type { Clock } from '../base/clock.ts'
import { isObject } from '../base/json-object.ts'
import type { Metrics } from '../observe/metrics.ts'

/** How a request ended. */
export interface OperationEnd {
  /** The revision that the client speaks; `rest` and `cli` are none, and '' stands for a client that has not said. */
  readonly version: string
  /** A code of ours, or `tool_error` for a result that holds one; absent where the request was answered. */
  readonly errorType?: string | undefined
  readonly toolName?: string
}

/** Begins to measure one request; what comes back ends it, and returns how many seconds it took. */
export type OperationMeter = (method: string) => (end: OperationEnd) => number

/** Durations of MCP requests. Label values that nobody registered are counted as one, so a method may be whatever the client sent. */
export function createOperationMeter(clock: Clock, metrics: Metrics): OperationMeter {
  return (method) => {
    const startedAtMs = clock.monotonic()
    return ({ version, errorType = '', toolName = '' }) => {
      const seconds = (clock.monotonic() - startedAtMs) / 1000
      const labels = {
        mcp_method_name: method,
        gen_ai_tool_name: toolName,
        error_type: errorType,
        mcp_protocol_version: version,
      }
      metrics.observe('mcp_server_operation_duration_seconds', labels, seconds)
      return seconds
    }
  }
}

/** What the surface answers, and measures by itself: over REST and for the command line too. */
const surfaceMethods: ReadonlySet<string> = new Set([
  'tools/list',
  'tools/call',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'prompts/list',
  'prompts/get',
  'completion/complete',
])

/**
 * Measures what is answered without the surface: the handshake, which the SDKs answer by themselves, subscriptions, and methods that there are
 * not. Begun and ended where requests come in and answers leave.
 */
export function createProtocolMeter(
  measure: OperationMeter,
): (method: string) => (end: OperationEnd) => void {
  return (method) => (surfaceMethods.has(method) ? () => undefined : measure(method))
}

/** The code of the unified error in a JSON-RPC answer; undefined where it holds none. */
export function errorTypeOf(answer: { readonly error?: unknown }): string | undefined {
  if (!isObject(answer.error)) return undefined
  const { data } = answer.error
  const unified = isObject(data) ? data['error'] : undefined
  return isObject(unified) && typeof unified['code'] === 'string' ? unified['code'] : 'MCP_REQUEST_INVALID'
}
