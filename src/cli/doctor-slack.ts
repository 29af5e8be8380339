import type { Config } from '../config/option-table.ts'
import { clockSkewMaxSeconds, clockSkewWarnSeconds } from '../slack/signature.ts'
import { missingScopes } from '../tools/select-tools.ts'
import { callFailureCode, callFailureLine } from './call-failure.ts'
import type { CliContext, ParsedFlags } from './cli-context.ts'
import { type Check, checksOf } from './doctor-check.ts'
import { exitCodes } from './exit-codes.ts'
import { manifestCommand } from './manifest-advice.ts'
import { offeredTools } from './offered-tools.ts'
import { probeToken, type TokenReport } from './slack-probe.ts'

const { ok, off, warn, fail } = checksOf('slack')

/** Whose tokens these are, what they may do, and whether the clocks agree. Asks `auth.test` once for each token. */
export async function checkSlack(
  context: CliContext,
  flags: ParsedFlags,
  { config, signal }: { readonly config: Config; readonly signal: AbortSignal },
): Promise<readonly Check[]> {
  if (config.slackBotToken === undefined) return [off('no bot token: the webhook runs alone')]
  const bot = await probeToken(context, config, 'bot', signal)
  const user = config.slackUserToken === undefined ? [] : [await probeToken(context, config, 'user', signal)]
  return [bot, ...user]
    .flatMap((report) => [checkToken(report), ...checkScopes(config, report, manifestCommand(flags))])
    .concat(checkClock(bot))
}

function checkToken(report: TokenReport): Check {
  const { kind, identity, elapsedMs } = report
  if (identity === undefined) {
    const { error } = report
    const says = `${kind} token: ${callFailureLine(error)}`
    return fail(
      callFailureCode(error),
      says,
      fixes[error.code] ?? 'Try again; the message says what Slack answered.',
    )
  }
  const { teamName, teamId, userName, userId } = identity
  return ok(`${kind} token: ${teamName} (${teamId}) as @${userName} (${userId}), ${Math.round(elapsedMs)} ms`)
}

const fixes: Readonly<Record<string, string>> = {
  SLACK_AUTH_FAILED:
    'https://api.slack.com/apps > your app > Install App shows the token of the moment; reinstall where it was revoked.',
  SLACK_UNAVAILABLE: 'Look at SLACK_API_URL, proxies and DNS, and at https://slack-status.com.',
  SLACK_RATE_LIMITED: 'Wait as long as Slack says.',
}

function checkScopes(config: Config, { kind, identity }: TokenReport, manifest: string): readonly Check[] {
  if (identity === undefined || !config.mcpEnabled) return []
  const { scopes } = identity
  if (scopes === undefined) return [off(`${kind} token: Slack did not say which scopes it has`)]
  const tools = offeredTools(config, { hasUserToken: config.slackUserToken !== undefined }).filter(
    ({ token = 'bot' }) => token === kind,
  )
  const hidden = tools.filter((tool) => missingScopes(tool, scopes).length > 0)
  const usable = tools.length - hidden.length
  const use =
    tools.length === 0 ? 'no tool is offered that uses it' : `${usable} of ${tools.length} tools can be used`
  const found = ok(`${kind} token: ${scopes.length} scopes, ${use}`)
  const toolsets = [...new Set(hidden.map(({ toolset }) => toolset))]
  const lacking = toolsets.map((toolset) => {
    const those = hidden.filter((tool) => tool.toolset === toolset)
    const missing = [...new Set(those.flatMap((tool) => missingScopes(tool, scopes)))]
    return warn(
      `${toolset}: ${missing.join(', ')} missing (hidden: ${those.map(({ name }) => name).join(', ')})`,
      `Paste what "${manifest}" prints into the App Manifest page of your app, save, and reinstall it.`,
    )
  })
  return [found, ...lacking]
}

function checkClock({ clockAheadMs }: TokenReport): readonly Check[] {
  if (clockAheadMs === undefined) return []
  const seconds = Math.abs(clockAheadMs) / 1000
  const says = `the clock is ${seconds.toFixed(1)} s off Slack's (signatures hold for ${clockSkewMaxSeconds} s)`
  const fix = 'Set the clock by NTP: "timedatectl set-ntp true" where systemd runs.'
  if (seconds > clockSkewMaxSeconds) return [fail(exitCodes.failed, says, fix)]
  return [seconds > clockSkewWarnSeconds ? warn(says, fix) : ok(says)]
}
