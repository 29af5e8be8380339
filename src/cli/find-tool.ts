import { nearest } from '../base/text.ts'
import type { SlackTool } from '../tools/slack-tool.ts'
import { toolTable } from '../tools/tool-table.ts'
import { programName } from './cli-context.ts'
import { UsageError } from './usage-error.ts'

/** The tool of this name, offered or not. Throws UsageError, with the nearest name, for none. */
export function findTool(name: string | undefined): SlackTool {
  if (name === undefined) {
    throw new UsageError(`which tool? "${programName} tools list --toolsets all" has the names`)
  }
  const tool = toolTable.find((candidate) => candidate.name === name)
  if (tool !== undefined) return tool
  const names = toolTable.map((candidate) => candidate.name)
  const near = nearest(name, names) ?? nearest(`slack_${name}`, names)
  throw new UsageError(
    near === undefined
      ? `there is no such tool; "${programName} tools list --toolsets all" has the names`
      : `there is no such tool; did you mean ${near}?`,
  )
}
