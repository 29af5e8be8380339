import type { NamedOption } from './option-names.ts'

/** The default as a flag or variable would spell it; undefined where there is none, or it is an empty list. */
export function defaultText({ row: { schema } }: NamedOption): string | undefined {
  const value: unknown = schema.default
  if (value === undefined) return undefined
  if (!Array.isArray(value)) return String(value)
  return value.length === 0 ? undefined : value.join(',')
}
