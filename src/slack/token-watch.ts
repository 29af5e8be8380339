import type { Clock, Timer } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import { createEventBus, type EventBus } from '../base/event-bus.ts'
import type { Ids } from '../base/ids.ts'
import type { Logger } from '../observe/logger.ts'
import { backoffMs } from '../resilience/backoff.ts'
import type { SlackAnswer, SlackConnection, SlackIdentity, SlackTokenKind } from './api.ts'
import { SharedFlights } from './directory-flights.ts'
import { asObject, asText, asTexts } from './json-fields.ts'
import type { Outcome } from './outcome.ts'

export interface TokenWatchOptions {
  readonly clock: Clock
  readonly ids: Pick<Ids, 'random'>
  readonly log: Logger
  readonly token: SlackTokenKind
  /** Asks `auth.test` with this token. */
  readonly ask: (signal: AbortSignal) => Promise<SlackAnswer>
}

/** Slack is asked whether it is there when nothing else has shown it for this long, milliseconds. */
export const checkEveryMs = 60_000
/** Until the first answer, and after a failure. */
const checkBackoff = { firstMs: 1000, longestMs: 30_000 }

/** What is known of one token: whose it is, what it may do, and whether Slack answers it. Asks by itself, in the background, until it knows. */
export class TokenWatch {
  readonly #options: TokenWatchOptions
  readonly #flights = new SharedFlights<SlackIdentity>()
  readonly #changes: EventBus<SlackIdentity>
  readonly #stop = new AbortController()
  #identity: SlackIdentity | undefined
  #connection: SlackConnection = 'unknown'
  #answeredAtMs = Number.NEGATIVE_INFINITY
  #failureCount = 0
  /** Grows with every replaced token: an answer to an older one teaches nothing. */
  #epoch = 0
  #timer: Timer | undefined
  #isStarted = false

  constructor(options: TokenWatchOptions) {
    this.#options = options
    this.#changes = createEventBus((error) => options.log.error('slack_listener_failed', { error }))
  }

  get identity(): SlackIdentity | undefined {
    return this.#identity
  }

  get connection(): SlackConnection {
    return this.#connection
  }

  /** `listener` hears of every identity that differs from the one before. Returns how to stop listening. */
  subscribe(listener: (identity: SlackIdentity) => void): () => void {
    return this.#changes.subscribe(listener)
  }

