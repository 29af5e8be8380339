import type { IntegratedApp } from '../app.ts'
import type { StopReport } from '../app-lifecycle.ts'
import { createSystemIds, type Ids } from '../base/ids.ts'
import { acceptedMcpTokens } from '../config/accepted-tokens.ts'
import type { OptionTexts } from '../config/config-sources.ts'
import type { Config } from '../config/option-table.ts'
import { createDemoWorkspace, type DemoWorkspace } from '../demo/workspace.ts'
import { serveDemoWorkspace } from '../demo/workspace-server.ts'
import { intakes } from '../webhook/intake.ts'
import type { CliContext, ParsedFlags } from './cli-context.ts'
import { requireConfig, type ValidConfig } from './command-config.ts'
import { demoEnvironment } from './demo-options.ts'
import { type Listening, listen } from './listen.ts'
import { createServerProcess, type ServerProcess } from './server-process.ts'

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
  /** Resolves at the first signal. Each further one cuts the stop short. */
  signalled: ServerProcess['signalled']
  /** Stops the server, then the workspace. Safe to call twice. */
  stop(): Promise<StopReport>
}

/** What stands in for options that nobody chose. */
export type StageDefaults = Pick<Config, 'port' | 'logLevel'>

/** Starts both. Throws what ends the command, with nothing left running. */
export async function openStage(
  context: CliContext,
  flags: ParsedFlags,
  defaults: StageDefaults,
): Promise<DemoStage> {
  const ids = createSystemIds()
  const workspace = createDemoWorkspace({ clock: context.clock, ids })
  const api = serveDemoWorkspace(workspace)
  try {
    const signingSecret = `demo-${ids.token(24)}`
    const presets = presetsOf(workspace, signingSecret, api.apiUrl)
    const loaded = requireConfig(withoutOperator(context), flags, { purpose: 'serve', presets })
    const config = adjust(loaded, defaults)
    const running = await createServerProcess(context, config, { stream: 'stderr', ids })
    const { server } = running
    const listening = await running.start(() => listen(server.app, config))
    const [accepted] = acceptedMcpTokens(config)
    return {
      workspace,
      server,
      config,
      listening,
      ids,
      mcpUrl: `${listening.url}${config.mcpMountPath}`,
      webhookUrl: `${listening.url}${intakes.events.path}`,
      bearer: accepted?.token.reveal() ?? '',
      signingSecret,
      signalled: () => running.signalled(),
      async stop() {
        const report = await running.stop()
        await api.stop()
        return report
      },
    }
  } catch (error) {
    await api.stop()
    throw error
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
function adjust({ config, settings }: ValidConfig, { port, logLevel }: StageDefaults): Config {
  const isDefault = (key: keyof StageDefaults) => settings.get(key)?.origin.kind === 'default'
  return {
    ...config,
    ...(isDefault('port') ? { port } : {}),
    ...(isDefault('logLevel') ? { logLevel } : {}),
  }
}
