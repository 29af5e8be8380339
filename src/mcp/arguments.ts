import type { TObject, TSchema } from '@sinclair/typebox'
import { type TypeCheck, TypeCompiler, type ValueError } from '@sinclair/typebox/compiler'
import { AppError, type ErrorDetails } from '../base/errors.ts'
import { isObject } from '../base/json-object.ts'
import { nearest, truncate } from '../base/text.ts'
import type { RegisteredTool } from './registry.ts'

/** What the check needs of a tool. */
export type CheckedTool = Pick<RegisteredTool, 'input' | 'aliases' | 'examples'>

/** Checks the arguments of a tool and hands them back flat, under their own names, with defaults filled in. Throws TOOL_ARGUMENTS_INVALID. */
export type ArgumentCheck = (tool: CheckedTool, given: unknown) => object

/** Compiles each tool's schema when it is first called, once for the process: never per session, never at start. */
export function createArgumentCheck(): ArgumentCheck {
  const compiled = new WeakMap<TObject, TypeCheck<TObject>>()
  return (tool, given) => {
    let check = compiled.get(tool.input)
    if (check === undefined) {
      check = TypeCompiler.Compile(tool.input)
      compiled.set(tool.input, check)
    }
    const args = withDefaults(tool, withLists(tool, withoutAliases(tool, unwrap(tool, given))))
    if (check.Check(args)) return args
    const details = describeUnknown(tool, args) ?? describe(tool, check.Errors(args).First())
    throw new AppError('TOOL_ARGUMENTS_INVALID', { details })
  }
}

/** Upstream's clients put all arguments into one object of this name. */
const wrapperName = 'input_params'

function unwrap({ input }: CheckedTool, given: unknown): unknown {
  if (given === undefined) return {}
  if (!isObject(given) || Object.hasOwn(input.properties, wrapperName)) return given
  const keys = Object.keys(given)
  return keys.length === 1 && keys[0] === wrapperName ? given[wrapperName] : given
}

/** Each alias under the name it stands for, unless the argument itself is there as well. */
function withoutAliases({ aliases }: CheckedTool, given: unknown): unknown {
  if (!isObject(given) || aliases === undefined) return given
  const entries = Object.entries(given).map(([name, value]): [string, unknown] => {
    const target = Object.hasOwn(aliases, name) ? aliases[name] : undefined
    return target === undefined || Object.hasOwn(given, target) ? [name, value] : [target, value]
  })
  return Object.fromEntries(entries)
}

/** One text where a list of texts is meant is a list of one: models write the single item bare, and nothing else can be meant. */
function withLists({ input }: CheckedTool, given: unknown): unknown {
  if (!isObject(given)) return given
  const listed = Object.entries(given).filter(
    ([name, value]) => typeof value === 'string' && isListOfTexts(input.properties, name),
  )
  if (listed.length === 0) return given
  return { ...given, ...Object.fromEntries(listed.map(([name, value]) => [name, [value]])) }
}

function isListOfTexts(properties: TObject['properties'], name: string): boolean {
  const schema = Object.hasOwn(properties, name) ? properties[name] : undefined
  return schema?.['type'] === 'array' && isObject(schema['items']) && schema['items']['type'] === 'string'
}

function withDefaults({ input }: CheckedTool, given: unknown): unknown {
  if (!isObject(given)) return given
  const missing = Object.entries(input.properties).filter(
    ([name, schema]) => schema['default'] !== undefined && !Object.hasOwn(given, name),
  )
  if (missing.length === 0) return given
  // Spread, never Object.assign: an own `__proto__` of the caller must stay a key (T13).
  return { ...given, ...Object.fromEntries(missing.map(([name, schema]) => [name, schema['default']])) }
}

/** What a model needs to get it right the next time. */
function describe({ input, examples }: CheckedTool, error: ValueError | undefined): ErrorDetails {
  const [, name = '', ...deeper] = error?.path.split('/') ?? []
  const example = JSON.stringify(exampleOfObject(input, examples, name))
  if (error === undefined) return { field: '', given: '', accepted: 'see the schema of the tool', example }
  return {
    field: name === '' ? '(arguments)' : [name, ...deeper].join('.'),
    given: error.value === undefined ? 'nothing' : describeValue(error.value),
    accepted: acceptedBy(error.schema),
    example,
  }
}

