import { type StaticDecode, type TSchema, type TTransform, Type } from '@sinclair/typebox'

/** Option types: short names for what most rows of the table are, and what the others are made with. */

/** A schema for the written form and what the program uses instead. Configuration is read, never written: there is no way back. */
export function decoded<Schema extends TSchema, Value>(
  schema: Schema,
  decode: (written: StaticDecode<Schema>) => Value,
): TTransform<Schema, Value> {
  return Type.Transform(schema)
    .Decode(decode)
    .Encode(() => {
      throw new TypeError('Configuration values are not written back')
    })
}

export const choice = <const Choices extends readonly string[]>(
  choices: Choices,
  fallback: Choices[number],
) =>
  Type.Unsafe<Choices[number]>(
    Type.Union(
      choices.map((value) => Type.Literal(value)),
      { default: fallback },
    ),
  )

export const texts = (fallback: readonly string[], pattern = '^\\S+$') =>
  Type.Array(Type.String({ pattern }), { default: [...fallback] })

export const count = (fallback: number, minimum: number, maximum: number) =>
  Type.Integer({ default: fallback, minimum, maximum })

/** A part of the whole. */
export const ratio = (fallback: number) => Type.Number({ default: fallback, minimum: 0, maximum: 1 })

export const toggle = (fallback: boolean) => Type.Boolean({ default: fallback })

/** There may be no value. */
export const none = <Schema extends TSchema>(schema: Schema) => Type.Optional(schema)

const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const
type Level = (typeof levels)[number]

/** Levels are written in capitals, as upstream and its documents do; the logger's own names are lower case. */
export const logLevel = (fallback: Level) =>
  decoded(choice(levels, fallback), (level) => level.toLowerCase() as Lowercase<Level>)
