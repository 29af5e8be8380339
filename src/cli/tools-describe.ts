import type { SlackTool } from '../tools/slack-tool.ts'
import { type CliContext, type ParsedFlags, programName } from './cli-context.ts'
import { exitCodes } from './exit-codes.ts'
import { findTool } from './find-tool.ts'
import { wrap } from './help-layout.ts'
import { shellWord } from './shell-word.ts'
import { createTerminalStyle } from './terminal-style.ts'
import { scopesText, toolFacts } from './tools-list.ts'

/** Says what one tool does, takes and needs, whether or not the configuration offers it. Reads no configuration, asks nobody. */
export async function runToolsDescribe(context: CliContext, flags: ParsedFlags): Promise<number> {
  const tool = findTool(flags.arguments[0])
  context.stdout.write(flags.own['json'] === true ? asJson(tool) : asText(tool, context))
  return exitCodes.done
}

function asJson(tool: SlackTool): string {
  const shown = { ...toolFacts(tool), inputSchema: tool.input, outputSchema: tool.output }
  return `${JSON.stringify(shown, undefined, 2)}\n`
}

const effectWords = {
  read: 'reads only',
  write: 'writes',
  destructive: 'may lose something',
} as const

const columnsMax = 100

function asText(tool: SlackTool, context: CliContext): string {
  const style = createTerminalStyle(context)
  const columns = Math.min(context.stdout.columns ?? columnsMax, columnsMax)
  const { name, title, description, toolset, effect, token = 'bot', cost } = tool
  return [
    style.bold(`${name}: ${title}`),
    wrap(description, columns, '  '),
    '',
    ...factLines(
      [
        ['Toolset', toolset],
        ['Effect', effectWords[effect]],
        ['Scopes', `${scopesText(tool)} (${token} token)`],
        ['Costs', `calls of Slack: ${cost.warm}; with names to look up: ${cost.cold}`],
      ],
      columns,
    ),
    '',
    style.bold('Arguments'),
    ...argumentLines(tool, columns),
    '',
    style.bold('Example'),
    `  ${exampleLine(tool)}`,
    '',
  ].join('\n')
}

function factLines(
  facts: readonly (readonly [name: string, says: string])[],
  columns: number,
): readonly string[] {
  const width = Math.max(...facts.map(([name]) => name.length))
  const indent = ' '.repeat(width + 4)
  return facts.map(([name, says]) => `  ${name.padEnd(width)}  ${wrap(says, columns, indent).trimStart()}`)
}

function argumentLines({ input }: SlackTool, columns: number): readonly string[] {
  const required: readonly string[] = input.required ?? []
  const entries = Object.entries(input.properties)
  if (entries.length === 0) return ['  none']
  const facts = entries.map(([name, schema]) => {
    const { description } = schema
    const fallback: unknown = schema['default']
    const parts = [
      `${typeWords(schema)}${required.includes(name) ? ', required' : ''}`,
      ...(fallback === undefined ? [] : [`default ${JSON.stringify(fallback)}`]),
      ...(description === undefined ? [] : [description]),
    ]
    return [name, parts.join('; ')] as const
  })
  return factLines(facts, columns)
}

/** `integer 1 to 200`, `a|b`, `list of text`: a schema in a few words. */
function typeWords(schema: Readonly<Record<string, unknown>>): string {
  const { type, pattern, minimum, maximum, items, anyOf } = schema
  if (Array.isArray(anyOf)) return anyOf.map((option) => typeWords({ ...option })).join(' or ')
  const choices = typeof pattern === 'string' ? /^\^\(([\w|]+)\)\$$/.exec(pattern)?.[1] : undefined
  if (choices !== undefined) return choices
  switch (type) {
    case 'string':
      return 'text'
    case 'boolean':
      return 'true or false'
    case 'array':
      return `list of ${typeof items === 'object' ? typeWords({ ...items }) : 'anything'}`
    case 'object':
      return 'object (JSON)'
    case 'integer':
    case 'number':
      return minimum === undefined || maximum === undefined ? 'number' : `number ${minimum} to ${maximum}`
    default:
      return 'anything'
  }
}

/** A line that a POSIX shell takes as it is. */
function exampleLine({ name, examples = {} }: SlackTool): string {
  const words = Object.entries(examples).map(([key, value]) => `${key}=${shellWord(argumentText(value))}`)
  return [programName, 'tools call', name, ...words].join(' ')
}

function argumentText(value: unknown): string {
  if (typeof value === 'string') return value
  const isPlainList =
    Array.isArray(value) && value.every((item) => typeof item === 'string' && !item.includes(','))
  return isPlainList ? value.join(',') : JSON.stringify(value)
}
