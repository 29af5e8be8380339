import type { Config } from '../config/option-table.ts'
import { unrestrictedPolicy } from '../mcp/auth.ts'
import { forbiddingRule } from '../mcp/registry.ts'
import { selectTools } from '../tools/select-tools.ts'
import type { SlackTool } from '../tools/slack-tool.ts'
import { toolTable } from '../tools/tool-table.ts'

export type ToolChoice = Pick<Config, 'mcpToolsets' | 'mcpTools' | 'mcpExcludeTools' | 'mcpReadOnly'>

/**
 * The tools that a configuration offers to somebody without a policy of their own; what the token's scopes leave out is among them. Throws
 * CONFIG_INVALID for a name that is none.
 */
export function offeredTools(
  config: ToolChoice,
  { hasUserToken }: { readonly hasUserToken: boolean },
): readonly SlackTool[] {
  const { mcpToolsets: toolsets, mcpTools: tools, mcpExcludeTools: excludeTools, mcpReadOnly } = config
  return selectTools(toolTable, { toolsets, tools, excludeTools, hasUserToken }).filter(
    (tool) => forbiddingRule(tool, { ...unrestrictedPolicy, isReadOnly: mcpReadOnly }) === undefined,
  )
}