/** First of all what the tool does not take: a name that is misspelt also leaves its right spelling missing. */
function describeUnknown({ input, examples }: CheckedTool, args: unknown): ErrorDetails | undefined {
  const names = Object.keys(input.properties)
  const unknown = isObject(args) ? Object.keys(args).find((name) => !names.includes(name)) : undefined
  if (unknown === undefined || input.additionalProperties !== false) return undefined
  const suggestion = nearest(unknown, names)
  return {
    field: truncate(unknown, 100),
    given: 'a field that the tool does not take',
    accepted: names.length === 0 ? 'no arguments' : names.join(', '),
    ...(suggestion !== undefined && { did_you_mean: suggestion }),
    example: JSON.stringify(exampleOfObject(input, examples)),
  }
}

/** Long text is told by its length: it may be a message, and this goes to logs as well. */
function describeValue(value: unknown): string {
  if (typeof value === 'string' && value.length > 40) return `text of ${value.length} characters`
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  return JSON.stringify(value) ?? 'nothing'
}

/** The schema in words, from its own keywords. */
function acceptedBy(schema: TSchema): string {
  const { anyOf, const: constant, type, description } = schema
  if (constant !== undefined) return JSON.stringify(constant)
  if (Array.isArray(anyOf)) return anyOf.map((option) => acceptedBy(option)).join(' or ')
  const words = wordsOf(schema)
  if (words.length > 0) return words.map((word) => JSON.stringify(word)).join(' or ')
  const limits = limitWords.flatMap(([keyword, words]) =>
    schema[keyword] === undefined ? [] : [`${words} ${schema[keyword]}`],
  )
  const kind = typeof type === 'string' ? type : 'a value'
  const what = limits.length === 0 ? kind : `${kind}, ${limits.join(', ')}`
  return typeof description === 'string' ? `${what}: ${description}` : what
}

const limitWords = [
  ['minimum', 'at least'],
  ['maximum', 'at most'],
  ['minLength', 'characters at least'],
  ['maxLength', 'characters at most'],
  ['minItems', 'items at least'],
  ['maxItems', 'items at most'],
  ['pattern', 'matching'],
] as const

/** The words that a pattern of nothing but words allows, such as `^(a|b)$`. */
function wordsOf({ pattern }: TSchema): readonly string[] {
  const [, words] = typeof pattern === 'string' ? (/^\^\((\w+(?:\|\w+)+)\)\$$/.exec(pattern) ?? []) : []
  return words?.split('|') ?? []
}

/** Arguments that the schema takes: its required fields, by their examples where the schema has some. */
function exampleOf(schema: TSchema): unknown {
  if (Array.isArray(schema['examples']) && schema['examples'].length > 0) return schema['examples'][0]
  if (schema['default'] !== undefined) return schema['default']
  if (schema['const'] !== undefined) return schema['const']
  if (Array.isArray(schema['anyOf'])) return exampleOf(schema['anyOf'][0])
  switch (schema['type']) {
    case 'object':
      return exampleOfObject(schema)
    case 'array':
      return schema['items'] === undefined ? [] : [exampleOf(schema['items'])]
    case 'integer':
    case 'number':
      return schema['minimum'] ?? 1
    case 'boolean':
      return true
    default:
      return exampleOfText(schema)
  }
}

/** The first word that the pattern names, or any text; undefined where neither would be accepted: no example is better than a wrong one. */
function exampleOfText({ pattern }: TSchema): string | undefined {
  if (typeof pattern !== 'string') return 'text'
  const [, first] = /^\^\((\w+)\|/.exec(pattern) ?? []
  return [first ?? 'text', 'text'].find((text) => new RegExp(pattern, 'u').test(text))
}

/** With what is required, and with the field that `about` names. */
function exampleOfObject(
  schema: TSchema,
  examples: Readonly<Record<string, unknown>> = {},
  about?: string,
): unknown {
  const { required = [], properties }: TSchema = schema
  if (!Array.isArray(required) || !isObject(properties)) return {}
  const names = Object.keys(properties).filter((name) => required.includes(name) || name === about)
  const entries = names.map((name) => [name, examples[name] ?? exampleOf(properties[name] as TSchema)])
  return Object.fromEntries(entries.filter(([, example]) => example !== undefined))
}
