import { Command, CommanderError, Option } from 'commander'
import { asOneLine, nearest } from '../base/text.ts'
import { type NamedOption, namedOptions } from '../config/option-names.ts'
import { type ParsedFlags, programName } from './cli-context.ts'
import { type CommandRow, commandName } from './command-row.ts'
import { commandTable } from './command-table.ts'
import { renderCommandHelp, renderGroupHelp, renderProgramHelp } from './help.ts'
import type { HelpStyle } from './help-layout.ts'
import { flagOptionsOf, isList, isToggle, negated, valueTerm } from './option-flags.ts'
import { UsageError } from './usage-error.ts'

/** What a command line asks for. */
export type Invocation =
  | { readonly kind: 'run'; readonly command: CommandRow; readonly flags: ParsedFlags }
  /** `isAsked` is false where a command was named that only groups others. */
  | { readonly kind: 'help'; readonly text: string; readonly isAsked: boolean }

/**
 * Reads a command line. The first words name the command; commander reads the rest, with flags made from the option table. Throws UsageError
 * with one line that names the nearest command or flag. Values are not judged here: that is the loader's part, for all sources alike.
 */
export function parseCommandLine(argv: readonly string[], style: HelpStyle): Invocation {
  const target = findTarget(argv)
  switch (target.kind) {
    case 'program':
      return { kind: 'help', text: renderProgramHelp(style), isAsked: true }
    case 'group':
      return { kind: 'help', text: renderGroupHelp(target.name, style), isAsked: target.isAsked }
    case 'command':
      return parseCommand(target.row, target.rest, style)
  }
}

type Target =
  | { readonly kind: 'program' }
  | { readonly kind: 'group'; readonly name: string; readonly isAsked: boolean }
  | { readonly kind: 'command'; readonly row: CommandRow; readonly rest: readonly string[] }

/** A first word that is no flag is a command; only flags of the default command may stand there without one. */
function findTarget([first, ...rest]: readonly string[]): Target {
  if (first === 'help') return findTarget([...rest, '--help'])
  if (first === undefined) return { kind: 'command', row: commandTable[0], rest: [] }
  if (isHelpFlag(first)) return { kind: 'program' }
  if (first.startsWith('-')) return { kind: 'command', row: commandTable[0], rest: [first, ...rest] }

  return findCommand(commandTable, [first, ...rest], 1)
}

/** The command that `depth` words name, or the one of more words that begins with them. `rows` are those that the words before allow. */
function findCommand(rows: readonly CommandRow[], words: readonly string[], depth: number): Target {
  const name = words.slice(0, depth).join(' ')
  const found = rows.filter(({ path }) => path[depth - 1] === words[depth - 1])
  const [row] = found
  if (row === undefined) throw unknownCommand(name, rows.map(commandName))
  const next = words[depth]
  const isLonger = next !== undefined && found.some(({ path }) => path[depth] === next)
  if (row.path.length === depth && !isLonger) return { kind: 'command', row, rest: words.slice(depth) }
  if (next === undefined || isHelpFlag(next)) return { kind: 'group', name, isAsked: next !== undefined }
  return findCommand(found, words, depth + 1)
}

function isHelpFlag(word: string): boolean {
  return word === '--help' || word === '-h'
}

function unknownCommand(words: string, names: readonly string[]): UsageError {
  const near = nearest(words, names)
  const advice = near === undefined ? `commands: ${names.join(', ')}` : `did you mean ${near}?`
  return new UsageError(`there is no command "${asOneLine(words)}"; ${advice}`)
}

/** Builds the one command that is asked for: building all of them would cost more than everything else here. */
function parseCommand(row: CommandRow, args: readonly string[], style: HelpStyle): Invocation {
  const command = new Command(commandName(row)).exitOverride()
  command.configureOutput({ writeOut: () => undefined, writeErr: () => undefined })
  if (row.operand !== undefined)
    command.argument(row.operand.isRepeated === true ? '[operands...]' : '[operand]')
  for (const option of commanderOptions(row)) command.addOption(option)
  try {
    command.action(() => undefined).parse(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code !== 'commander.helpDisplayed') throw new UsageError(explain(error, row), { cause: error })
    return { kind: 'help', text: renderCommandHelp(row, style), isAsked: true }
  }
  assertOperand(row, command.args[0])
  return { kind: 'run', command: row, flags: readFlags(command, row) }
}

