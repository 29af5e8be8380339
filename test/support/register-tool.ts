import type { Static, TObject, TSchema } from '@sinclair/typebox'
import type { CallContext, RegisteredTool, ToolDefinition } from '../../src/mcp/registry.ts'

/** A tool as the registry keeps it: `extend` adds to the context of a call what the tool's `run` needs beyond it. */
export function registerTool<Input extends TObject, Output extends TSchema, Context extends CallContext>(
  tool: ToolDefinition<Input, Output, Context>,
  extend: (context: CallContext) => Context,
): RegisteredTool {
  return {
    ...tool,
    isIdempotent: tool.isIdempotent ?? false,
    // The registry's promise: arguments reach `run` only after they were checked against `input`.
    run: (args, context) => tool.run(args as Static<Input>, extend(context)),
  }
}
