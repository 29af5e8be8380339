import type { Rendered } from './render-people.ts'

export interface RefusalOptions {
  /** What the answer holds beside `ok` and `error`. */
  readonly fields?: Rendered
  readonly cause?: unknown
}

/** An answer with `ok: false`; `error` is Slack's code. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly error: string
  readonly fields: Rendered

  constructor(error: string, options: RefusalOptions = {}) {
    super(error, { cause: options.cause })
    this.error = error
    this.fields = options.fields ?? {}
  }
}