  /** Begins to check; returns at once. */
  start(): void {
    if (this.#isStarted || this.#stop.signal.aborted) return
    this.#isStarted = true
    this.#schedule(0)
  }

  stop(): void {
    this.#stop.abort()
    this.#timer?.cancel()
  }

  async identify(signal: AbortSignal = this.#stop.signal): Promise<SlackIdentity> {
    return this.#identity ?? (await this.#ask(signal))
  }

  /** The token was replaced: what was known is about another one. */
  forget(): void {
    this.#epoch++
    this.#identity = undefined
    this.#connection = 'unknown'
    this.#failureCount = 0
    this.#answeredAtMs = Number.NEGATIVE_INFINITY
    if (this.#isStarted) this.#schedule(0)
  }

  /** There is no token any more: nothing is known, and nothing is asked until `start`. */
  rest(): void {
    this.#isStarted = false
    this.#timer?.cancel()
    this.#timer = undefined
    this.forget()
  }

  /** Every request with the token tells whether Slack answers it. A 429 and a cancelled call tell nothing. */
  note(outcome: Outcome): void {
    switch (outcome.kind) {
      case 'ok':
        this.#noteAnswer()
        this.#noteScopes(outcome.answer)
        break
      case 'refused':
        this.#noteAnswer()
        break
      case 'auth_failed':
        this.#become('auth_failed')
        break
      case 'failed':
        if (outcome.isCounted) this.#noteFailure()
        break
      case 'rate_limited':
      case 'cancelled':
        break
    }
  }

  #noteAnswer(): void {
    this.#answeredAtMs = this.#options.clock.monotonic()
    this.#failureCount = 0
    this.#become('connected')
  }

  #noteFailure(): void {
    if (this.#connection === 'disconnected') return
    this.#become('disconnected')
    // Not only at the next regular check: a single slow call must not look like an outage for a minute.
    if (this.#isStarted) this.#schedule(this.#backoffMs())
  }

  #noteScopes(answer: SlackAnswer): void {
    const scopes = scopesOf(answer)
    if (scopes === undefined || this.#identity === undefined) return
    this.#learn({ ...this.#identity, scopes })
  }

  #become(connection: SlackConnection): void {
    if (this.#connection === connection) return
    const { log, token } = this.#options
    const fields = { token_kind: token, connection, before: this.#connection }
    this.#connection = connection
    if (connection === 'connected') log.info('slack_connection_changed', fields)
    else log.warn('slack_connection_changed', fields)
  }

  #schedule(delayMs: number): void {
    if (this.#stop.signal.aborted) return
    this.#timer?.cancel()
    this.#timer = this.#options.clock.schedule(delayMs, () => void this.#check())
  }

  async #check(): Promise<void> {
    const silentMs = this.#options.clock.monotonic() - this.#answeredAtMs
    const isKnown = this.#identity !== undefined && this.#connection === 'connected'
    if (isKnown && silentMs < checkEveryMs) return this.#schedule(checkEveryMs - silentMs)
    this.#timer = undefined
    const epoch = this.#epoch
    try {
      await this.#ask(this.#stop.signal)
      if (epoch === this.#epoch) this.#schedule(checkEveryMs)
    } catch (error) {
      // What became of the question about an old token must not put off the one about the new.
      if (epoch !== this.#epoch) return
      const namedMs = waitNamedBy(error)
      if (namedMs === undefined) this.#failureCount++
      this.#schedule(namedMs ?? this.#backoffMs())
    }
  }

  #backoffMs(): number {
    return backoffMs(checkBackoff, Math.max(1, this.#failureCount), this.#options.ids)
  }

  async #ask(signal: AbortSignal): Promise<SlackIdentity> {
    const epoch = this.#epoch
    return await this.#flights.join(`auth.test ${epoch}`, signal, async (shared) => {
      const told = parseIdentity(await this.#options.ask(shared))
      const identity = { ...told, scopes: told.scopes ?? this.#identity?.scopes }
      if (epoch === this.#epoch) this.#learn(identity)
      return identity
    })
  }

  #learn(identity: SlackIdentity): void {
    if (JSON.stringify(identity) === JSON.stringify(this.#identity)) return
    this.#identity = identity
    const { teamId, userId, botId, scopes } = identity
    this.#options.log.info('slack_identity_learnt', {
      token_kind: this.#options.token,
      team_id: teamId,
      user_id: userId,
      bot_id: botId,
      scopes,
    })
    this.#changes.publish(identity)
  }
}

/** A dead token is asked about once a minute; an open breaker and a rate limit say themselves when to come back. */
function waitNamedBy(error: unknown): number | undefined {
  if (!(error instanceof AppError)) return undefined
  if (error.code === 'SLACK_AUTH_FAILED') return checkEveryMs
  const seconds = error.details['retry_after_s']
  return typeof seconds === 'number' ? seconds * 1000 : undefined
}

/** The identity in an answer of `auth.test`. Throws SLACK_UNAVAILABLE for an answer that says nobody's. */
export function parseIdentity(answer: SlackAnswer): SlackIdentity {
  const teamId = asText(answer['team_id'])
  const userId = asText(answer['user_id'])
  if (teamId === undefined || userId === undefined) {
    throw new AppError('SLACK_UNAVAILABLE', { details: { method: 'auth.test', reason: 'garbage' } })
  }
  return {
    teamId,
    teamName: asText(answer['team']) ?? '',
    userId,
    userName: asText(answer['user']) ?? '',
    botId: asText(answer['bot_id']),
    enterpriseId: asText(answer['enterprise_id']),
    url: asText(answer['url']) ?? '',
    scopes: scopesOf(answer),
  }
}

/** web-api puts Slack's x-oauth-scopes header here; doubles send none. */
function scopesOf(answer: SlackAnswer): readonly string[] | undefined {
  const scopes = asObject(answer['response_metadata'])['scopes']
  return Array.isArray(scopes) ? asTexts(scopes) : undefined
}
