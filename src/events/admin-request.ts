import type { Static, TObject, TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { type BodyBudget, readBody } from '../base/body.ts'
import { AppError } from '../base/errors.ts'

/** What operators send is a few ids. */
const bodyBytesMax = 64 * 1024

/** What every admin route says in the API document. As plain JSON: TypeBox's types and OpenAPI's do not meet, their documents do. */
export function describe(
  summary: string,
  { query, body }: { readonly query?: TObject; readonly body?: TSchema } = {},
) {
  return {
    tags: ['admin'],
    summary,
    description: 'Takes the admin token and no other.',
    security: [{ bearer: [] }],
    ...(query === undefined ? {} : { parameters: parametersOf(query) }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: asJson(body) } } } }),
  }
}

function parametersOf({ properties, required = [] }: TObject) {
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query' as const,
    required: required.includes(name),
    schema: asJson(schema),
  }))
}

function asJson(schema: TSchema) {
  return JSON.parse(JSON.stringify(schema))
}

/** The query of a request. Throws ADMIN_REQUEST_INVALID for anything that `schema` does not take. */
export function readQuery<Schema extends TSchema>(request: Request, schema: Schema): Static<Schema> {
  return checked(Object.fromEntries(new URL(request.url).searchParams), schema, 'query')
}

/** The JSON body of a request. Throws ADMIN_REQUEST_INVALID for anything that `schema` does not take, and OVERLOADED. */
export async function readJson<Schema extends TSchema>(
  request: Request,
  schema: Schema,
  budget: BodyBudget,
): Promise<Static<Schema>> {
  const mediaType = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (mediaType !== 'application/json') throw invalid('content-type')
  const body = await readBody(request, { bytesMax: bodyBytesMax, budget })
  if (body.kind === 'over_budget') throw new AppError('OVERLOADED')
  if (body.kind !== 'bytes') throw invalid('body')
  return checked(parseJson(body.bytes), schema, 'body')
}

/** An error that names what is wrong with the request, and not what it said. */
export function invalid(parameter: string, cause?: unknown): AppError {
  return new AppError('ADMIN_REQUEST_INVALID', { cause, details: { parameter } })
}

function checked<Schema extends TSchema>(value: unknown, schema: Schema, whole: string): Static<Schema> {
  if (Value.Check(schema, value)) return value
  const path = Value.Errors(schema, value).First()?.path.slice(1).replaceAll('/', '.') ?? ''
  throw invalid(path === '' ? whole : path)
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw invalid('body', cause)
  }
}
