import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler'
import { AppError } from '../base/errors.ts'

/** What the requests of MCP carry as `params`, and the REST facade as bodies. Further fields are allowed: revisions add some. */

const name = Type.String({ minLength: 1, maxLength: 128 })
const uri = Type.String({ minLength: 1, maxLength: 2048 })

export const callToolParams = Type.Object({
  name,
  arguments: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
})

export const readResourceParams = Type.Object({ uri })

export const getPromptParams = Type.Object({
  name,
  arguments: Type.Optional(Type.Record(Type.String(), Type.String())),
})

export const completeParams = Type.Object({
  ref: Type.Union([
    Type.Object({ type: Type.Literal('ref/prompt'), name }),
    Type.Object({ type: Type.Literal('ref/resource'), uri }),
  ]),
  argument: Type.Object({ name: Type.String(), value: Type.String() }),
})

export const listParams = Type.Object({ cursor: Type.Optional(Type.String()) })

export const subscribeParams = Type.Object({ uri })

export const setLevelParams = Type.Object({ level: Type.String() })

const compiled = new WeakMap<TSchema, TypeCheck<TSchema>>()

/** `params` typed by `schema`. Throws MCP_REQUEST_INVALID that names the field. */
export function parseParams<Schema extends TSchema>(schema: Schema, params: unknown): Static<Schema> {
  let check = compiled.get(schema)
  if (check === undefined) {
    check = TypeCompiler.Compile<TSchema>(schema)
    compiled.set(schema, check)
  }
  // The check just proved it; TypeBox narrows only what it compiled under the same type.
  if (check.Check(params)) return params as Static<Schema>
  const error = check.Errors(params).First()
  const field = error?.path.split('/').slice(1).join('.') ?? ''
  throw new AppError('MCP_REQUEST_INVALID', {
    details: { field: field === '' ? 'params' : `params.${field}`, problem: error?.message ?? 'invalid' },
  })
}
