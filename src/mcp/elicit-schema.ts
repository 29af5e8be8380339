import { fromJsonSchema } from '@modelcontextprotocol/server'

/** Whether what a user filled in is what the question asked for. The validator is the SDK's, made when the first question is answered. */
export function isAccepted(schema: Readonly<Record<string, unknown>>, content: unknown): boolean {
  const outcome = fromJsonSchema({ ...schema })['~standard'].validate(content)
  // Validation of a plain JSON Schema is synchronous; a promise would mean that nothing was checked.
  return !(outcome instanceof Promise) && outcome.issues === undefined
}
