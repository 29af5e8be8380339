import { Command, CommanderError, Option } from 'commander'
import { asOneLine, nearest } from '../base/text.ts'
import { type NamedOption, namedOptions } from '../config/option-names.ts'
import { type ParsedFlags, programName } from './cli-context.ts'
import { type CommandRow, commandName, commandTable } from './command-table.ts'
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
 * Reads a command line with commander, whose commands and flags are made from the command table and the option table. Throws UsageError with
 * one line that names the nearest command or flag. Values are not judged here: that is the loader's part, for all sources alike.
 */
export function parseCommandLine(argv: readonly string[], style: HelpStyle): Invocation {
  assertKnownCommand(argv)
  const outcome: { invocation?: Invocation; help: string } = { help: '' }
  const program = new Command(programName)
    .configureOutput({
      writeOut: (text) => (outcome.help += text),
      writeErr: (text) => (outcome.help += text),
    })
    .configureHelp({ formatHelp: () => renderProgramHelp(style) })
    .exitOverride()
  for (const row of commandTable) {
    const command = addCommand(program, row, style)
    command.action(() => {
      outcome.invocation = { kind: 'run', command: row, flags: readFlags(command, row) }
    })
  }
  try {
    program.parse(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError) || !helpCodes.has(error.code)) throw error
    return { kind: 'help', text: outcome.help, isAsked: error.exitCode === 0 }
  }
  if (outcome.invocation === undefined) throw new TypeError('commander neither ran a command nor refused')
  return outcome.invocation
}

const helpCodes: ReadonlySet<string> = new Set(['commander.help', 'commander.helpDisplayed'])

/** A first word that is no flag is a command: only flags of the default command may stand there without one. */
function assertKnownCommand([first, second]: readonly string[]): void {
  if (first === undefined || first.startsWith('-') || first === 'help') return
  const rows = commandTable.filter(({ path }) => path[0] === first)
  if (rows.length === 0)
    throw unknownCommand(
      first,
      commandTable.map(({ path }) => path[0]),
    )
  const isGroup = rows.every(({ path }) => path.length > 1)
  if (!isGroup || second === undefined || second.startsWith('-') || second === 'help') return
  const names = rows.flatMap(({ path }) => path.slice(1))
  if (!names.includes(second)) throw unknownCommand(`${first} ${second}`, rows.map(commandName))
}

function unknownCommand(word: string, names: readonly string[]): UsageError {
  const near = nearest(word, names)
  const advice = near === undefined ? `commands: ${[...new Set(names)].join(', ')}` : `did you mean ${near}?`
  return new UsageError(`there is no command "${asOneLine(word)}"; ${advice}`)
}

function addCommand(program: Command, row: CommandRow, style: HelpStyle): Command {
  const [first, second] = row.path
  const parent = second === undefined ? program : groupCommand(program, first, style)
  const isDefault = row === commandTable[0]
  const command = parent
    .command(second ?? first, { isDefault })
    .configureHelp({ formatHelp: () => renderCommandHelp(row, style) })
  command.exitOverride((error) => {
    throw helpCodes.has(error.code) ? error : new UsageError(explain(error, row))
  })
  if (row.operand !== undefined) command.argument(`[${row.operand.name}]`, row.operand.says)
  for (const option of commanderOptions(row)) command.addOption(option)
  return command
}

function groupCommand(program: Command, name: string, style: HelpStyle): Command {
  const existing = program.commands.find((command) => command.name() === name)
  if (existing !== undefined) return existing
  return program.command(name).configureHelp({ formatHelp: () => renderGroupHelp(name, style) })
}

function commanderOptions(row: CommandRow): readonly Option[] {
  const own = (row.flags ?? []).map(({ name, placeholder }) =>
    placeholder === undefined ? new Option(name) : new Option(`${name} <${placeholder}>`),
  )
  const sources = [new Option('--config <path>'), new Option('--env-file <path>')]
  return [...own, ...(row.readsConfig ? sources : []), ...flagOptionsOf(row).flatMap(optionFlags)]
}

/** A toggle has both senses, so that a flag can overrule a variable in either direction. */
function optionFlags(option: NamedOption): readonly Option[] {
  const { flag = '' } = option
  if (isToggle(option)) return [new Option(flag), new Option(negated(flag))]
  const taking = new Option(`${flag} <${valueTerm(option).replace(/[<>[\]]/g, '')}>`)
  if (!isList(option)) return [taking]
  return [
    taking.argParser<string | undefined>((value, before) =>
      before === undefined ? value : `${before},${value}`,
    ),
  ]
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
  const near = nearest(flag, [...known, '--help'])
  if (near !== undefined) return `"${commandName(row)}" has no flag ${shown}; did you mean ${near}?`
  return `"${commandName(row)}" has no flag ${shown}; "${programName} ${commandName(row)} --help" lists them`
}

function isFlagOf(key: string, flag: string): boolean {
  return `--${key.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)}` === flag
}
