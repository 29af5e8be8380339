import type { AppError } from '../base/errors.ts'
import type { Config } from '../config/option-table.ts'
import type { SlackTokenKind } from '../slack/api.ts'
import { missingScopes } from '../tools/select-tools.ts'
import type { SlackTool } from '../tools/slack-tool.ts'
import { callFailureCode, callFailureLine } from './call-failure.ts'
import { type CliContext, type ParsedFlags, programName } from './cli-context.ts'
import { requireConfig } from './command-config.ts'
import { exitCodes } from './exit-codes.ts'
import { interruptible } from './interruptible.ts'
import { manifestCommand } from './manifest-advice.ts'
import { offeredTools } from './offered-tools.ts'
import { probeToken } from './slack-probe.ts'
import { renderTable } from './table-layout.ts'
import { scopesText } from './tools-list.ts'

/** Prints which scopes each tool needs and, where a token is configured, which of them it lacks. 77 where Slack refuses the token, 69 where it does not answer. */
export async function runToolsScopes(context: CliContext, flags: ParsedFlags): Promise<number> {
  const { config } = requireConfig(context, flags, { purpose: 'print' })
  return await interruptible(context, async (signal) => {
    const granted = await askGrants(context, config, signal)
    if ('error' in granted) {
      context.stderr.write(`${programName}: ${callFailureLine(granted.error)}\n`)
      return callFailureCode(granted.error)
    }
    const rows = offeredTools(config, { hasUserToken: true }).map((tool) => asRow(tool, granted))
    context.stdout.write(flags.own['json'] === true ? asJson(rows) : asTable(rows, granted))
    for (const note of notesOf(rows, granted, manifestCommand(flags))) context.stderr.write(`${note}\n`)
    return exitCodes.done
  })
}

/** The scopes of each token; `unknown` where Slack does not tell them, absent where there is no such token. */
type Grants = Partial<Readonly<Record<SlackTokenKind, readonly string[] | 'unknown'>>>

async function askGrants(
  context: CliContext,
  config: Config,
  signal: AbortSignal,
): Promise<Grants | { readonly error: AppError }> {
  const grants: { [Kind in SlackTokenKind]?: readonly string[] | 'unknown' } = {}
  const tokens = { bot: config.slackBotToken, user: config.slackUserToken }
  for (const kind of ['bot', 'user'] as const) {
    if (tokens[kind] === undefined) continue
    const report = await probeToken(context, config, kind, signal)
    if (report.identity === undefined) return { error: report.error }
    grants[kind] = report.identity.scopes ?? 'unknown'
  }
  return grants
}

interface ScopeRow {
  readonly tool: SlackTool
  readonly token: SlackTokenKind
  /** undefined where the scopes of the token are not known. */
  readonly missing: readonly string[] | undefined
}

function asRow(tool: SlackTool, grants: Grants): ScopeRow {
  const token = tool.token ?? 'bot'
  const scopes = grants[token]
  return { tool, token, missing: typeof scopes === 'object' ? missingScopes(tool, scopes) : undefined }
}

function asTable(rows: readonly ScopeRow[], grants: Grants): string {
  const isAsked = Object.keys(grants).length > 0
  const heading = ['TOOL', 'TOKEN', 'SCOPES', ...(isAsked ? ['LACKS'] : [])]
  const lines = rows.map(({ tool, token, missing }) => [
    tool.name,
    token,
    scopesText(tool),
    ...(isAsked ? [lacksText(tool, missing, grants[token])] : []),
  ])
  return renderTable([heading, ...lines])
}

function lacksText(
  tool: SlackTool,
  missing: readonly string[] | undefined,
  granted: Grants[SlackTokenKind],
): string {
  if (missing !== undefined)
    return missing.length === 0 ? '-' : missing.join(tool.needsAnyScope === true ? ' | ' : ', ')
  return granted === undefined ? 'the token' : '?'
}

function asJson(rows: readonly ScopeRow[]): string {
  const values = rows.map(({ tool, token, missing }) => ({
    name: tool.name,
    token,
    scopes: tool.scopes,
    any_of: tool.needsAnyScope === true,
    missing: missing ?? null,
  }))
  return `${JSON.stringify(values, undefined, 2)}\n`
}

function notesOf(rows: readonly ScopeRow[], grants: Grants, manifest: string): readonly string[] {
  const notes: string[] = []
  if (grants.bot === undefined) {
    notes.push('Without SLACK_BOT_TOKEN nobody knows what a token may do: this is what the tools need.')
  }
  if (Object.values(grants).includes('unknown')) notes.push('Slack did not say which scopes the token has.')
  const lacking = [...new Set(rows.flatMap(({ missing = [] }) => missing))].sort()
  if (lacking.length > 0) {
    notes.push(
      `The token lacks ${lacking.join(', ')}. Paste what "${manifest}" prints into https://api.slack.com/apps > your app > App Manifest, save, and reinstall the app.`,
    )
  }
  return notes
}
