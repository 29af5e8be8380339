import { nearest, truncate } from '../base/text.ts'
import type { SlackTool } from '../tools/slack-tool.ts'
import { UsageError } from './usage-error.ts'

type ToolInput = Pick<SlackTool, 'name' | 'input' | 'aliases'>
type Schema = Readonly<Record<string, unknown>>

/**
 * `key=value` words as the arguments of a tool, each value by the schema of its key: numbers, `true` and `false`, lists separated by commas, and
 * lists and objects in JSON. A value that the schema does not take so stays text: the check that every caller goes through says what is wrong with
 * it. Throws UsageError for a word that is no `key=value`, for a key that the tool does not take, and for a doubled one that takes one value.
 */
export function parseToolArguments(tool: ToolInput, words: readonly string[]): Record<string, unknown> {
  const values = new Map<string, unknown>()
  for (const word of words) {
    const equals = word.indexOf('=')
    if (equals < 1) throw new UsageError('arguments are written key=value, as in channel=#general')
    const key = word.slice(0, equals)
    const schema = schemaOf(tool, key)
    const value = parseValue(schema, word.slice(equals + 1))
    const before = values.get(key)
    if (before !== undefined && !(Array.isArray(before) && Array.isArray(value))) {
      throw new UsageError(`${key} is given twice`)
    }
    values.set(key, Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value)
  }
  return Object.fromEntries(values)
}

function schemaOf({ name: tool, input, aliases = {} }: ToolInput, key: string): Schema {
  const name = Object.hasOwn(aliases, key) ? (aliases[key] ?? key) : key
  if (Object.hasOwn(input.properties, name)) return { ...input.properties[name] }
  const names = Object.keys(input.properties)
  const near = nearest(key, names)
  const advice = near === undefined ? `arguments: ${names.join(', ')}` : `did you mean ${near}?`
  throw new UsageError(`${tool} takes no ${truncate(key, keyCharactersMax)}; ${advice}`)
}

const keyCharactersMax = 40

const numberPattern = /^-?\d{1,15}(\.\d{1,15})?$/

function parseValue(schema: Schema, text: string): unknown {
  const { anyOf, type } = schema
  if (Array.isArray(anyOf)) return parseUnion(anyOf, text)
  switch (type) {
    case 'integer':
    case 'number':
      return numberPattern.test(text) ? Number(text) : text
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text
    case 'array':
      return parseList(schema['items'], text)
    case 'object':
      return parseJson(text) ?? text
    default:
      return text
  }
}

/** The first alternative under which the text is something else than text. */
function parseUnion(alternatives: readonly unknown[], text: string): unknown {
  for (const alternative of alternatives) {
    const value = parseValue(asSchema(alternative), text)
    if (value !== text) return value
  }
  return text
}

function parseList(items: unknown, text: string): unknown {
  if (text.trim() === '') return []
  const json = text.trimStart().startsWith('[') ? parseJson(text) : undefined
  if (json !== undefined) return json
  return text.split(',').map((item) => parseValue(asSchema(items), item.trim()))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function asSchema(value: unknown): Schema {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
