import { defaultText } from '../config/option-describe.ts'
import type { NamedOption } from '../config/option-names.ts'
import { type OptionGroup, optionGroupNames, optionGroups } from '../config/option-row.ts'
import { programName } from './cli-context.ts'
import { type CommandRow, commandName } from './command-row.ts'
import { commandTable } from './command-table.ts'
import {
  type HelpEntry,
  type HelpStyle,
  joinSections,
  renderExamples,
  renderSection,
  wrap,
} from './help-layout.ts'
import { flagOptionsOf, flagTerm, isToggle, secretOptionsOf } from './option-flags.ts'

const purpose =
  "One process and one port: AI clients use Slack over MCP; Slack's events come in, are kept and go on to consumers."

/** The flags that most people look for; the others are in the help of the command. */
const featuredFlags: readonly string[] = [
  '--transport',
  '--mount-path',
  '--host',
  '--port',
  '--log-level',
  '--retry',
]

const helpEntry: HelpEntry = { term: '-h, --help', says: 'Show help; after a command, its own.' }
const versionEntry: HelpEntry = { term: '-V, --version', says: 'Show the version.' }

const sourceEntries: readonly HelpEntry[] = [
  {
    term: '--config <path>',
    says: `Read this configuration file. (CONFIG_FILE, default ~/.config/${programName}/config.toml, then /etc/${programName}/config.toml)`,
  },
  { term: '--env-file <path>', says: 'Read variables from this file too; the environment overrides it.' },
]

/** Help of the program: how to begin, which commands there are, and the flags most asked for. */
export function renderProgramHelp(style: HelpStyle): string {
  const [serve] = commandTable
  const featured = flagOptionsOf(serve).filter(({ flag = '' }) => featuredFlags.includes(flag))
  return joinSections([
    `${style.bold(programName)}\n${wrap(purpose, style.columns, '  ')}`,
    renderExamples(
      [
        { term: `${programName} demo`, says: 'look around without a Slack account' },
        ...exampleEntries(serve).slice(0, 2),
        { term: `${programName} token`, says: 'print the bearer token that MCP clients send' },
      ],
      style,
    ),
    renderSection(
      'Commands',
      commandTable.map((row) => ({ term: commandName(row), says: row.summary })),
      style,
    ),
    renderSection(`Flags of serve (all: ${programName} serve --help)`, featured.map(flagEntry), style),
    renderSection('Other flags', [helpEntry, versionEntry], style),
  ])
}

/** Help of a command that only groups others, such as `config`. */
export function renderGroupHelp(name: string, style: HelpStyle): string {
  const rows = commandTable.filter((row) => commandName(row).startsWith(`${name} `))
  return joinSections([
    style.bold(`${programName} ${name}`),
    renderExamples(rows.flatMap(exampleEntries), style),
    renderSection(
      'Commands',
      rows.map((row) => ({ term: commandName(row), says: row.summary })),
      style,
    ),
  ])
}

/** Help of one command: what it does, lines to paste, then every flag with its variable and default. */
export function renderCommandHelp(command: CommandRow, style: HelpStyle): string {
  const title = `${programName} ${commandName(command)}`
  const { operand, readsConfig, flags = [] } = command
  return joinSections([
    `${style.bold(title)}\n${wrap(command.summary, style.columns, '  ')}`,
    renderExamples(exampleEntries(command), style),
    `${style.bold('Usage')}\n  ${title}${operand === undefined ? '' : ` [${operand.name}]`} [flags]`,
    renderSection(
      'Arguments',
      operand === undefined ? [] : [{ term: operand.name, says: operand.says }],
      style,
    ),
    renderSection(
      'Flags',
      [
        ...flags.map(({ name, placeholder, description }) => ({
          term: placeholder === undefined ? name : `${name} <${placeholder}>`,
          says: description,
        })),
        ...(readsConfig ? sourceEntries : []),
        helpEntry,
      ],
      style,
    ),
    ...optionGroupNames.map((group) => renderGroup(command, group, style)),
    renderSection(
      'Secrets (no flags; each also as NAME_FILE, a systemd credential, or in the configuration file)',
      secretOptionsOf(command).map(({ env = '', row }) => ({ term: env, says: row.description })),
      style,
    ),
  ])
}

function renderGroup(command: CommandRow, group: OptionGroup, style: HelpStyle): string {
  const options = flagOptionsOf(command).filter(({ row }) => row.group === group)
  return renderSection(`[${group}] ${optionGroups[group]}`, options.map(flagEntry), style)
}

function exampleEntries({ examples }: CommandRow): readonly HelpEntry[] {
  return examples.map(([term, says]) => ({ term, says }))
}

function flagEntry(option: NamedOption): HelpEntry {
  const { description, negation } = option.row
  const fallback = defaultText(option)
  if (isToggle(option)) {
    const other = fallback === 'true' ? 'false' : 'true'
    return { term: flagTerm(option), says: `${negation ?? description} (${option.env}=${other})` }
  }
  const note = fallback === undefined ? option.env : `${option.env}, default ${fallback}`
  return { term: flagTerm(option), says: `${description} (${note})` }
}
