import { isObject } from '../base/json-object.ts'
import { nearest } from '../base/text.ts'
import type { ConfigProblem } from './config-problem.ts'
import type { Environment, FileText, ReadFile } from './config-sources.ts'
import { namedOptions } from './option-names.ts'
import { optionGroupNames, optionGroups } from './option-row.ts'
import type { OptionKey } from './option-table.ts'

const directoryName = 'slack-integrated-server'

/** The configuration file as found: the values of known keys, and what is wrong with the rest. */
export interface ConfigFile {
  /** undefined where there is no file. */
  readonly path: string | undefined
  readonly values: ReadonlyMap<OptionKey, unknown>
  /** False where there is or should be a file, and what it says is not known. */
  readonly isKnown: boolean
  readonly problems: readonly ConfigProblem[]
}

export interface ConfigFileSources {
  /** The file that was asked for; without it the usual places are looked at. Never the working directory. */
  readonly explicitPath: string | undefined
  readonly env: Environment
  readonly readFile: ReadFile
  /** Throws a SyntaxError. */
  readonly parseToml: (text: string) => unknown
}

/** Finds, reads and parses the configuration file. Never throws: what is wrong becomes a problem. */
export function readConfigFile(sources: ConfigFileSources): ConfigFile {
  const found = findFile(sources)
  if (found === undefined) return { path: undefined, values: new Map(), isKnown: true, problems: [] }
  const { path, file } = found
  if (file.kind !== 'text')
    return withProblem(path, file.kind === 'missing' ? 'there is no such file' : file.reason)
  try {
    return { path, isKnown: true, ...readTables(path, sources.parseToml(file.text)) }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return withProblem(path, tomlFault(error, file.text, sources.parseToml))
  }
}

function findFile({
  explicitPath,
  env,
  readFile,
}: ConfigFileSources): { readonly path: string; readonly file: FileText } | undefined {
  if (explicitPath !== undefined) return { path: explicitPath, file: readFile(explicitPath) }
  for (const path of usualPaths(env)) {
    const file = readFile(path)
    if (file.kind !== 'missing') return { path, file }
  }
  return undefined
}

/** Where a person's own file is; undefined where the environment has no home. */
export function userConfigPath(env: Environment): string | undefined {
  // https://specifications.freedesktop.org/basedir-spec: without XDG_CONFIG_HOME the place is ~/.config; a relative one is to be ignored.
  const { XDG_CONFIG_HOME: xdg = '', HOME: home = '' } = env
  const directory = xdg.startsWith('/') ? xdg : home.startsWith('/') ? `${home}/.config` : undefined
  return directory === undefined ? undefined : `${directory}/${directoryName}/config.toml`
}

function usualPaths(env: Environment): readonly string[] {
  const own = userConfigPath(env)
  return [...(own === undefined ? [] : [own]), `/etc/${directoryName}/config.toml`]
}

function withProblem(path: string, message: string): ConfigFile {
  return { path, values: new Map(), isKnown: false, problems: [{ subject: path, message }] }
}

/** Lines beyond this are not searched for the fault: each costs a parse of all lines before it. */
const searchedLinesMax = 2000

/**
 * The parser gives no position, and quotes what it tripped over, which may be a secret. The line is found by parsing ever longer beginnings:
 * the fault is in what follows the longest one that parses.
 */
function tomlFault(error: SyntaxError, text: string, parseToml: (text: string) => unknown): string {
  const message = error.message.replace(/^TOML Parse error: /, '').replace(/"[^"]*"?/g, '…')
  const lines = text.split('\n')
  if (lines.length > searchedLinesMax) return `not TOML: ${message}`
  let goodLines = 0
  for (let count = 1; count <= lines.length; count++) {
    if (parses(lines.slice(0, count).join('\n'), parseToml)) goodLines = count
  }
  return `not TOML: ${message} (line ${goodLines + 1})`
}

function parses(text: string, parseToml: (text: string) => unknown): boolean {
  try {
    parseToml(text)
    return true
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

function readTables(path: string, root: unknown): Pick<ConfigFile, 'values' | 'problems'> {
  const values = new Map<OptionKey, unknown>()
  const problems: ConfigProblem[] = []
  for (const [name, table] of isObject(root) ? Object.entries(root) : []) {
    const found = readTable(name, table)
    problems.push(...found.filter((item) => 'message' in item).map((problem) => ({ ...problem, from: path })))
    for (const item of found) if ('key' in item) values.set(item.key, item.value)
  }
  return { values, problems }
}

type FileEntry = { readonly key: OptionKey; readonly value: unknown } | ConfigProblem

function readTable(name: string, table: unknown): readonly FileEntry[] {
  if (!Object.hasOwn(optionGroups, name)) return [unknownTable(name)]
  if (!isObject(table)) return [{ subject: name, message: `expected a table, as in [${name}]` }]
  return Object.entries(table).map(([fileKey, value]) => {
    const option = namedOptions.find(({ row, fileKey: known }) => row.group === name && known === fileKey)
    return option === undefined ? unknownKey(name, fileKey) : { key: option.key, value }
  })
}

/** A key that stands outside every table, or a table that does not exist. */
function unknownTable(name: string): ConfigProblem {
  const elsewhere = namedOptions.find(({ fileKey }) => fileKey === name)
  if (elsewhere !== undefined) {
    return { subject: name, message: `belongs into the table [${elsewhere.row.group}]` }
  }
  const near = nearest(name, optionGroupNames)
  const hint = near === undefined ? `tables: ${optionGroupNames.join(', ')}` : `did you mean [${near}]?`
  return { subject: `[${name}]`, message: 'there is no such table', hint }
}

function unknownKey(group: string, fileKey: string): ConfigProblem {
  const subject = `[${group}] ${fileKey}`
  const siblings = namedOptions.filter(({ row }) => row.group === group).map((option) => option.fileKey)
  const near = nearest(fileKey, siblings)
  if (near !== undefined) return { subject, message: 'there is no such key', hint: `did you mean ${near}?` }
  const elsewhere = namedOptions.find((option) => option.fileKey === fileKey)
  const hint =
    elsewhere === undefined
      ? `keys: ${siblings.join(', ')}`
      : `it belongs into the table [${elsewhere.row.group}]`
  return { subject, message: 'there is no such key', hint }
}
