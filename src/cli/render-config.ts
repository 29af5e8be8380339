import { optionOf } from '../config/option-names.ts'
import type { OptionKey } from '../config/option-table.ts'
import { programName } from './cli-context.ts'

/** What a configuration file may hold, as JSON would write it. */
export type ConfigValue = string | boolean | readonly string[]
export type ConfigValues = Readonly<Partial<Record<OptionKey, ConfigValue>>>

/** A configuration file with these options, each in its table. */
export function renderConfig(values: ConfigValues): string {
  const tables = new Map<string, string[]>()
  for (const [key, value] of Object.entries(values)) {
    const { row, fileKey } = optionOf(key as OptionKey)
    const lines = tables.get(row.group) ?? []
    tables.set(row.group, lines)
    // JSON's strings, booleans and lists of strings are TOML's as well.
    lines.push(`# ${row.description}`, `${fileKey} = ${JSON.stringify(value)}`)
  }
  const blocks = [...tables].map(([group, lines]) => [`[${group}]`, ...lines].join('\n'))
  return `${[heading, ...blocks].join('\n\n')}\n`
}

const heading = `# Written by "${programName} init". "${programName} serve --help" has every option.`
