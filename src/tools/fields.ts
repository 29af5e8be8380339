import { type TInteger, type TProperties, type TSchema, Type } from '@sinclair/typebox'

/**
 * Arguments that many tools take, worded once. What a client gets is sent to a model on every turn, so the words are few; the full check
 * happens where the text is parsed.
 */

export const channelField = Type.String({
  minLength: 1,
  maxLength: 300,
  description: '#name, @user, id or link',
})

export const userField = Type.String({
  minLength: 1,
  maxLength: 300,
  description: '@name, e-mail or id',
})

/** Slack's message id: text, never a number. */
export const tsField = Type.String({ pattern: '^\\d{10}\\.\\d{6}$' })

export const cursorField = Type.String({ pattern: '^\\S{1,1000}$', description: 'next_cursor' })

export const timeField = (description?: string) =>
  Type.String({ minLength: 1, maxLength: 40, ...(description === undefined ? {} : { description }) })

/** Optional for clients, and always there for `run`: the check of arguments fills the default in. */
export function limitField(maximum: number, standard: number): TInteger {
  return Type.Optional(Type.Integer({ minimum: 1, maximum, default: standard }))
}

/** One of a few words. A pattern instead of an enumeration: half the bytes, and checked the same. */
export function choice<Word extends string>(...words: readonly Word[]) {
  return Type.Unsafe<Word>(Type.String({ pattern: `^(${words.join('|')})$` }))
}

export const formatField = choice('concise', 'detailed')

/** The name says it: shows what would be sent, and sends nothing. */
export const dryRunField = Type.Boolean()

export const keyField = Type.String({
  pattern: '^[\\w.:-]{1,100}$',
  description: 'Same key within 24 h sends once',
})

/** What a tool answers: typed here as `Shape`, told to clients in its main fields only. A schema of everything would cost more than it tells. */
export function answers<Shape>(properties: TProperties) {
  return Type.Unsafe<Shape>(Type.Object(properties))
}

/** A list of objects, told to clients as such. */
export const listField = Type.Array(Type.Object({}))

export const optional = <Schema extends TSchema>(schema: Schema) => Type.Optional(schema)
