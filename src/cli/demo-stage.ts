import { composeApp, type IntegratedApp } from '../app.ts'
import type { StopReport } from '../app-lifecycle.ts'
import { createSystemIds, type Ids } from '../base/ids.ts'
import { acceptedMcpTokens } from '../config/accepted-tokens.ts'
import type { OptionTexts } from '../config/config-sources.ts'
import type { LoadedConfig } from '../config/load-config.ts'
import type { Config } from '../config/option-table.ts'
import { createDemoWorkspace, type DemoWorkspace } from '../demo/workspace.ts'
import { serveDemoWorkspace } from '../demo/workspace-server.ts'
import { intakes } from '../webhook/intake.ts'
import { type CliContext, type ParsedFlags, programName } from './cli-context.ts'
import { loadCommandConfig, reportProblems } from './command-config.ts'
import { demoEnvironment } from './demo-options.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { type Listening, listen } from './listen.ts'
import { createServerLog } from './server-log.ts'
import { startFailureCode, startFailureReason } from './start-failure.ts'

/** The embedded workspace and the real server against it, both listening. */
export interface DemoStage {
  readonly workspace: DemoWorkspace
  readonly server: IntegratedApp
  readonly config: Config
  readonly listening: Listening
  readonly ids: Ids
  /** Streamable HTTP; SSE lies below it where the transport has it. */
  readonly mcpUrl: string
  readonly webhookUrl: string
  readonly bearer: string
  readonly signingSecret: string
  /** Stops the server, then the workspace. Safe to call twice. */
  stop(): Promise<StopReport>
}

export type StageResult =
  | { readonly stage: DemoStage }
  | { readonly stage?: undefined; readonly exitCode: ExitCode }

/** What stands in for options that nobody chose. */
export type StageDefaults = Pick<Config, 'port' | 'logLevel'>

/** Starts both, or says on stderr why not. */
export async function openStage(
  context: CliContext,
  flags: ParsedFlags,
  defaults: StageDefaults,
): Promise<StageResult> {
  const ids = createSystemIds()
  const workspace = createDemoWorkspace({ clock: context.clock, ids })
  const api = serveDemoWorkspace(workspace)
  const signingSecret = `demo-${ids.token(24)}`
  const presets = presetsOf(workspace, signingSecret, api.apiUrl)
  const loaded = loadCommandConfig(withoutOperator(context), flags, { purpose: 'serve', presets })
  if (loaded.config === undefined) {
    reportProblems(context, loaded)
    await api.stop()
    return { exitCode: exitCodes.config }
  }
  const config = adjust(loaded.config, loaded, defaults)
  const { log, flush } = createServerLog(context, config, 'stderr')
  const server = composeApp(config, { logger: log, clock: context.clock, ids })
  const stop = async () => {
    const report = await server.stop()
    await api.stop()
    await flush()
    return report
  }
  try {
    await server.start()
    const listening = listen(server.app, config)
    const [accepted] = acceptedMcpTokens(config)
    const stage: DemoStage = {
      workspace,
      server,
      config,
      listening,
      ids,
      mcpUrl: `${listening.url}${config.mcpMountPath}`,
      webhookUrl: `${listening.url}${intakes.events.path}`,
      bearer: accepted?.token.reveal() ?? '',
      signingSecret,
      stop,
    }
    return { stage }
  } catch (error) {
    context.stderr.write(`${programName}: ${startFailureReason(error, config)}\n`)
    await stop()
    return { exitCode: startFailureCode(error) }
  }
}

/**
 * The demo reads no file and few variables: whoever tries it may have a real server configured, whose workspace, queue and consumers stay out of
 * reach, and whose limits would break the tour.
 */
function withoutOperator(context: CliContext): CliContext {
  return { ...context, env: demoEnvironment(context.env), readFile: () => ({ kind: 'missing' }) }
}

function presetsOf(workspace: DemoWorkspace, signingSecret: string, apiUrl: string): OptionTexts {
  return {
    slackBotToken: workspace.botToken,
    slackUserToken: workspace.userToken,
    slackSigningSecret: signingSecret,
    slackApiUrl: apiUrl,
  }
}

/** The screen belongs to the demo: what nobody chose is as the demo wants it. */
function adjust(config: Config, { settings }: LoadedConfig, { port, logLevel }: StageDefaults): Config {
  const isDefault = (key: keyof StageDefaults) => settings.get(key)?.origin.kind === 'default'
  return {
    ...config,
    ...(isDefault('port') ? { port } : {}),
    ...(isDefault('logLevel') ? { logLevel } : {}),
  }
}
