import { composeApp, type IntegratedApp } from '../app.ts'
import { type AppError, asAppError, renderUnifiedError } from '../base/errors.ts'
import { createSystemIds } from '../base/ids.ts'
import type { Config } from '../config/option-table.ts'
import { unrestrictedPolicy } from '../mcp/auth.ts'
import type { ToolAnswer } from '../mcp/call-tool.ts'
import { createSilentCaller } from '../mcp/caller.ts'
import { missingScopes } from '../tools/select-tools.ts'
import type { SlackTool } from '../tools/slack-tool.ts'
import { callFailureCode, callFailureLine } from './call-failure.ts'
import { type CliContext, type ParsedFlags, programName } from './cli-context.ts'
import { requireConfig } from './command-config.ts'
import { exitCodes } from './exit-codes.ts'
import { findTool } from './find-tool.ts'
import { interruptible } from './interruptible.ts'
import { offeredTools } from './offered-tools.ts'
import { parseToolArguments } from './tool-arguments.ts'
import { renderToolResult } from './tool-result-text.ts'
import { scopesText } from './tools-list.ts'

/**
 * Calls one tool through everything that MCP calls go through: policy, schema, limits, Slack. 0 where it did, 1 where it failed, 77 where Slack
 * refuses the token, 69 where Slack does not answer, 78 where the configuration does not offer the tool.
 */
export async function runToolsCall(context: CliContext, flags: ParsedFlags): Promise<number> {
  const [name, ...words] = flags.arguments
  const tool = findTool(name)
  const args = parseToolArguments(tool, words)
  const { config } = requireConfig(context, flags, { purpose: 'stdio' })
  const refusal = refusalOf(tool, config)
  if (refusal !== undefined) {
    context.stderr.write(`${programName}: ${refusal}\n`)
    return exitCodes.config
  }
  const isJson = flags.own['json'] === true || !context.stdout.isTerminal
  return await interruptible(context, (signal) => call(context, config, { tool, args, isJson, signal }))
}

interface Call {
  readonly tool: SlackTool
  readonly args: Readonly<Record<string, unknown>>
  readonly isJson: boolean
  readonly signal: AbortSignal
}

/** Why this configuration does not offer the tool, and which option changes that; undefined where it does. */
function refusalOf(tool: SlackTool, config: Config): string | undefined {
  const hasUserToken = config.slackUserToken !== undefined
  if (offeredTools(config, { hasUserToken }).includes(tool)) return undefined
  const reason = () => {
    if (tool.token === 'user' && !hasUserToken) return 'it needs SLACK_USER_TOKEN'
    if (config.mcpReadOnly && tool.effect !== 'read') return 'MCP_READ_ONLY leaves only what reads'
    if (config.mcpExcludeTools.includes(tool.name)) return 'MCP_EXCLUDE_TOOLS names it'
    return `add its toolset with --toolsets ${[...config.mcpToolsets, tool.toolset].join(',')}`
  }
  return `${tool.name} is not offered: ${reason()}`
}

async function call(
  context: CliContext,
  config: Config,
  { tool, args, isJson, signal }: Call,
): Promise<number> {
  const { clock, fetch, pid } = context
  const server = composeApp(config, { clock, fetch, pid })
  const correlationId = createSystemIds().uuid()
  const fail = (error: AppError) => {
    if (isJson)
      context.stdout.write(`${JSON.stringify(renderUnifiedError(error, correlationId), undefined, 2)}\n`)
    context.stderr.write(`${programName}: ${callFailureLine(error)}\n`)
    return callFailureCode(error)
  }
  try {
    // First, so that a bad token is told as such, and the tool knows what it may list.
    const { scopes } = await server.slack.identify(signal)
    const lacks = tool.token === 'user' || scopes === undefined ? [] : missingScopes(tool, scopes)
    if (lacks.length > 0) {
      context.stderr.write(
        `${programName}: the token lacks a scope for ${tool.name} (${scopesText(tool)}); "${programName} tools scopes" says how to get it\n`,
      )
      return exitCodes.refused
    }
    const { error, result } = await answerOf(
      server,
      { name: tool.name, arguments: args },
      correlationId,
      signal,
    )
    if (error !== undefined) return fail(error)
    context.stdout.write(isJson ? asJson(result) : renderToolResult(result))
    return exitCodes.done
  } catch (error) {
    return fail(asAppError(error))
  } finally {
    await server.slack.stop()
    await server.stop()
  }
}

async function answerOf(
  { mcp }: IntegratedApp,
  params: object,
  correlationId: string,
  signal: AbortSignal,
): Promise<ToolAnswer> {
  if (mcp === undefined) throw new TypeError('MCP is off')
  const principal = { name: 'cli', policy: unrestrictedPolicy }
  const caller = createSilentCaller({ principal, correlationId, signal, protocolVersion: 'cli' })
  return await mcp.callTool(params, caller)
}

function asJson(result: ToolAnswer['result']): string {
  return `${JSON.stringify(result['structuredContent'] ?? result, undefined, 2)}\n`
}
