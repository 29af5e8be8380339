import { type ErrorComponent, errorTable } from './error-table.ts'

export type ErrorCode = keyof typeof errorTable

/** A value that may stand in `details`: what we would print on a public page. */
export type ErrorDetail =
  | string
  | number
  | boolean
  | null
  | readonly ErrorDetail[]
  | { readonly [key: string]: ErrorDetail }

export type ErrorDetails = { readonly [key: string]: ErrorDetail }

export interface AppErrorOptions {
  /** For the log only; never rendered to a client. */
  readonly cause?: unknown
  readonly details?: ErrorDetails
  /** Replaces the component of the table where the same fault can happen in another half. */
  readonly component?: ErrorComponent
}

/** The one error class: a code of the table, public details, and a cause for the log. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  readonly component: ErrorComponent
  readonly details: ErrorDetails

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    super(errorTable[code].message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.component = options.component ?? errorTable[code].component
    this.details = options.details ?? {}
  }

  get status(): number {
    return errorTable[this.code].status
  }

  get isRetryable(): boolean {
    return errorTable[this.code].retryable
  }
}

/** What was thrown, as an AppError: an unknown throw becomes INTERNAL with the original as its cause. */
export function asAppError(thrown: unknown): AppError {
  return thrown instanceof AppError ? thrown : new AppError('INTERNAL', { cause: thrown })
}

/** The body of every error answer of both halves (S67). */
export interface UnifiedError {
  readonly error: {
    readonly code: ErrorCode
    readonly message: string
    readonly component: ErrorComponent
    readonly details: ErrorDetails
    readonly correlation_id: string
  }
}

export function renderUnifiedError(error: AppError, correlationId: string): UnifiedError {
  const { code, message, component, details } = error
  return { error: { code, message, component, details, correlation_id: correlationId } }
}
