import type { Clock } from '../base/clock.ts'
import { AppError, asAppError } from '../base/errors.ts'
import type { Progress } from '../base/progress.ts'
import type { Logger } from '../observe/logger.ts'
import { createProgressReports } from './progress-reports.ts'
import type { CallContext, ClientAnswer, ClientLogLevel, ClientRequest, Principal } from './registry.ts'

/** Who calls and how to reach back: what a binding knows, and what business code gets as CallContext. */
export interface Caller {
  readonly principal: Principal
  readonly correlationId: string
  readonly signal: AbortSignal
  /** The negotiated revision, for metrics; `rest` where there is none. */
  readonly protocolVersion: string
  /** Undefined where the client did not ask for it. */
  readonly progress: ((progress: Progress) => void) | undefined
  /** Undefined where the client's side cannot be asked anything. */
  readonly ask: Asking | undefined
  readonly tell: (level: ClientLogLevel, text: string) => void
  readonly releaseConnection: () => void
}

export interface Asking {
  can(kind: ClientRequest['kind']): boolean
  ask(requests: Readonly<Record<string, ClientRequest>>): Promise<ReadonlyMap<string, ClientAnswer>>
}

/** One request, one answer: nothing can be told or asked in between. */
export function createSilentCaller(
  known: Pick<Caller, 'principal' | 'correlationId' | 'signal' | 'protocolVersion'>,
): Caller {
  return {
    ...known,
    progress: undefined,
    ask: undefined,
    tell: () => undefined,
    releaseConnection: () => undefined,
  }
}

/** What every call gets beside its caller. */
export interface CallContextDeps {
  readonly clock: Clock
  readonly log: Logger
}

/** Runs one call with what it gets to see of its caller. Progress that it reports later than it settles reaches nobody. */
export async function inCallContext<Result>(
  caller: Caller,
  { clock, log }: CallContextDeps,
  run: (context: CallContext) => Promise<Result>,
): Promise<Result> {
  const { progress, signal } = caller
  if (progress === undefined) return await run(asCallContext(caller, log, () => undefined))
  const reports = createProgressReports(progress, clock)
  const report = (made: Progress) => {
    if (!signal.aborted) reports.report(made)
  }
  try {
    return await run(asCallContext(caller, log, report))
  } finally {
    reports.end()
  }
}

/** Every log line of the call carries its correlation id and principal. */
function asCallContext(caller: Caller, log: Logger, progress: CallContext['progress']): CallContext {
  const { principal, correlationId, signal, ask, tell, releaseConnection } = caller
  return {
    principal,
    correlationId,
    log: log.child({ correlation_id: correlationId, principal: principal.name }),
    signal,
    progress,
    elicit: ask?.can('elicit') === true ? createElicit(ask) : undefined,
    ...(ask !== undefined && { canAsk: (kind) => ask.can(kind), ask: (requests) => ask.ask(requests) }),
    tell,
    releaseConnection,
  }
}

/**
 * What ended a call. Where its signal tore it away, that is who aborted it: the caller, or the server with an AppError as its reason. A write that
 * was under way stays what it is, one that may have happened: nobody may take the stop of a server for leave to do it again.
 */
export function asCallError(thrown: unknown, { aborted: isAborted, reason }: AbortSignal): AppError {
  const error = asAppError(thrown)
  const isTornAway = isAborted && (error.code === 'CALL_CANCELLED' || error.code === 'INTERNAL')
  if (!isTornAway) return error
  const { details } = error
  if (!(reason instanceof AppError)) return new AppError('CALL_CANCELLED', { cause: thrown, details })
  if (details['outcome'] === 'unknown')
    return new AppError('SLACK_OUTCOME_UNKNOWN', { cause: thrown, details })
  return reason
}

/** The keys count up within one call, so that the same call run again asks under the same keys. */
function createElicit({ ask }: Asking): NonNullable<CallContext['elicit']> {
  let questionCount = 0
  return async (request) => {
    const key = `question_${++questionCount}`
    const answer = (await ask({ [key]: { kind: 'elicit', ...request } })).get(key)
    return answer?.kind === 'elicit' ? answer : { action: 'cancel' }
  }
}
