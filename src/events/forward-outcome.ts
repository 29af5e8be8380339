import { DeadlineExceeded } from '../resilience/deadline.ts'

/** What became of one delivery. `gone` ends forwarding; everything else but `delivered` is tried again. */
export type ForwardOutcome =
  | 'delivered'
  | 'refused'
  | 'unavailable'
  | 'redirected'
  | 'gone'
  | 'timeout'
  | 'network'

/** Statuses by which an endpoint asks to be called later, beside 5xx. */
const laterStatuses: ReadonlySet<number> = new Set([408, 425, 429])

export function outcomeOfStatus(status: number): ForwardOutcome {
  if (status >= 200 && status < 300) return 'delivered'
  if (status >= 300 && status < 400) return 'redirected'
  if (status === 410) return 'gone'
  return status >= 500 || laterStatuses.has(status) ? 'unavailable' : 'refused'
}

export function outcomeOfError(error: unknown): ForwardOutcome {
  return error instanceof DeadlineExceeded ? 'timeout' : 'network'
}

/** Whether the endpoint itself is in trouble. An answer to this one event, also a refusal, says that it works. */
export function isOutage(outcome: ForwardOutcome): boolean {
  return outcome === 'unavailable' || outcome === 'timeout' || outcome === 'network'
}

/** Why a delivery failed: `code` is what dead letters and the log show. */
export class ForwardFailure extends Error {
  override readonly name = 'ForwardFailure'
  readonly code: string

  constructor(code: string, cause?: unknown) {
    super(`The event was not delivered: ${code}`, cause === undefined ? undefined : { cause })
    this.code = code
  }
}
