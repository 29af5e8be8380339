import { choicesOf } from '../config/option-decode.ts'
import type { CommandRow } from './command-row.ts'
import { flagOptionsOf, isToggle, negated } from './option-flags.ts'

/** What may follow one flag. */
export interface CompletedFlag {
  readonly name: string
  readonly description: string
  /** `none`: it takes no value. `text`: one that nobody can guess. A list: one of these, with commas between several. */
  readonly value: 'none' | 'path' | 'text' | readonly string[]
}

/** What may follow the words that name a command, or that several commands begin with. */
export interface CompletedCommand {
  /** `config show`; empty for what may stand first. */
  readonly name: string
  /** The next words of commands, and operands that are known. */
  readonly words: readonly string[]
  readonly flags: readonly CompletedFlag[]
}

/** Everything that a shell can complete, from the table of commands. */
export function completedCommands(table: readonly CommandRow[]): readonly CompletedCommand[] {
  const names = new Set(table.flatMap(({ path }) => path.map((_, index) => path.slice(0, index).join(' '))))
  for (const { path } of table) names.add(path.join(' '))
  return [...names].map((name) => {
    // Nothing but flags is the default command.
    const row = name === '' ? table[0] : table.find(({ path }) => path.join(' ') === name)
    const words = [...wordsAfter(name, table), ...(name === '' ? [] : (row?.operand?.choices ?? []))]
    return { name, words, flags: row === undefined ? [] : flagsOf(row) }
  })
}

function wordsAfter(name: string, table: readonly CommandRow[]): readonly string[] {
  const depth = name === '' ? 0 : name.split(' ').length
  const next = table
    .filter(({ path }) => path.length > depth && path.slice(0, depth).join(' ') === name)
    .map(({ path }) => path[depth] ?? '')
  return [...new Set(next)]
}

function flagsOf(row: CommandRow): readonly CompletedFlag[] {
  const own = (row.flags ?? []).map(({ name, placeholder, description }): CompletedFlag => {
    const choices = placeholder?.split('|') ?? []
    const value = placeholder === undefined ? 'none' : choices.length > 1 ? choices : 'text'
    return { name, description, value }
  })
  const sources: readonly CompletedFlag[] = [
    { name: '--config', description: 'Configuration file.', value: 'path' },
    { name: '--env-file', description: 'File with variables.', value: 'path' },
  ]
  const options = flagOptionsOf(row).flatMap((option): readonly CompletedFlag[] => {
    const {
      flag = '',
      row: { description, negation, schema },
    } = option
    if (!isToggle(option)) return [{ name: flag, description, value: choicesIn(schema) ?? 'text' }]
    const negative = {
      name: negated(flag),
      description: negation ?? `Not: ${description}`,
      value: 'none',
    } as const
    return [{ name: flag, description, value: 'none' }, negative]
  })
  const help: CompletedFlag = { name: '--help', description: 'Show what the command does.', value: 'none' }
  return [...own, ...options, ...(row.readsConfig ? sources : []), help]
}

/** Of the option itself, or of each item of its list. */
function choicesIn(schema: Parameters<typeof choicesOf>[0]): readonly string[] | undefined {
  return choicesOf(schema) ?? (schema['items'] === undefined ? undefined : choicesOf(schema['items']))
}
