import { type Clock, repeat, type Timer } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import type { Logger } from '../observe/logger.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Principal } from './registry.ts'
import type { CallInfo } from './request-ledger.ts'

/** Bounds on sessions (T20). Durations in milliseconds. */
export interface SessionLimits {
  readonly perPrincipalMax: number
  readonly totalMax: number
  /** Without a stream and without a call in flight. */
  readonly idleTtlMs: number
  readonly absoluteTtlMs: number
  /** Between the answer to `initialize` and the next thing that the client sends. */
  readonly uninitialisedTtlMs: number
  /** Requests of one session that may wait for an answer. */
  readonly inFlightMax: number
}

export const defaultSessionLimits: SessionLimits = {
  perPrincipalMax: 64,
  totalMax: 1000,
  idleTtlMs: 15 * 60_000,
  absoluteTtlMs: 24 * 60 * 60_000,
  uninitialisedTtlMs: 10_000,
  inFlightMax: 32,
}

export type SessionTransport = 'sse' | 'streamable_http'

/** What the table must know of a session. */
export interface Session {
  readonly id: string
  readonly transport: SessionTransport
  /** Whether a reader holds its stream or a call is in flight: then it is not idle. */
  readonly isBusy: boolean
  readonly hasStream: boolean
  /** Ends it: answers what waits with `reason`, closes its streams. */
  end(reason: AppError, lastText?: string): void
}

interface Entry<Kept extends Session> {
  readonly session: Kept
  readonly principalName: string
  readonly openedAtMs: number
  usedAtMs: number
  isInitialised: boolean
}

export interface SessionTableDeps {
  readonly clock: Clock
  readonly metrics: Metrics
  readonly log: Logger
  readonly limits: SessionLimits
}

const sweepEveryMs = 5000

/**
 * The open sessions of all transports. A session belongs to the principal that opened it: for everybody else its id does not exist, whatever the
 * method (T18). Over a cap the session idle for longest gives way; where none is idle the new one is refused.
 */
export class SessionTable<Kept extends Session> {
  readonly #deps: SessionTableDeps
  readonly #entries = new Map<string, Entry<Kept>>()
  #sweeper: Timer | undefined

  constructor(deps: SessionTableDeps) {
    this.#deps = deps
  }

  get size(): number {
    return this.#entries.size
  }

  count(transport: SessionTransport): number {
    return [...this.#entries.values()].filter(({ session }) => session.transport === transport).length
  }

  /** Makes room for one more of the principal. Throws MCP_SESSIONS_EXHAUSTED where there is none. */
  reserve(principal: Principal): void {
    const { perPrincipalMax, totalMax } = this.#deps.limits
    const all = [...this.#entries.values()]
    const own = all.filter(({ principalName }) => principalName === principal.name)
    if (own.length >= perPrincipalMax) this.#evictIdlest(own, 'principal')
    else if (all.length >= totalMax) this.#evictIdlest(all, 'total')
  }

  /** `call` is the one that opened it. */
  add(session: Kept, { principal, correlationId }: CallInfo): void {
    const nowMs = this.#deps.clock.monotonic()
    this.#entries.set(session.id, {
      session,
      principalName: principal.name,
      openedAtMs: nowMs,
      usedAtMs: nowMs,
      isInitialised: false,
    })
    this.#sweeper ??= repeat(this.#deps.clock, sweepEveryMs, () => this.#sweep())
    this.#publish(session.transport)
    this.#deps.log.debug('mcp_session_opened', {
      correlation_id: correlationId,
      session_transport: session.transport,
      principal: principal.name,
    })
  }

  /** The session of that principal; using it counts as a sign of life. Throws MCP_SESSION_NOT_FOUND. */
  use(id: string, principal: Principal): Kept {
    const entry = this.#entries.get(id)
    if (entry === undefined || entry.principalName !== principal.name)
      throw new AppError('MCP_SESSION_NOT_FOUND')
    if (this.#fault(entry, this.#deps.clock.monotonic()) !== undefined) {
      this.remove(id, new AppError('MCP_SESSION_NOT_FOUND'))
      throw new AppError('MCP_SESSION_NOT_FOUND')
    }
    entry.usedAtMs = this.#deps.clock.monotonic()
    entry.isInitialised = true
    return entry.session
  }

  remove(id: string, reason: AppError, lastText?: string): void {
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    this.#entries.delete(id)
    const { session, openedAtMs } = entry
    session.end(reason, lastText)
    const seconds = (this.#deps.clock.monotonic() - openedAtMs) / 1000
    const labels = { network_transport: session.transport }
    this.#deps.metrics.observe('mcp_server_session_duration_seconds', labels, seconds)
    this.#publish(session.transport)
    if (this.#entries.size > 0) return
    this.#sweeper?.cancel()
    this.#sweeper = undefined
  }

  *sessions(): IterableIterator<Kept> {
    for (const { session } of [...this.#entries.values()]) yield session
  }

  /** Ends every session of these principals. */
  removeOf(principalNames: ReadonlySet<string>, reason: AppError): void {
    for (const [id, { principalName }] of [...this.#entries]) {
      if (principalNames.has(principalName)) this.remove(id, reason)
    }
  }

  /** Ends every session; `lastText` makes the last words of each, anew each time so that clients do not come back all at once. */
  removeAll(reason: AppError, lastText: () => string): void {
    for (const id of [...this.#entries.keys()]) this.remove(id, reason, lastText())
  }

  #sweep(): void {
    const nowMs = this.#deps.clock.monotonic()
    for (const [id, entry] of [...this.#entries]) {
      const fault = this.#fault(entry, nowMs)
      if (fault === undefined) continue
      this.#deps.log.debug('mcp_session_expired', { reason: fault, principal: entry.principalName })
      this.remove(id, new AppError('MCP_SESSION_NOT_FOUND'))
    }
  }

  #fault(entry: Entry<Kept>, nowMs: number): 'absolute' | 'uninitialised' | 'idle' | undefined {
    const { absoluteTtlMs, uninitialisedTtlMs, idleTtlMs } = this.#deps.limits
    if (nowMs - entry.openedAtMs >= absoluteTtlMs) return 'absolute'
    if (!entry.isInitialised && nowMs - entry.openedAtMs >= uninitialisedTtlMs) return 'uninitialised'
    if (entry.session.isBusy) {
      // Idleness begins when the last call or stream ends, not when it began.
      entry.usedAtMs = nowMs
      return undefined
    }
    return nowMs - entry.usedAtMs >= idleTtlMs ? 'idle' : undefined
  }

  #evictIdlest(candidates: readonly Entry<Kept>[], cap: 'principal' | 'total'): void {
    const idle = candidates.filter(({ session }) => !session.isBusy)
    const [idlest] = idle.sort((one, other) => one.usedAtMs - other.usedAtMs)
    if (idlest === undefined) throw new AppError('MCP_SESSIONS_EXHAUSTED', { details: { cap } })
    this.remove(idlest.session.id, new AppError('MCP_SESSION_NOT_FOUND'))
  }

  #publish(transport: SessionTransport): void {
    this.#deps.metrics.set('slackmcp_mcp_sessions', { transport }, this.count(transport))
  }
}