function assertOperand(row: CommandRow, word: string | undefined): void {
  const { choices, isOptional } = row.operand ?? {}
  if (choices === undefined || (word === undefined ? isOptional : choices.includes(word)) === true) return
  const near = word === undefined ? undefined : nearest(word, choices)
  const shown = word === undefined ? '' : `, not "${asOneLine(word)}"`
  const advice = near === undefined ? '' : `; did you mean ${near}?`
  throw new UsageError(`"${commandName(row)}" takes one of ${choices.join(', ')}${shown}${advice}`)
}

function commanderOptions(row: CommandRow): readonly Option[] {
  const own = (row.flags ?? []).map(({ name, placeholder }) =>
    placeholder === undefined ? new Option(name) : takingValue(name, placeholder),
  )
  const sources = [takingValue('--config', 'path'), takingValue('--env-file', 'path')]
  return [...own, ...(row.readsConfig ? sources : []), ...flagOptionsOf(row).flatMap(optionFlags)]
}

/** A toggle has both senses, so that a flag can overrule a variable in either direction. */
function optionFlags(option: NamedOption): readonly Option[] {
  const { flag = '' } = option
  if (isToggle(option)) return [new Option(flag), new Option(negated(flag))]
  const placeholder = valueTerm(option).replace(/[<>[\]]/g, '')
  if (!isList(option)) return [takingValue(flag, placeholder)]
  return [takingValue(flag, placeholder, (value, before) => `${before},${value}`)]
}

/** Empty text is refused: unlike a variable, a flag stands there because somebody wants it, and a shell put nothing in its place. */
function takingValue(
  flag: string,
  placeholder: string,
  join: (value: string, before: string) => string = (value) => value,
): Option {
  return new Option(`${flag} <${placeholder}>`).argParser<string | undefined>((value, before) => {
    if (value.trim() === '') throw new UsageError(`${flag} has an empty value; leave it away for the default`)
    return before === undefined ? value : join(value, before)
  })
}

function readFlags(command: Command, row: CommandRow): ParsedFlags {
  const given = (flag: string): unknown => command.getOptionValue(new Option(flag).attributeName())
  const text = (flag: string) => {
    const value = given(flag)
    return value === undefined ? undefined : String(value)
  }
  const options = flagOptionsOf(row).flatMap(({ key, flag = '' }) => {
    const value = text(flag)
    return value === undefined ? [] : [[key, value] as const]
  })
  const own = (row.flags ?? []).flatMap(({ name }) => {
    const value = given(name)
    return typeof value === 'string' || value === true ? [[name.slice(2), value] as const] : []
  })
  return {
    options: Object.fromEntries(options),
    configPath: text('--config'),
    envFilePath: text('--env-file'),
    own: Object.fromEntries(own),
    arguments: command.args,
  }
}

/** One line in our words. What stands behind a `=` is not repeated: it may be a secret. */
function explain(error: CommanderError, row: CommandRow): string {
  const name = commandName(row)
  const flag = /'(-[^'= ]*)/.exec(error.message)?.[1] ?? ''
  switch (error.code) {
    case 'commander.unknownOption':
      return unknownFlag(flag, row)
    case 'commander.optionMissingArgument':
      return `${flag} needs a value`
    case 'commander.excessArguments':
      return row.operand === undefined ? `"${name}" takes only flags` : `"${name}" takes one argument`
    default:
      return error.message.replace(/^error: /, '')
  }
}

function unknownFlag(flag: string, row: CommandRow): string {
  const shown = asOneLine(flag)
  const secret = namedOptions.find(
    ({ key, env, flag: own }) => own === undefined && env !== undefined && isFlagOf(key, flag),
  )
  if (secret !== undefined) {
    return `${shown} is no flag: the process list shows flags to everybody. Set ${secret.env}, or ${secret.env}_FILE to a file that holds it`
  }
  const known = commanderOptions(row).flatMap(({ long }) => long ?? [])
  if (known.includes(flag))
    return `${shown} takes no value; --no-… is the opposite of a flag that is on or off`
  const near = nearest(flag, [...known, '--help'])
  if (near !== undefined) return `"${commandName(row)}" has no flag ${shown}; did you mean ${near}?`
  return `"${commandName(row)}" has no flag ${shown}; "${programName} ${commandName(row)} --help" lists them`
}

function isFlagOf(key: string, flag: string): boolean {
  return `--${key.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)}` === flag
}
