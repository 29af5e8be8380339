import { AppError, renderUnifiedError } from '../base/errors.ts'
import { truncate } from '../base/text.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { RateLimiter } from '../resilience/rate-limiter.ts'
import type { ArgumentCheck } from './arguments.ts'
import { asCallError, type CallContextDeps, type Caller, inCallContext } from './caller.ts'
import { InputNeeded } from './input-needed.ts'
import type { OfferIndex, WireObject } from './offer-index.ts'
import type { OperationMeter } from './operation-meter.ts'
import { callToolParams, parseParams } from './params.ts'
import { forbiddingRule, type RegisteredTool, type ToolOutcome } from './registry.ts'

export interface ToolCallDeps extends CallContextDeps {
  readonly metrics: Metrics
  readonly measure: OperationMeter
  /** Whether everything that is not a read is refused now, whoever calls. */
  readonly isReadOnly: () => boolean
  /** How often one principal may call one tool; by both names. */
  readonly toolLimiter: Pick<RateLimiter, 'take'>
  readonly index: OfferIndex
  readonly checkArguments: ArgumentCheck
}

/** A tool call that ran, or was refused for a reason that the caller can act on. */
export interface ToolAnswer {
  readonly error: AppError | undefined
  readonly result: WireObject
}

/**
 * One tool call, whatever carried it: find, policy, rate, schema, run. Rejects with TOOL_NOT_FOUND and MCP_REQUEST_INVALID, which are protocol
 * faults, and with InputNeeded; everything else is a failed result that holds the unified error.
 */
export async function callTool(params: unknown, caller: Caller, deps: ToolCallDeps): Promise<ToolAnswer> {
  const { name, arguments: given } = parseParams(callToolParams, params)
  const tool = deps.index.tool(name)
  if (tool === undefined) throw new AppError('TOOL_NOT_FOUND', { details: { tool: truncate(name, 128) } })
  const call: ToolCall = { tool, caller, end: deps.measure('tools/call') }
  try {
    admit(call, deps)
    const args = deps.checkArguments(tool, given)
    const log = deps.log.child({ tool_name: name })
    const outcome = await inCallContext(caller, { ...deps, log }, (context) => tool.run(args, context))
    report(call, 'ok', deps)
    return { error: undefined, result: asToolResult(outcome) }
  } catch (thrown) {
    if (thrown instanceof InputNeeded) {
      report(call, 'input_required', deps)
      throw thrown
    }
    const error = asCallError(thrown, caller.signal)
    report(call, error, deps)
    return { error, result: asFailedResult(error, caller.correlationId) }
  }
}

interface ToolCall {
  readonly tool: RegisteredTool
  readonly caller: Caller
  readonly end: ReturnType<OperationMeter>
}

/** Here and not only in the list of tools: a name that is hidden can still be called (T22). */
function admit({ tool, caller: { principal } }: ToolCall, deps: ToolCallDeps): void {
  const rule = forbiddingRule(tool, principal.policy, { isReadOnly: deps.isReadOnly() })
  if (rule !== undefined) throw new AppError('TOOL_FORBIDDEN', { details: { rule, tool: tool.name } })
  const take = deps.toolLimiter.take(`${tool.name} ${principal.name}`)
  if (take.ok) return
  deps.metrics.increment('slackmcp_rate_limiter_rejected_total', { scope: 'tool' })
  const details = { scope: 'tool', retry_after_s: Math.ceil(take.retryAfterMs / 1000) }
  throw new AppError('MCP_RATE_LIMITED', { details })
}

function report(call: ToolCall, outcome: 'ok' | 'input_required' | AppError, deps: ToolCallDeps): void {
  const { tool, caller, end } = call
  const error = outcome instanceof AppError ? outcome : undefined
  const errorType = error === undefined ? undefined : 'tool_error'
  const seconds = end({ version: caller.protocolVersion, errorType, toolName: tool.name })
  const fields = {
    tool_name: tool.name,
    execution_time: seconds,
    correlation_id: caller.correlationId,
    principal: caller.principal.name,
    outcome: error === undefined ? outcome : error.code,
  }
  if (error === undefined) {
    deps.log.info('mcp_tool_executed', fields)
    return
  }
  deps.metrics.increment('slackmcp_errors_total', { code: error.code, component: error.component })
  // A defect of ours is logged with its cause; what Slack or the caller did wrong is told by its code.
  if (error.code === 'INTERNAL') deps.log.error('mcp_tool_executed', { ...fields, error: error.cause })
  else deps.log.info('mcp_tool_executed', fields)
}

function asToolResult({ text, data, blocks = [] }: ToolOutcome<unknown>): WireObject {
  const content = text === '' && blocks.length > 0 ? blocks : [{ type: 'text', text }, ...blocks]
  return { content, structuredContent: data }
}

/** Without structuredContent: clients check that against the output schema, which an error does not have. */
function asFailedResult(error: AppError, correlationId: string): WireObject {
  const text = JSON.stringify(renderUnifiedError(error, correlationId))
  return { content: [{ type: 'text', text }], isError: true }
}
