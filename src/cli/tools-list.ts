import type { SlackTool } from '../tools/slack-tool.ts'
import type { CliContext, ParsedFlags } from './cli-context.ts'
import { requireConfig } from './command-config.ts'
import { exitCodes } from './exit-codes.ts'
import { offeredTools } from './offered-tools.ts'
import { renderTable } from './table-layout.ts'

/** Prints the tools that this configuration offers. Slack is not asked: what the token's scopes leave out is still listed. */
export async function runToolsList(context: CliContext, flags: ParsedFlags): Promise<number> {
  const { config } = requireConfig(context, flags, { purpose: 'print' })
  const tools = offeredTools(config, { hasUserToken: config.slackUserToken !== undefined })
  context.stdout.write(flags.own['json'] === true ? asJson(tools) : asTable(tools))
  return exitCodes.done
}

function asTable(tools: readonly SlackTool[]): string {
  return renderTable([
    ['TOOL', 'TOOLSET', 'EFFECT', 'SCOPES'],
    ...tools.map((tool) => [tool.name, tool.toolset, tool.effect, scopesText(tool)]),
  ])
}

/** Where any one of the scopes is enough, each opens another kind of conversation. */
export function scopesText({ scopes, needsAnyScope }: SlackTool): string {
  return scopes.join(needsAnyScope === true ? ' | ' : ', ')
}

function asJson(tools: readonly SlackTool[]): string {
  return `${JSON.stringify(tools.map(toolFacts), undefined, 2)}\n`
}

/** What programs are told of a tool. */
export function toolFacts({ name, title, description, toolset, effect, scopes }: SlackTool) {
  return { name, title, description, toolset, effect, scopes }
}
