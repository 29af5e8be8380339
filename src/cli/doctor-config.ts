import { configNotices } from '../config/config-notices.ts'
import type { LoadedConfig, Setting } from '../config/load-config.ts'
import { type CliContext, type ParsedFlags, programName } from './cli-context.ts'
import { type Check, checksOf } from './doctor-check.ts'
import { exitCodes } from './exit-codes.ts'

const { ok, warn, fail } = checksOf('config')

/** Where the configuration comes from, what is wrong with it, and who else can read its secrets. */
export function checkConfig(context: CliContext, flags: ParsedFlags, loaded: LoadedConfig): readonly Check[] {
  const problems = loaded.problems.map(({ subject, message, hint }) =>
    fail(exitCodes.config, `${subject}: ${message}`, hint ?? whereToLook),
  )
  const notices = configNotices(loaded, context.env)
    // The queue says this itself.
    .filter(({ level, event }) => level === 'warn' && event !== 'queue_is_lossy')
    .map(({ fields: { problem, advice } }) => warn(problem, advice))
  return [
    ...(problems.length === 0 ? [ok(sourcesText(loaded))] : problems),
    ...notices,
    ...checkModes(context, secretFiles(context, flags, loaded)),
  ]
}

function sourcesText({ settings, configFilePath }: LoadedConfig): string {
  const count = (kinds: readonly Setting['origin']['kind'][]) =>
    [...settings.values()].filter(({ origin }) => kinds.includes(origin.kind)).length
  const sources = [
    [count(['flag']), 'flags'],
    [count(['env']), 'the environment'],
    [count(['env-file']), '--env-file'],
    [count(['secret-file', 'credential']), 'files of secrets'],
    [count(['config-file']), configFilePath ?? 'the file'],
    [count(['service-manager']), 'the service manager'],
  ] as const
  const used = sources.filter(([options]) => options > 0).map(([options, from]) => `${options} from ${from}`)
  return used.length === 0 ? 'nothing is set: defaults alone' : `options set: ${used.join(', ')}`
}

/** For what is wrong in itself, where the message says what would be right. */
const whereToLook = `Set it right: "${programName} config show" prints every value and its origin.`

/** The files that hold a secret which is in use. */
function secretFiles(
  { env }: CliContext,
  { envFilePath }: ParsedFlags,
  { settings, values, configFilePath }: LoadedConfig,
): ReadonlySet<string> {
  const paths = [...settings.values()].flatMap(({ option, origin }) => {
    if (option.row.secret !== true) return []
    switch (origin.kind) {
      case 'config-file':
        return configFilePath ?? []
      case 'env-file':
        return envFilePath ?? []
      case 'secret-file':
        return env[`${option.env}_FILE`] ?? []
      default:
        return []
    }
  })
  const tokenFiles = (values.mcpTokens ?? []).flatMap(({ tokenFile }) => tokenFile ?? [])
  return new Set([...paths, ...tokenFiles])
}

const others = 0o077

function checkModes({ files }: CliContext, paths: ReadonlySet<string>): readonly Check[] {
  return [...paths].flatMap((path) => {
    const mode = files.facts(path)?.mode ?? 0
    if ((mode & others) === 0) return []
    return warn(
      `${path} holds a secret and is open to others (mode ${mode.toString(8)})`,
      `chmod 600 ${path}`,
    )
  })
}
