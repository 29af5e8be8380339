import type { OptionGroup, OptionRow } from './option-row.ts'
import { type OptionKey, optionTable } from './option-table.ts'

/** Everything that is derived from an option's key, with what its row says otherwise. */
export interface NamedOption {
  readonly key: OptionKey
  readonly row: OptionRow
  /** The variable; undefined where only a file can hold the option. */
  readonly env: string | undefined
  /** Which further variables are looked at, after `env`. */
  readonly envAliases: readonly string[]
  /** The flag that takes the value, or sets a toggle; undefined for secrets and tables. */
  readonly flag: string | undefined
  /** The key within the group's table of the configuration file. */
  readonly fileKey: string
  /** The file name of the systemd credential. */
  readonly credential: string | undefined
}

/** Every option with its names, in the order of the table. */
export const namedOptions: readonly NamedOption[] = Object.entries<OptionRow>(optionTable).map(([key, row]) =>
  nameOption(key as OptionKey, row),
)

const byKey: ReadonlyMap<string, NamedOption> = new Map(namedOptions.map((option) => [option.key, option]))

/** The option of that key, where there is one. */
export function findOption(key: string): NamedOption | undefined {
  return byKey.get(key)
}

/** The option of `key`, which is a key of the table by its type. */
export function optionOf(key: OptionKey): NamedOption {
  const option = findOption(key)
  if (option === undefined) throw new TypeError(`No option "${key}"`)
  return option
}

/** An option in every spelling that may be changed: `PORT (--port, [server] port)`. */
export function subjectOf({ env, flag, row, fileKey }: NamedOption): string {
  const inFile = `[${row.group}] ${fileKey}`
  if (env === undefined) return inFile
  return `${env} (${flag ?? `${env}_FILE`}, ${inFile})`
}

function nameOption(key: OptionKey, row: OptionRow): NamedOption {
  const snake = key.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`)
  const isFileOnly = row.fileOnly === true
  const isSecret = row.secret === true
  const env = row.env ?? snake.toUpperCase()
  return {
    key,
    row,
    env: isFileOnly ? undefined : env,
    envAliases: row.envAliases ?? [],
    flag: isSecret || isFileOnly ? undefined : (row.flag ?? `--${snake.replaceAll('_', '-')}`),
    fileKey: withoutGroup(snake, row.group),
    credential: isSecret && !isFileOnly ? env.toLowerCase() : undefined,
  }
}

/** `[mcp] mount_path`, not `[mcp] mcp_mount_path`. */
function withoutGroup(snake: string, group: OptionGroup): string {
  return snake.startsWith(`${group}_`) ? snake.slice(group.length + 1) : snake
}
