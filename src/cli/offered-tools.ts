import type { Config } from '../config/option-table.ts'
import { forbiddingRule, selectTools } from '../tools/select-tools.ts'
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
  const everyone = { isReadOnly: false, toolsets: undefined, channels: undefined }
  return selectTools(toolTable, { toolsets, tools, excludeTools, hasUserToken }).filter(
    (tool) => forbiddingRule(tool, everyone, { isReadOnly: mcpReadOnly }) === undefined,
  )
}
