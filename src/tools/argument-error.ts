import { AppError } from '../base/errors.ts'
import { asOneLine, truncate } from '../base/text.ts'

const givenCharactersMax = 80

/** The refusal of one argument: which, what was given, what is accepted, and an example to copy. */
export function argumentError(problem: {
  readonly field: string
  readonly given: unknown
  readonly accepted: string
  readonly example: string
}): AppError {
  const { field, given, accepted, example } = problem
  const shown = typeof given === 'string' ? given : JSON.stringify(given ?? null)
  return new AppError('TOOL_ARGUMENTS_INVALID', {
    details: { field, given: truncate(asOneLine(shown), givenCharactersMax), accepted, example },
  })
}
