import { AppError } from '../base/errors.ts'

/** What a name or code of an error may look like to be kept and shown. Anything else could carry message text. */
const namePattern = /^[A-Za-z][A-Za-z0-9_]{0,63}$/

/** Why a handler failed, in a word that is safe to show: a code of ours, a code of the runtime (`ECONNREFUSED`), else the class. */
export function failureReason(thrown: unknown): string {
  if (thrown instanceof AppError) return thrown.code
  if (!(thrown instanceof Error)) return 'UNKNOWN'
  const code = (thrown as { readonly code?: unknown }).code
  if (typeof code === 'string' && namePattern.test(code)) return code
  return namePattern.test(thrown.name) ? thrown.name : 'Error'
}

/** A handler that rejects with this gives its event back as it got it: the try was not made, and does not count. */
export class NotTried extends Error {
  override readonly name = 'NotTried'

  constructor(cause?: unknown) {
    super('The event was given back untried', cause === undefined ? undefined : { cause })
  }
}

/** An event was not handled by whoever had it outside of this process. */
export class HandlerFailure extends Error {
  override readonly name = 'HandlerFailure'
  /** What dead letters show. */
  readonly code: string

  constructor(code: string) {
    super(`The event was not handled: ${code}`)
    this.code = code
  }
}
