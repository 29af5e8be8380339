import type { ConfigProblem } from './config-problem.ts'
import type { RawValue } from './option-decode.ts'
import type { NamedOption } from './option-names.ts'
import type { OptionKey } from './option-table.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** What is at a path. `unreadable` covers everything but absence: rights, a directory, more bytes than a configuration has. */
export type FileText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly reason: string }

/** Reads a small text file. Never throws. */
export type ReadFile = (path: string) => FileText

/** Where a value comes from. `where` is for people: `flag --port`, `variable PORT`, `/etc/…/config.toml [server] port`. */
export interface Origin {
  readonly kind:
    | 'command'
    | 'flag'
    | 'env'
    | 'env-file'
    | 'secret-file'
    | 'credential'
    | 'service-manager'
    | 'config-file'
    | 'default'
    | 'unset'
  readonly where: string
}

/** A value that some source has for an option. */
export interface Candidate {
  readonly origin: Origin
  readonly raw: RawValue
}

/** What all sources say, from the one that rules to the one that everything overrides. */
export interface CandidateSources {
  /** What the command itself fixes, above everything. */
  readonly presets: OptionTexts
  readonly flags: OptionTexts
  readonly env: Environment
  /** Variables of an explicit --env-file; below `env`. */
  readonly envFile: { readonly path: string; readonly variables: Environment } | undefined
  readonly readFile: ReadFile
  readonly configFile: { readonly path: string | undefined; readonly values: ReadonlyMap<OptionKey, unknown> }
}

/** Options as text, as flags and variables give them. */
export type OptionTexts = Readonly<Partial<Record<OptionKey, string>>>

export interface Candidates {
  /** Ordered: the first one counts. */
  readonly candidates: readonly Candidate[]
  /** Of sources above the first candidate: what is overridden is not judged. */
  readonly faults: readonly SourceFault[]
}

/** A source that cannot be used, or two that contradict each other. */
export type SourceFault = Omit<ConfigProblem, 'subject'>

/**
 * Everything that the sources have for one option, in the order of D5: flag > environment > NAME_FILE and credential > configuration file.
 * An empty text, and a `${user_config.…}` that an MCP client left unexpanded, count as unset.
 */
export function findCandidates(option: NamedOption, sources: CandidateSources): Candidates {
  const found = [
    ...asCandidates(sources.presets[option.key], { kind: 'command', where: 'the command' }),
    ...asCandidates(sources.flags[option.key], { kind: 'flag', where: `flag ${givenFlag(option, sources)}` }),
    ...variables(option, sources.env, 'env', 'variable'),
    ...variables(option, sources.envFile?.variables ?? {}, 'env-file', sources.envFile?.path ?? ''),
    ...secretFiles(option, sources),
    ...serviceManager(option, sources.env),
    ...inConfigFile(option, sources.configFile),
  ]
  const first = found.findIndex(isCandidate)
  return {
    candidates: found.filter(isCandidate),
    faults: found.slice(0, first < 0 ? found.length : first).filter(isFault),
  }
}

function isCandidate(found: Candidate | SourceFault): found is Candidate {
  return 'raw' in found
}

function isFault(found: Candidate | SourceFault): found is SourceFault {
  return !isCandidate(found)
}

/** A toggle that was turned off was given as `--no-…`. */
function givenFlag({ key, flag, row }: NamedOption, { flags }: CandidateSources): string | undefined {
  const isTurnedOff = row.schema['type'] === 'boolean' && flags[key] === 'false'
  return isTurnedOff ? flag?.replace('--', '--no-') : flag
}

type Found = readonly (Candidate | SourceFault)[]

function asCandidates(text: string | undefined, origin: Origin): readonly Candidate[] {
  return isSet(text) ? [{ origin, raw: { kind: 'text', text } }] : []
}

/** Whether text says anything: not blank, and no form field of an MCP client that was left empty. */
export function isSet(text: string | undefined): text is string {
  return text !== undefined && text.trim() !== '' && !/^\$\{user_config\.[^}]*\}$/.test(text)
}

/** The option's variable and its other names, of which only one may say something. */
function variables(option: NamedOption, env: Environment, kind: Origin['kind'], place: string): Found {
  if (option.env === undefined) return []
  const names = [option.env, ...option.envAliases].filter((name) => isSet(env[name]))
  const [first, ...others] = names
  const found = names.flatMap((name) => asCandidates(env[name], { kind, where: `${place} ${name}` }))
  const other = others.find((name) => first !== undefined && env[name] !== env[first])
  if (other === undefined) return found
  const fault: SourceFault = {
    message: `${first} and ${other} have different values, and name the same option`,
    from: kind === 'env' ? 'the environment' : place,
    hint: `Keep ${option.env}.`,
  }
  return [fault, ...found]
}

/** `NAME_FILE`, which somebody set and which therefore must be readable, and the credential that systemd may have placed. */
function secretFiles(option: NamedOption, { env, envFile, readFile }: CandidateSources): Found {
  if (option.credential === undefined) return []
  const name = `${option.env}_FILE`
  const path = [env[name], envFile?.variables[name]].find(isSet)
  const named = path === undefined ? [] : secretText(readFile(path), 'secret-file', `file ${path} (${name})`)
  const directory = env['CREDENTIALS_DIRECTORY']
  if (!isSet(directory)) return named
  const credentialPath = `${directory}/${option.credential}`
  const file = readFile(credentialPath)
  return file.kind === 'missing'
    ? named
    : [...named, ...secretText(file, 'credential', `credential ${credentialPath}`)]
}

function secretText(file: FileText, kind: Origin['kind'], where: string): Found {
  if (file.kind === 'missing') return [{ message: 'the file does not exist', from: where }]
  if (file.kind === 'unreadable') return [{ message: `the file cannot be read: ${file.reason}`, from: where }]
  const found = asCandidates(file.text.trim(), { kind, where })
  return found.length === 0 ? [{ message: 'the file is empty', from: where }] : found
}

/** systemd's $STATE_DIRECTORY may name several directories, separated by colons; the first is the service's own. */
function serviceManager({ row }: NamedOption, env: Environment): Found {
  const name = row.envOfServiceManager
  if (name === undefined) return []
  return asCandidates(env[name]?.split(':')[0], { kind: 'service-manager', where: `variable ${name}` })
}

function inConfigFile({ key, row, fileKey }: NamedOption, file: CandidateSources['configFile']): Found {
  const json = file.values.get(key)
  if (json === undefined) return []
  const origin: Origin = { kind: 'config-file', where: `${file.path} [${row.group}] ${fileKey}` }
  return typeof json === 'string' && !isSet(json) ? [] : [{ origin, raw: { kind: 'json', json } }]
}
