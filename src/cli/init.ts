import { userConfigPath } from '../config/config-file.ts'
import { configWith } from '../config/default-config.ts'
import type { Config } from '../config/option-table.ts'
import { createAppLink, createAppManifest } from '../slack/app-manifest.ts'
import { appFeaturesOf } from './app-features.ts'
import { type CliContext, type ParsedFlags, programName } from './cli-context.ts'
import { loadCommandConfig } from './command-config.ts'
import { CommandFailure } from './command-failure.ts'
import { exitCodes } from './exit-codes.ts'
import { askSecret, askToken, askWhether, GivenUp, type Interview } from './init-answers.ts'
import { interruptible } from './interruptible.ts'
import { createQuestions } from './questions.ts'
import { type ConfigValues, renderConfig } from './render-config.ts'
import { systemReason } from './system-reason.ts'
import { createTerminalStyle } from './terminal-style.ts'
import { UsageError } from './usage-error.ts'

/** Walks a person through the Slack app and writes what the server needs: 0 once it is written, 1 where it was given up, 2 where nobody can be asked. */
export async function runInit(context: CliContext, flags: ParsedFlags): Promise<number> {
  const { keyboard, stderr } = context
  const path = flags.configPath ?? userConfigPath(context.env)
  if (path === undefined)
    throw new UsageError('the environment does not say where the home folder is: set HOME, or give --config')
  if (keyboard === undefined) {
    stderr.write(insteadOf(path))
    return exitCodes.usage
  }
  expectWritable(context, path)
  // What is there may be broken: that is one reason to begin anew.
  const { values } = loadCommandConfig(context, { ...flags, configPath: undefined }, { purpose: 'print' })
  const { slackApiUrl } = configWith({ slackApiUrl: values.slackApiUrl ?? configWith({}).slackApiUrl })
  return await interruptible(context, async (signal) => {
    const questions = createQuestions(keyboard, signal)
    const interview: Interview = { context, questions, slackApiUrl, signal }
    try {
      if (!(await mayReplace(interview, path))) throw new GivenUp()
      const answers = await askAll(interview)
      return save(context, path, answers)
    } catch (error) {
      if (!(error instanceof GivenUp)) throw error
      stderr.write('Nothing was written.\n')
      return exitCodes.failed
    }
  })
}

function insteadOf(path: string): string {
  return [
    `${programName}: "init" asks questions, and standard input is no terminal. Instead:`,
    `  1. "${programName} manifest --url" prints the page that creates the Slack app.`,
    `  2. Set SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET, or write them into ${path} (mode 600): [slack] bot_token, signing_secret.`,
    `  3. "${programName} doctor" says whether all is well.`,
    '',
  ].join('\n')
}

/** Before anything is asked: nobody should paste secrets to hear at the end that they cannot be kept. */
function expectWritable({ files }: CliContext, path: string): void {
  const kind = files.facts(path)?.kind
  if (kind === 'directory') throw unwritable(path, 'it is a directory')
  if (kind === 'other') throw unwritable(path, 'it is no file')
  try {
    files.checkReplaceable(path)
  } catch (error) {
    throw unwritable(path, systemReason(error), error)
  }
}

function unwritable(path: string, reason: string, cause?: unknown): CommandFailure {
  const message = `${path} cannot be written: ${reason}; nothing was changed. Name another with --config`
  return new CommandFailure(message, { exitCode: exitCodes.failed, cause })
}

async function mayReplace(interview: Interview, path: string): Promise<boolean> {
  if (interview.context.files.facts(path) === undefined) return true
  return await askWhether(interview, `${path} is there already. Replace it? (A copy stays beside it.)`)
}

async function askAll(interview: Interview): Promise<ConfigValues> {
  const { context, slackApiUrl } = interview
  const style = createTerminalStyle({ ...context, stdout: context.stderr })
  const say = (text: string) => context.stderr.write(`${text}\n`)

  say(style.bold('1/4  What it is for'))
  const isWriting = await askWhether(interview, 'May AI clients post and change things in Slack?')
  const publicUrl = await askPublicUrl(interview)
  const chosen: ConfigValues = {
    ...(isWriting ? {} : { mcpReadOnly: true }),
    ...(publicUrl === undefined ? { webhookEnabled: false } : { publicUrl }),
    ...(slackApiUrl === configWith({}).slackApiUrl ? {} : { slackApiUrl }),
  }

  say(style.bold('\n2/4  The Slack app'))
  say(`Open this page: everything is filled in.\n\n  ${appLink({ isWriting, publicUrl })}\n`)
  say('There: Next > Create > Install to Workspace.')
  if (publicUrl !== undefined)
    say(
      'Slack says that the request URL does not answer yet: once the server runs, "Retry" under Event Subscriptions.',
    )

  say(style.bold('\n3/4  Its credentials (nothing is shown of what you paste)'))
  const botToken = await askToken(interview, 'slackBotToken')
  if (botToken === undefined) throw new GivenUp()
  const userToken = await askToken(interview, 'slackUserToken')
  const signingSecret = publicUrl === undefined ? undefined : await askSecret(interview)
  say(style.bold('\n4/4  The configuration'))
  return {
    ...chosen,
    slackBotToken: botToken,
    ...(userToken === undefined ? {} : { slackUserToken: userToken }),
    ...(signingSecret === undefined ? {} : { slackSigningSecret: [signingSecret] }),
  }
}

/** Without one there are no events: Slack delivers them to https URLs only. */
async function askPublicUrl({ context, questions }: Interview): Promise<string | undefined> {
  for (;;) {
    const answer = await questions.ask(
      'https URL at which Slack reaches this server, for events (Enter: none, MCP alone):',
    )
    if (answer === undefined) throw new GivenUp()
    if (answer === '') return undefined
    const url = URL.parse(answer)
    if (url?.protocol === 'https:' && url.username === '' && url.search === '' && url.hash === '')
      return url.href.replace(/\/+$/, '')
    context.stderr.write('That is no https URL such as https://slack.example.com.\n')
  }
}

function appLink({
  isWriting,
  publicUrl,
}: {
  readonly isWriting: boolean
  readonly publicUrl: string | undefined
}): string {
  const config: Config = configWith({
    mcpReadOnly: !isWriting,
    webhookEnabled: publicUrl !== undefined,
    publicUrl,
  })
  return createAppLink(createAppManifest(appFeaturesOf(config)))
}

/** Only its owner reads it. */
const configMode = 0o600

function save({ files, stderr, stdout }: CliContext, path: string, values: ConfigValues): number {
  try {
    if (files.facts(path) !== undefined) files.copy(path, `${path}.bak`)
    files.replace(path, renderConfig(values), configMode)
  } catch (error) {
    throw unwritable(path, systemReason(error), error)
  }
  stdout.write(`Saved ${path} (only you can read it).\n`)
  stderr.write(
    [
      '',
      'Next:',
      `  ${programName} doctor               is all well?`,
      `  ${programName} mcp install cursor   or claude-code, claude-desktop, vscode, codex, gemini, copilot`,
      ...(values.webhookEnabled === false
        ? []
        : [`  ${programName}                      serve MCP and receive events`]),
      '  and /invite the app in the channels that it should read.',
      '',
    ].join('\n'),
  )
  return exitCodes.done
}
