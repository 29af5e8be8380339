import { renderProblems } from '../config/config-problem.ts'
import type { OptionTexts } from '../config/config-sources.ts'
import { type LoadedConfig, loadConfig } from '../config/load-config.ts'
import type { ConfigPurpose } from '../config/option-rules.ts'
import { type CliContext, type ParsedFlags, programName } from './cli-context.ts'
import { toolsetProblems } from './toolset-problems.ts'

/** Loads the configuration as a command sees it; `presets` are what the command fixes, above flags and environment. */
export function loadCommandConfig(
  context: CliContext,
  flags: ParsedFlags,
  { purpose, presets = {} }: { readonly purpose: ConfigPurpose; readonly presets?: OptionTexts },
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
export function reportProblems({ stderr }: CliContext, { problems }: LoadedConfig): void {
  stderr.write(`${renderProblems(problems)}"${programName} config show" prints every value and its origin.\n`)
}
