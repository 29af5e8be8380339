import { AppError, type ErrorDetails } from '../base/errors.ts'
import { truncate } from '../base/text.ts'
import type { SlackAnswer, SlackTokenKind } from './api.ts'
import { type ExchangeFailure, type FailureReason, parseRetryAfter } from './exchange.ts'
import { asObject, asText, asTexts } from './json-fields.ts'
import { methodTable, type SlackMethod } from './method-table.ts'

/** What one HTTP request to the Web API came to. Everything that is decided about a call is decided from this. */
export type Outcome =
  | { readonly kind: 'ok'; readonly answer: SlackAnswer }
  | { readonly kind: 'refused'; readonly slackError: string; readonly details: ErrorDetails }
  | { readonly kind: 'auth_failed'; readonly slackError: string }
  | { readonly kind: 'rate_limited'; readonly retryAfterMs: number }
  | FailedOutcome
  | { readonly kind: 'cancelled' }

export interface FailedOutcome {
  readonly kind: 'failed'
  readonly reason: FailureReason
  /** `no` where Slack cannot have acted on the request. */
  readonly isExecuted: 'no' | 'unknown'
  readonly status: number | undefined
  /** Whether it speaks against Slack as a whole, so that the circuit breaker counts it. */
  readonly isCounted: boolean
  /** For the log. */
  readonly cause: Error | undefined
}

/** Slack's codes for a token that is dead: no repetition helps. */
export const authErrors: readonly string[] = [
  'account_inactive',
  'invalid_auth',
  'not_authed',
  'token_expired',
  'token_revoked',
]

/** Slack's codes for faults of its own. About the first two it says that part of the work may be done. */
export const faultErrors: readonly string[] = [
  'fatal_error',
  'internal_error',
  'request_timeout',
  'service_unavailable',
]

/** 429 in a 200: older gateways, and messages beyond what a channel takes. */
const limitErrors: readonly string[] = ['ratelimited', 'rate_limited']

/** Slack's codes look like this; anything else in their place is a page of somebody else. */
const slackErrorPattern = /^[a-z][a-z0-9_.]{0,99}$/i

const responseMessagesMax = 10
const responseMessageCharactersMax = 300

/** The outcome of an answer that says `ok: false`. */
export function refusalOutcome(answer: SlackAnswer): Outcome {
  const slackError = asText(answer['error'])
  if (slackError === undefined || !slackErrorPattern.test(slackError)) return garbageOutcome()
  if (authErrors.includes(slackError)) return { kind: 'auth_failed', slackError }
  if (limitErrors.includes(slackError)) {
    const seconds = asObject(answer['response_metadata'])['retryAfter']
    return {
      kind: 'rate_limited',
      retryAfterMs: parseRetryAfter(seconds === undefined ? null : String(seconds)),
    }
  }
  if (faultErrors.includes(slackError)) return faultOutcome(slackError)
  return { kind: 'refused', slackError, details: refusalDetails(slackError, answer) }
}

/** The outcome of a 200 that is not an answer of the Web API: what it says is repeated nowhere. */
export function garbageOutcome(): Outcome {
  return {
    kind: 'failed',
    reason: 'garbage',
    isExecuted: 'unknown',
    status: 200,
    isCounted: true,
    cause: undefined,
  }
}

/** The outcome of a request that got no answer of the Web API. */
export function failureOutcome(failure: ExchangeFailure): Outcome {
  const { reason, about } = failure
  if (reason === 'cancelled') return { kind: 'cancelled' }
  if (reason === 'rate_limited') return { kind: 'rate_limited', retryAfterMs: about.retryAfterMs ?? 0 }
  // A 4xx comes from something that works: a proxy that wants a password, a path that is wrong.
  const isCounted = reason !== 'http' || (about.status ?? 0) >= 500
  return {
    kind: 'failed',
    reason,
    isExecuted: about.isExecuted,
    status: about.status,
    isCounted,
    cause: failure,
  }
}

function faultOutcome(slackError: string): Outcome {
  return {
    kind: 'failed',
    reason: 'slack_internal',
    // "the POST data was either missing or truncated" (docs.slack.dev): nothing was done. The others leave it open.
    isExecuted: slackError === 'request_timeout' ? 'no' : 'unknown',
    status: 200,
    isCounted: true,
    cause: new Error(`Slack answered ${slackError}`),
  }
}

function refusalDetails(slackError: string, answer: SlackAnswer): ErrorDetails {
  const needed = asText(answer['needed'])
  const provided = asText(answer['provided'])
  const messages = asTexts(asObject(answer['response_metadata'])['messages'])
    .slice(0, responseMessagesMax)
    .map((message) => truncate(message, responseMessageCharactersMax))
  return {
    slack_error: slackError,
    ...(needed === undefined ? {} : { needed }),
    ...(provided === undefined ? {} : { provided }),
    ...(messages.length === 0 ? {} : { response_messages: messages }),
  }
}

/** Whether the same request may be sent again by itself: a write only where it was certainly not executed. */
export function isRepeatable(method: SlackMethod, outcome: Outcome): boolean {
  if (outcome.kind === 'rate_limited') return true
  if (outcome.kind !== 'failed') return false
  // A 4xx says the same every time.
  if (outcome.reason === 'http' && !outcome.isCounted) return false
  return methodTable[method].effect === 'read' || outcome.isExecuted === 'no'
}

/** The error that a caller gets for an outcome that was not repeated, or not successfully. */
export function asCallError(
  method: SlackMethod,
  token: SlackTokenKind,
  outcome: Exclude<Outcome, { readonly kind: 'ok' }>,
): AppError {
  switch (outcome.kind) {
    case 'refused':
      return new AppError('SLACK_REFUSED', { details: { method, ...outcome.details } })
    case 'auth_failed':
      return new AppError('SLACK_AUTH_FAILED', {
        details: { method, slack_error: outcome.slackError, token },
      })
    case 'rate_limited':
      return rateLimited(method, outcome.retryAfterMs)
    case 'cancelled':
      return cancelled(method, 'unknown')
    case 'failed':
      return asFailure(method, outcome)
  }
}

export function rateLimited(method: SlackMethod, retryAfterMs: number): AppError {
  return new AppError('SLACK_RATE_LIMITED', { details: { method, retry_after_s: asSeconds(retryAfterMs) } })
}

/** `isExecuted` matters for writes alone: whoever cancels one that was under way does not know what became of it. */
export function cancelled(method: SlackMethod, isExecuted: 'no' | 'unknown'): AppError {
  const isOpen = isExecuted === 'unknown' && methodTable[method].effect === 'write'
  return new AppError('CALL_CANCELLED', { details: { method, ...(isOpen ? { outcome: 'unknown' } : {}) } })
}

/** Whole seconds, rounded up: whoever comes back then must not be early. */
export function asSeconds(delayMs: number): number {
  return Math.ceil(delayMs / 1000)
}

function asFailure(method: SlackMethod, outcome: FailedOutcome): AppError {
  const { effect, repeat } = methodTable[method]
  const details = {
    method,
    reason: outcome.reason,
    ...(outcome.status === undefined ? {} : { status: outcome.status }),
  }
  const isOpen = effect === 'write' && outcome.isExecuted === 'unknown'
  return isOpen
    ? new AppError('SLACK_OUTCOME_UNKNOWN', { details: { ...details, repeat }, cause: outcome.cause })
    : new AppError('SLACK_UNAVAILABLE', { details, cause: outcome.cause })
}
