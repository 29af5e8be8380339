import { readConfigFile } from './config-file.ts'
import type { ConfigProblem } from './config-problem.ts'
import {
  type CandidateSources,
  type Environment,
  findCandidates,
  isSet,
  type OptionTexts,
  type Origin,
  type ReadFile,
  type SourceFault,
} from './config-sources.ts'
import { decodeDefault, decodeOption } from './option-decode.ts'
import { type NamedOption, namedOptions, optionOf, subjectOf } from './option-names.ts'
import { brokenRules, type ConfigPurpose } from './option-rules.ts'
import type { Config, OptionKey } from './option-table.ts'
import type { TokenPolicy } from './secret-types.ts'
import { readTokenFiles } from './token-files.ts'

/** Everything that configuration is read from. The loader reads nothing by itself. */
export interface ConfigSources {
  readonly purpose: ConfigPurpose
  /** What the command fixes (`stdio` has no webhook), above everything. */
  readonly presets?: OptionTexts
  /** Flags as given; toggles as `true` or `false`, repeated lists joined by commas. */
  readonly flags?: OptionTexts
  /** `--config`; CONFIG_FILE counts below it. */
  readonly configPath?: string | undefined
  /** `--env-file`: never read unless asked for. */
  readonly envFilePath?: string | undefined
  readonly env: Environment
  readonly readFile: ReadFile
  /** Throws a SyntaxError for what is not TOML. */
  readonly parseToml: (text: string) => unknown
  /** Parses KEY=VALUE lines. */
  readonly parseEnvFile: (text: string) => Environment
}

/** One option as it stands. */
export interface Setting {
  readonly option: NamedOption
  readonly origin: Origin
  /** Sources that also have a value, and do not count. */
  readonly overridden: readonly Origin[]
  /** undefined where there is none, and where `isRefused`. */
  readonly value: unknown
  /** The value is malformed; a problem says how. */
  readonly isRefused: boolean
}

export interface LoadedConfig {
  /** undefined where there is a problem. */
  readonly config: Config | undefined
  /** What was decoded, whatever else is wrong: without the options that were refused. */
  readonly values: Partial<Config>
  readonly settings: ReadonlyMap<OptionKey, Setting>
  readonly problems: readonly ConfigProblem[]
  /** The configuration file that was read. */
  readonly configFilePath: string | undefined
}

/** Reads, decodes and checks the whole configuration, and finds every problem at once. Never throws for what it reads. */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const { presets = {}, flags = {}, env, readFile, purpose } = sources
  const explicitPath = [sources.configPath, env['CONFIG_FILE']].find(isSet)
  const configFile = readConfigFile({ ...sources, explicitPath })
  const envFile = readEnvFile(sources)

  const from: CandidateSources = { presets, flags, env, envFile, readFile, configFile }
  const loaded = namedOptions.map((option) => loadOption(option, from))
  const settings = new Map(loaded.map(({ setting }) => [setting.option.key, setting]))
  const problems = [
    ...envFile.problems,
    ...configFile.problems,
    ...loaded.flatMap(({ problems }) => problems),
    ...ruleProblems(settings, purpose, configFile.isKnown && envFile.problems.length === 0),
  ]
  const values = asConfig(settings)
  return {
    config: problems.length === 0 ? values : undefined,
    values,
    settings,
    problems,
    configFilePath: configFile.path,
  }
}

interface EnvFile {
  readonly path: string
  readonly variables: Environment
  readonly problems: readonly ConfigProblem[]
}

function readEnvFile({ envFilePath: path, readFile, parseEnvFile }: ConfigSources): EnvFile {
  if (path === undefined) return { path: '', variables: {}, problems: [] }
  const file = readFile(path)
  if (file.kind === 'text') return { path, variables: parseEnvFile(file.text), problems: [] }
  const message = file.kind === 'missing' ? 'there is no such file' : file.reason
  return { path, variables: {}, problems: [{ subject: `--env-file ${path}`, message }] }
}

interface LoadedOption {
  readonly setting: Setting
  readonly problems: readonly ConfigProblem[]
}

function loadOption(option: NamedOption, sources: CandidateSources): LoadedOption {
  const { candidates, faults } = findCandidates(option, sources)
  const [chosen, ...rest] = candidates
  const overridden = rest.map(({ origin }) => origin)
  const asRefused = (origin: Origin, reasons: readonly SourceFault[]): LoadedOption => ({
    setting: { option, origin, overridden, value: undefined, isRefused: true },
    problems: reasons.map((reason) => ({ subject: subjectOf(option), hint: option.row.hint, ...reason })),
  })

  if (faults.length > 0) return asRefused(chosen?.origin ?? notSet, faults)
  if (chosen === undefined) return loadDefault(option)
  const result = decodeOption(option, chosen.raw)
  if (result.kind === 'refused') {
    return asRefused(chosen.origin, [{ message: result.message, from: chosen.origin.where }])
  }
  const setting = { option, origin: chosen.origin, overridden, value: result.value, isRefused: false }
  return option.key === 'mcpTokens' ? withTokens(setting, sources.readFile) : { setting, problems: [] }
}

const notSet: Origin = { kind: 'unset', where: 'not set' }

function loadDefault(option: NamedOption): LoadedOption {
  const value = decodeDefault(option)
  const isEmpty = value === undefined || (Array.isArray(value) && value.length === 0)
  const origin: Origin = isEmpty ? notSet : { kind: 'default', where: 'default' }
  return { setting: { option, origin, overridden: [], value, isRefused: false }, problems: [] }
}

/** The one option whose value names files that hold a part of it. */
function withTokens(setting: Setting, readFile: ReadFile): LoadedOption {
  const { policies, faults } = readTokenFiles(setting.value as readonly TokenPolicy[], readFile)
  return {
    setting: { ...setting, value: policies, isRefused: faults.length > 0 },
    problems: faults.map((fault) => ({ subject: subjectOf(setting.option), ...fault })),
  }
}

type Settings = ReadonlyMap<OptionKey, Setting>

/** Of a file that could not be read nobody knows what it leaves unset: only what is set elsewhere is judged then. */
function ruleProblems(
  settings: Settings,
  purpose: ConfigPurpose,
  areFilesKnown: boolean,
): readonly ConfigProblem[] {
  const config = asConfig(settings)
  const isUnknown = (key: OptionKey) => {
    const setting = settings.get(key)
    return setting?.isRefused === true || (!areFilesKnown && !isGiven(setting?.origin))
  }
  return brokenRules(config, purpose, isUnknown).map(({ concerns: [key], message, hint }) => {
    const origin = settings.get(key)?.origin
    const option = optionOf(key)
    return {
      subject: subjectOf(option),
      message,
      from: isGiven(origin) ? origin?.where : undefined,
      hint: hint ?? option.row.hint,
    }
  })
}

/** Whether somebody set the option. */
function isGiven(origin: Origin | undefined): boolean {
  return origin !== undefined && origin.kind !== 'unset' && origin.kind !== 'default'
}

/** Each value was decoded by its own row: this is where the record gets the type that the table computes from the rows. */
function asConfig(settings: Settings): Config {
  return Object.fromEntries([...settings].map(([key, { value }]) => [key, value])) as Config
}
