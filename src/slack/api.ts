import type { Logger } from '../observe/logger.ts'

/** What the rest of the product knows of Slack's Web API; `client.ts` is the one implementation. */

/** An `ok: true` answer. Fields are read where they are used, as unknown. */
export type SlackAnswer = Readonly<Record<string, unknown>>

export type SlackTokenKind = 'bot' | 'user'

export interface SlackCallOptions {
  /** Cancels the HTTP request too. */
  readonly signal?: AbortSignal
  /** Whose token the call is made with. Default `bot`. */
  readonly token?: SlackTokenKind
  /** How long the call may wait for limits and retries, milliseconds. Default 15,000. */
  readonly deadlineMs?: number
  /** Hears, before each wait for a limit of Slack, how long it will be, milliseconds. */
  readonly onLimited?: (waitMs: number) => void
  /** Takes the lines about this call, so that they carry the caller's correlation id. Default: the client's own. */
  readonly log?: Logger
}

/** Who we are in Slack, by `auth.test`. */
export interface SlackIdentity {
  readonly teamId: string
  readonly teamName: string
  readonly userId: string
  readonly userName: string
  readonly botId: string | undefined
  readonly enterpriseId: string | undefined
  /** Workspace URL with a trailing slash. */
  readonly url: string
  /** OAuth scopes of the token; undefined while Slack has not told them. */
  readonly scopes: readonly string[] | undefined
}

export type SlackConnection = 'unknown' | 'connected' | 'disconnected' | 'auth_failed'

export interface SlackApi {
  /**
   * One Web API call through limiter, breaker and retry. `method` is one of the method table, else a TypeError. Rejects with one of
   * SLACK_REFUSED (details.slack_error), SLACK_AUTH_FAILED, SLACK_RATE_LIMITED (details.retry_after_s), SLACK_UNAVAILABLE,
   * SLACK_OUTCOME_UNKNOWN, SLACK_CIRCUIT_OPEN, CALL_CANCELLED, and OVERLOADED or SHUTTING_DOWN of the server itself. Reads are repeated after
   * ambiguous failures, writes never are: only after an answer that says that nothing was done.
   */
  call(
    method: string,
    params: Readonly<Record<string, unknown>>,
    options?: SlackCallOptions,
  ): Promise<SlackAnswer>
  /** The identity once `auth.test` succeeded; undefined before. Default: the bot's. */
  identity(token?: SlackTokenKind): SlackIdentity | undefined
  /** Resolves with the bot's identity, asking Slack at most once at a time. */
  identify(signal?: AbortSignal): Promise<SlackIdentity>
  connection(): SlackConnection
}
