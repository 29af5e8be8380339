import type { Static, TObject, TSchema } from '@sinclair/typebox'
import { AppError } from '../base/errors.ts'
import type { CallContext, ToolOutcome } from '../mcp/registry.ts'
import { forbiddingRule } from './select-tools.ts'
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
  const rule = forbiddingRule(tool, context.principal.policy, services.settings)
  if (rule !== undefined) throw new AppError('TOOL_FORBIDDEN', { details: { rule, tool: tool.name } })
  return await tool.run(args, { ...context, ...services, noteChannel: () => undefined })
}
