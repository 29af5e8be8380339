import { AppError } from '../base/errors.ts'
import { nearest } from '../base/text.ts'
import type { SlackApi } from '../slack/api.ts'
import { type SlackTool, type ToolsetName, toolsetTable } from './slack-tool.ts'
import type { ToolSettings } from './tool-settings.ts'

type Selection = Pick<ToolSettings, 'toolsets' | 'tools' | 'excludeTools' | 'hasUserToken'>

const toolsetNames = Object.keys(toolsetTable) as readonly ToolsetName[]

/** The names that `default` and `all` stand for, with the others as they are. */
export function expandToolsets(names: readonly string[]): readonly string[] {
  return names.flatMap((name): readonly string[] => {
    if (name === 'all') return toolsetNames
    return name === 'default' ? toolsetNames.filter((toolset) => toolsetTable[toolset].isDefault) : [name]
  })
}

/** The tools that the operator switched on. Throws CONFIG_INVALID for a name that is none, with the nearest that is. */
export function selectTools(all: readonly SlackTool[], selection: Selection): readonly SlackTool[] {
  const names = all.map((tool) => tool.name)
  requireKnown('MCP_TOOLSETS', selection.toolsets, [...toolsetNames, 'default', 'all'])
  requireKnown('MCP_TOOLS', selection.tools, names)
  requireKnown('MCP_EXCLUDE_TOOLS', selection.excludeTools, names)
  const toolsets = new Set(expandToolsets(selection.toolsets))
  return all.filter(
    (tool) =>
      (toolsets.has(tool.toolset) || selection.tools.includes(tool.name)) &&
      !selection.excludeTools.includes(tool.name) &&
      (tool.token !== 'user' || selection.hasUserToken),
  )
}

function requireKnown(option: string, given: readonly string[], known: readonly string[]): void {
  const unknown = given.find((name) => !known.includes(name))
  if (unknown === undefined) return
  const suggestion = nearest(unknown, known)
  throw new AppError('CONFIG_INVALID', {
    details: { option, given: unknown, ...(suggestion === undefined ? {} : { did_you_mean: suggestion }) },
  })
}

/** Whether the token that the tool uses may do what it does; while its scopes are not known, everything may. */
export function hasScopes(tool: SlackTool, slack: Pick<SlackApi, 'identity'>): boolean {
  const scopes = slack.identity(tool.token)?.scopes
  return scopes === undefined || missingScopes(tool, scopes).length === 0
}

/** The scopes that `granted` lacks for the tool: all of them where any one would be enough, empty where it may be used. */
export function missingScopes(
  { scopes, needsAnyScope }: Pick<SlackTool, 'scopes' | 'needsAnyScope'>,
  granted: readonly string[],
): readonly string[] {
  const missing = scopes.filter((scope) => !granted.includes(scope))
  return needsAnyScope === true && missing.length < scopes.length ? [] : missing
}
