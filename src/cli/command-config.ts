import { renderProblems } from '../config/config-problem.ts'
import type { OptionTexts } from '../config/config-sources.ts'
import { type LoadedConfig, loadConfig } from '../config/load-config.ts'
import { subjectOf } from '../config/option-names.ts'
import type { ConfigPurpose } from '../config/option-rules.ts'
import type { OptionKey } from '../config/option-table.ts'
import { type CliContext, type ParsedFlags, programName } from './cli-context.ts'
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

/** Prints every problem to stderr, and where to look next. */
export function reportProblems({ stderr }: CliContext, loaded: LoadedConfig): void {
  const advice = [
    `"${programName} config show" prints every value and its origin.`,
    ...(credentialKeys.some((key) => isMissing(key, loaded))
      ? [`"${programName} demo" runs without a Slack account.`]
      : []),
  ]
  stderr.write(`${renderProblems(loaded.problems)}${advice.join('\n')}\n`)
}

const credentialKeys = ['slackBotToken', 'slackSigningSecret'] as const

/** Whether the option is a problem because nobody set it: not because of what was set. */
function isMissing(key: OptionKey, { settings, problems }: LoadedConfig): boolean {
  const setting = settings.get(key)
  if (setting === undefined || setting.isRefused || setting.origin.kind !== 'unset') return false
  const subject = subjectOf(setting.option)
  return problems.some((problem) => problem.subject === subject)
}
