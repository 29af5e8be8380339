import { choicesOf } from '../config/option-decode.ts'
import { type NamedOption, namedOptions } from '../config/option-names.ts'
import type { CommandRow } from './command-row.ts'

type OptionChoice = Pick<CommandRow, 'groups' | 'options'>

/** The options that a command takes as flags. */
export function flagOptionsOf(command: OptionChoice): readonly NamedOption[] {
  return optionsOf(command).filter(({ flag }) => flag !== undefined)
}

/** The secrets that a command uses, which have a variable and no flag. */
export function secretOptionsOf(command: OptionChoice): readonly NamedOption[] {
  return optionsOf(command).filter(({ env, flag }) => flag === undefined && env !== undefined)
}

function optionsOf({ groups = [], options = [] }: OptionChoice): readonly NamedOption[] {
  return namedOptions.filter(({ key, row }) => groups.includes(row.group) || options.includes(key))
}

export function isToggle({ row }: NamedOption): boolean {
  return row.schema['type'] === 'boolean'
}

export function isList({ row }: NamedOption): boolean {
  return row.schema['type'] === 'array'
}

/** `--no-webhook` for a toggle that is on by default. */
export function negated(flag: string): string {
  return flag.replace(/^--/, '--no-')
}

/** The arguments that say again what a flag of the option said: `--no-dms`, or `--toolsets` and its value. */
export function flagArguments(option: NamedOption, text: string): readonly string[] {
  const { flag = '' } = option
  if (isToggle(option)) return [text === 'true' ? flag : negated(flag)]
  return [flag, text]
}

/** The flag as help shows it: a toggle in the sense that changes something, everything else with what it takes. */
export function flagTerm(option: NamedOption): string {
  const { flag = '', row } = option
  if (isToggle(option)) return row.schema['default'] === true ? negated(flag) : flag
  return `${flag} <${valueTerm(option)}>`
}

/** What stands for a value: its placeholder, its few choices, or its type. */
export function valueTerm(option: NamedOption): string {
  const { placeholder, schema } = option.row
  if (placeholder !== undefined) return placeholder
  const choices = choicesOf(schema)
  if (choices !== undefined) return choices.join('|')
  return schema['type'] === 'integer' ? 'n' : 'text'
}
