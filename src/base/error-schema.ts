import { Type } from '@sinclair/typebox'

/** The body of an error answer of every route that is not JSON-RPC (D8), for the OpenAPI document. */
export const unifiedErrorSchema = Type.Object({
  error: Type.Object(
    {
      code: Type.String({ pattern: '^[A-Z][A-Z0-9_]+$', description: 'Stable; listed in docs/errors.md.' }),
      message: Type.String(),
      component: Type.Union([Type.Literal('mcp'), Type.Literal('webhook'), Type.Literal('server')]),
      details: Type.Record(Type.String(), Type.Unknown()),
      correlation_id: Type.String({ description: 'A UUID; the log has it too.' }),
    },
    { additionalProperties: false },
  ),
})

/** The error answers of a route, by status. */
export function errorAnswers<Status extends number>(...statuses: readonly Status[]) {
  return Object.fromEntries(statuses.map((status) => [status, unifiedErrorSchema])) as Record<
    Status,
    typeof unifiedErrorSchema
  >
}
