import { type TSchema, Type } from '@sinclair/typebox'
import { unifiedErrorSchema } from '../base/error-schema.ts'
import { callToolParams, getPromptParams, readResourceParams } from './params.ts'

/** The bodies of the MCP and REST routes, for the OpenAPI document; a test checks real bodies against them. */

const open = { additionalProperties: true } as const

const id = Type.Union([Type.String(), Type.Integer()])
const jsonrpc = Type.Literal('2.0')

export const rpcRequestSchema = Type.Object(
  {
    jsonrpc,
    id: Type.Optional(id),
    method: Type.String({ description: 'initialize, tools/list, tools/call, …' }),
    params: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  open,
)

export const rpcResultSchema = Type.Object({
  jsonrpc,
  id,
  result: Type.Record(Type.String(), Type.Unknown()),
})

/** The body of every answer of an MCP route that is not 2xx (D8): `data` holds the unified error. */
export const rpcErrorSchema = Type.Object({
  jsonrpc,
  id: Type.Union([id, Type.Null()]),
  error: Type.Object({
    code: Type.Integer(),
    message: Type.String(),
    data: Type.Object({ error: unifiedErrorSchema.properties.error }, open),
  }),
})

const contentSchema = Type.Array(
  Type.Object({ type: Type.String({ description: 'text, image, audio, resource, resource_link' }) }, open),
)

export const toolResultSchema = Type.Object({
  content: contentSchema,
  structuredContent: Type.Record(Type.String(), Type.Unknown()),
})

const named = { name: Type.String(), title: Type.String(), description: Type.String() }

export const toolListSchema = Type.Object({
  tools: Type.Array(
    Type.Object({
      ...named,
      inputSchema: Type.Record(Type.String(), Type.Unknown()),
      outputSchema: Type.Record(Type.String(), Type.Unknown()),
      annotations: Type.Record(Type.String(), Type.Unknown()),
    }),
  ),
})

export const resourceListSchema = Type.Object({
  resources: Type.Array(Type.Object({ uri: Type.String(), ...named, mimeType: Type.String() })),
})

export const resourceTemplateListSchema = Type.Object({
  resourceTemplates: Type.Array(
    Type.Object({ uriTemplate: Type.String(), ...named, mimeType: Type.String() }),
  ),
})

export const resourceSchema = Type.Object({
  contents: Type.Array(
    Type.Object({
      uri: Type.String(),
      mimeType: Type.String(),
      text: Type.Optional(Type.String()),
      blob: Type.Optional(Type.String({ description: 'Base64.' })),
    }),
  ),
})

export const promptListSchema = Type.Object({
  prompts: Type.Array(
    Type.Object({
      ...named,
      arguments: Type.Array(
        Type.Object({ name: Type.String(), description: Type.String(), required: Type.Boolean() }),
      ),
    }),
  ),
})

export const promptSchema = Type.Object({
  description: Type.String(),
  messages: Type.Array(
    Type.Object({
      role: Type.Union([Type.Literal('user'), Type.Literal('assistant')]),
      content: Type.Object({ type: Type.String() }, open),
    }),
  ),
})

/** The bodies that the REST facade takes; the same as the params of the MCP methods. */
export const restBodies = {
  callTool: callToolParams,
  readResource: readResourceParams,
  getPrompt: getPromptParams,
} as const

/** A TypeBox schema as the plain JSON that OpenAPI wants: TypeBox's types and OpenAPI's do not meet, their documents do. */
export function asDocument(schema: TSchema) {
  return JSON.parse(JSON.stringify(schema))
}

/** A JSON body in an OpenAPI operation. */
export function asJsonBody(schema: TSchema) {
  return { required: true, content: { 'application/json': { schema: asDocument(schema) } } }
}
