import type { Static, TObject, TSchema } from '@sinclair/typebox'
import { AppError } from '../base/errors.ts'
import { type CallContext, forbiddingRule, type Principal, type ToolOutcome } from '../mcp/registry.ts'
import { withHint } from './slack-call.ts'
import type { SlackTool } from './slack-tool.ts'
import type { ToolServices } from './tool-context.ts'

/**
 * Runs a reading tool for a resource or a prompt, under the same rules as a call of the tool: who may not call it may not read through it.
 * `args` are known to fit its schema.
 */
export async function readThrough<Input extends TObject, Output extends TSchema>(
  tool: SlackTool<Input, Output>,
  args: Static<Input>,
  context: CallContext,
  services: ToolServices,
): Promise<ToolOutcome<Static<Output>>> {
  requirePermitted(tool, context.principal, services)
  try {
    return await tool.run(args, { ...context, ...services, noteChannel: () => undefined })
  } catch (error) {
    throw withHint(error)
  }
}

/** What says whether a tool may be called. */
export type PermittedTool = Pick<SlackTool, 'name' | 'effect' | 'toolset'>

/** Throws TOOL_FORBIDDEN where the principal may not call the tool. */
export function requirePermitted(
  tool: PermittedTool,
  { policy }: Principal,
  { settings }: Pick<ToolServices, 'settings'>,
): void {
  const rule = forbiddingRule(tool, policy, settings)
  if (rule !== undefined) throw new AppError('TOOL_FORBIDDEN', { details: { rule, tool: tool.name } })
}
