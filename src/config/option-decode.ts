import type { TSchema } from '@sinclair/typebox'
import { TransformDecodeError, Value, ValueErrorType } from '@sinclair/typebox/value'
import { asOneLine, nearest, truncate } from '../base/text.ts'
import type { NamedOption } from './option-names.ts'

/** What a source says about one option: text from a flag, variable or file, or a value of the configuration file. */
export type RawValue =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'json'; readonly json: unknown }

export type DecodeResult =
  | { readonly kind: 'value'; readonly value: unknown }
  /** `message` never holds a secret. */
  | { readonly kind: 'refused'; readonly message: string }

/**
 * The value that the program uses, or why there is none. Text is decoded here and not by TypeBox's Convert, which takes 1.5, 1e3 and true for
 * integers; a value of the configuration file must have the type that the schema says, but for a list of texts, which may be one text there too.
 */
export function decodeOption(option: NamedOption, raw: RawValue): DecodeResult {
  const { schema, secret } = option.row
  const json = normalise(option, jsonOf(schema, raw))
  if (!Value.Check(schema, json)) {
    const detail = unknownProperty(schema, json) ?? (secret === true ? '' : suggestion(option, raw))
    return refused(`expected ${expectation(option)}${detail}`)
  }
  try {
    return { kind: 'value', value: Value.Decode(schema, json) }
  } catch (error) {
    if (!(error instanceof TransformDecodeError)) throw error
    return refused(`${error.error.message}${secret === true ? '' : got(raw)}`)
  }
}

/** The value of an option that nobody set: its default, or undefined where there is none. */
export function decodeDefault({ row: { schema } }: NamedOption): unknown {
  const json: unknown = schema.default
  return json === undefined ? undefined : Value.Decode(schema, json)
}

/** The values among which an option chooses; undefined where it does not choose. */
export function choicesOf(schema: TSchema): readonly string[] | undefined {
  const members: unknown = schema['anyOf']
  if (!Array.isArray(members)) return undefined
  return members.map((member: { readonly const: string }) => member.const)
}

/** Whether the option is a list whose items one text can hold, separated by commas. */
export function isTextList(schema: TSchema): boolean {
  return schema['type'] === 'array' && schema['items']?.type !== 'object'
}

/** Completes "expected …". */
export function expectation({ row }: NamedOption): string {
  if (row.expects !== undefined) return row.expects
  const { schema } = row
  const choices = choicesOf(schema)
  if (choices !== undefined)
    return choices.length === 2 ? choices.join(' or ') : `one of ${choices.join(', ')}`
  switch (schema['type']) {
    case 'integer':
      return `an integer from ${schema['minimum']} to ${schema['maximum']}`
    case 'number':
      return `a number from ${schema['minimum']} to ${schema['maximum']}`
    case 'boolean':
      return 'true or false'
    case 'array':
      return 'a list of texts without blanks'
    default:
      return 'printable text without blanks'
  }
}

/** `signing_secret = "…"` is what people write who have one: it means what SLACK_SIGNING_SECRET means with that text. */
function jsonOf(schema: TSchema, raw: RawValue): unknown {
  if (raw.kind === 'text') return asJson(schema, raw.text)
  return typeof raw.json === 'string' && isTextList(schema) ? asJson(schema, raw.json) : raw.json
}

/** Text that stands for no integer or boolean stays text, so that the check against the schema refuses it. */
function asJson(schema: TSchema, text: string): unknown {
  switch (schema['type']) {
    case 'integer':
      return /^-?\d{1,15}$/.test(text) ? Number(text) : text
    case 'number':
      return /^(?=.)(?:0|[1-9]\d{0,14})?(?:\.\d{1,15})?$/.test(text) ? Number(text) : text
    case 'boolean':
      return text === 'true' || text === 'false' ? text === 'true' : text
    case 'array':
      return text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '')
    default:
      return text
  }
}

function normalise({ row }: NamedOption, json: unknown): unknown {
  if (row.ignoresCase !== true || typeof json !== 'string') return json
  const capitals = json.toUpperCase()
  return row.synonyms?.[capitals] ?? capitals
}

function suggestion(option: NamedOption, raw: RawValue): string {
  const text = raw.kind === 'text' ? raw.text : raw.json
  if (typeof text !== 'string') return got(raw)
  const advice = option.row.refusals?.[text]
  if (advice !== undefined) return `${got(raw)}: ${advice}`
  const near = nearest(text, choicesOf(option.row.schema) ?? [])
  return near === undefined ? got(raw) : `${got(raw)}; did you mean ${near}?`
}

/** In a list of tables: the key that no table has, and the nearest that they do have. */
function unknownProperty(schema: TSchema, json: unknown): string | undefined {
  const properties: unknown = schema['items']?.properties
  if (typeof properties !== 'object' || properties === null) return undefined
  const unknown = [...Value.Errors(schema, json)].find(
    ({ type }) => type === ValueErrorType.ObjectAdditionalProperties,
  )
  const name = unknown?.path.split('/').at(-1)
  if (name === undefined) return undefined
  const near = nearest(name, Object.keys(properties))
  return `; there is no key "${truncate(asOneLine(name), shownCharactersMax)}"${near === undefined ? '' : `, did you mean ${near}?`}`
}

const shownCharactersMax = 80

function got(raw: RawValue): string {
  const shown = raw.kind === 'text' ? `"${raw.text}"` : JSON.stringify(raw.json)
  // A token that landed in the wrong option is still a token.
  if (/x(ox[a-z]|app)-/i.test(shown)) return ', got a Slack token'
  return `, got ${truncate(asOneLine(shown), shownCharactersMax)}`
}

function refused(message: string): DecodeResult {
  return { kind: 'refused', message }
}
