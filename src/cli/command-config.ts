import { renderProblems } from '../config/config-problem.ts'
import type { OptionTexts } from '../config/config-sources.ts'
import { type LoadedConfig, loadConfig } from '../config/load-config.ts'
import { subjectOf } from '../config/option-names.ts'
import type { ConfigPurpose } from '../config/option-rules.ts'
import type { Config, OptionKey } from '../config/option-table.ts'
import { type CliContext, type ParsedFlags, programName } from './cli-context.ts'
import { ConfigRefusal } from './command-failure.ts'
import { toolsetProblems } from './toolset-problems.ts'

/** What a command without a listener fixes: it is MCP alone, whatever a server with the same configuration is. */
const withoutListener: OptionTexts = { webhookEnabled: 'false', mcpEnabled: 'true' }

/** Loads the configuration as a command sees it; `presets` are what the command fixes, above flags and environment. */
export function loadCommandConfig(
  context: CliContext,
  flags: ParsedFlags,
  {
    purpose,
    presets = purpose === 'stdio' ? withoutListener : {},
  }: { readonly purpose: ConfigPurpose; readonly presets?: OptionTexts },
): LoadedConfig {
  const loaded = loadConfig({
    purpose,
    presets,
    flags: flags.options,
    configPath: flags.configPath,
    envFilePath: flags.envFilePath,
    env: context.env,
    readFile: context.readFile,
    parseToml: context.parseToml,
    parseEnvFile: context.parseEnvFile,
  })
  const more = toolsetProblems(loaded)
  return more.length === 0
    ? loaded
    : { ...loaded, config: undefined, problems: [...loaded.problems, ...more] }
}

export interface ValidConfig extends LoadedConfig {
  readonly config: Config
}

/** The same for a command that cannot do without a valid configuration. Throws ConfigRefusal, which ends it with exit code 78. */
export function requireConfig(...args: Parameters<typeof loadCommandConfig>): ValidConfig {
  const loaded = loadCommandConfig(...args)
  const { config } = loaded
  if (config === undefined) throw new ConfigRefusal(renderRefusal(loaded))
  return { ...loaded, config }
}

/** Every problem, and where to look next. */
function renderRefusal(loaded: LoadedConfig): string {
  const advice = [
    `"${programName} config show" prints every value and its origin.`,
    ...(requiredCredentials.some((key) => isMissing(key, loaded))
      ? [`"${programName} demo" runs without a Slack account.`]
      : []),
  ]
  return `${renderProblems(loaded.problems)}${advice.join('\n')}\n`
}

const requiredCredentials = ['slackBotToken', 'slackSigningSecret'] as const

/** Whether the option is a problem because nobody set it: not because of what was set. */
function isMissing(key: OptionKey, { settings, problems }: LoadedConfig): boolean {
  const setting = settings.get(key)
  if (setting === undefined || setting.isRefused || setting.origin.kind !== 'unset') return false
  const subject = subjectOf(setting.option)
  return problems.some((problem) => problem.subject === subject)
}
