import { choicesOf } from './option-decode.ts'
import type { NamedOption } from './option-names.ts'

/** The default as a flag or variable would spell it; undefined where there is none, or it is an empty list. */
export function defaultText({ row: { schema } }: NamedOption): string | undefined {
  const value: unknown = schema.default
  if (value === undefined) return undefined
  if (!Array.isArray(value)) return String(value)
  return value.length === 0 ? undefined : value.join(',')
}

/** What the option takes, in words: `integer, 0 to 65535`, `sse or streamable-http`, `list`. */
export function typeText({ row: { schema, secret } }: NamedOption): string {
  const choices = choicesOf(schema)
  if (choices !== undefined) return choices.join(', ')
  switch (schema['type']) {
    case 'integer':
      return `integer, ${schema['minimum']} to ${schema['maximum']}`
    case 'boolean':
      return 'true, false'
    case 'array':
      return secret === true ? 'secret list' : 'list'
    default:
      return secret === true ? 'secret' : 'text'
  }
}
