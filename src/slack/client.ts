import { AsyncLocalStorage } from 'node:async_hooks'
import type { WebClient } from '@slack/web-api'
import type { Clock } from '../base/clock.ts'
import type { Component, ComponentState } from '../base/component.ts'
import { AppError } from '../base/errors.ts'
import type { Ids } from '../base/ids.ts'
import { isLoopbackHost } from '../base/ip-address.ts'
import type { Secret } from '../base/secret.ts'
import type { Logger } from '../observe/logger.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Tracer } from '../observe/tracer.ts'
import { reportBreaker } from '../resilience/breaker-report.ts'
import { type BreakerState, CircuitBreaker } from '../resilience/circuit-breaker.ts'
import type { SlackAnswer, SlackApi, SlackCallOptions, SlackIdentity, SlackTokenKind } from './api.ts'
import { type ExchangeAnswer, ExchangeFailure, exchange, type SlackFetch } from './exchange.ts'
import { createSlackFiles, type SlackFiles } from './file-transfer.ts'
import { asObject } from './json-fields.ts'
import { MethodLimits } from './method-limits.ts'
import { failureOutcome, garbageOutcome, type Outcome, refusalOutcome } from './outcome.ts'
import { SlackCaller, type SlackRequest } from './slack-caller.ts'
import { TokenWatch } from './token-watch.ts'

export interface SlackClientDeps {
  readonly clock: Clock
  readonly ids: Pick<Ids, 'random'>
  readonly log: Logger
  readonly metrics: Metrics
  readonly tracer?: Tracer | undefined
  readonly fetch: SlackFetch
  /** Base URL of the Web API. Default Slack's own; plain http is taken on loopback only. */
  readonly apiUrl?: string
  /** For the few methods that no bot token may call. */
  readonly userToken?: Secret | undefined
  /** Keeps to what Slack grants apps that are sold outside the Marketplace. Default false. */
  readonly isDistributedApp?: boolean
}

/** Slack for the whole process: both halves use the same one. */
export interface SlackClient extends SlackApi, Component {
  /** What travels beside the Web API, with the bot's token of the moment. */
  readonly files: SlackFiles
  breakerState(): BreakerState
  /** Counts from the next request on; what was known of the old token is forgotten. Without a token every call for its kind is refused from then on. */
  replaceToken(token: Secret | undefined, kind?: SlackTokenKind): void
  /** `listener` hears of every identity that differs from the one before, be it only in its scopes. Returns how to stop listening. */
  onIdentityChange(kind: SlackTokenKind, listener: (identity: SlackIdentity) => void): () => void
}

export const slackApiUrlDefault = 'https://slack.com/api/'
const retriesMaxDefault = 3

/**
 * The one way to a Slack client (S23). Without a token every call is refused, and nobody asked, until `replaceToken` brings one. `retry` is how
 * often a request may be sent again where that is safe: 3 where undefined, 0 is never. Nothing is asked before `start` or the first call, and
 * nothing is kept outside of what is returned.
 */
export function initializeSlackClient(
  token: Secret | undefined,
  retry: number | undefined,
  deps: SlackClientDeps,
): SlackClient {
  return new WebApiClient(token, retry ?? retriesMaxDefault, deps)
}

class WebApiClient implements SlackClient {
  readonly name = 'slack_client'
  readonly files: SlackFiles
  readonly #tokens = new Map<SlackTokenKind, Secret>()
  readonly #watches: Readonly<Record<SlackTokenKind, TokenWatch>>
  readonly #breaker: CircuitBreaker
  readonly #caller: SlackCaller
  #isStarted = false

  constructor(botToken: Secret | undefined, retriesMax: number, deps: SlackClientDeps) {
    const { clock, ids, log, metrics, tracer, fetch, userToken, isDistributedApp = false } = deps
    const apiUrl = parseApiUrl(deps.apiUrl ?? slackApiUrlDefault)
    if (botToken !== undefined) this.#tokens.set('bot', botToken)
    if (userToken !== undefined) this.#tokens.set('user', userToken)
    this.files = createSlackFiles({ clock, fetch, token: () => this.#tokens.get('bot'), apiUrl })
    // One for the API host, whichever token and method: what fails is the host.
    this.#breaker = new CircuitBreaker({ clock, onChange: reportBreaker({ name: 'slack', log, metrics }) })
    this.#caller = new SlackCaller({
      clock,
      ids,
      log,
      metrics,
      tracing: tracer === undefined ? undefined : { tracer, host: new URL(apiUrl).hostname },
      limits: new MethodLimits({ clock, isDistributedApp }),
      breaker: this.#breaker,
      retriesMax,
      send: createSender({ clock, fetch, apiUrl }, this.#tokens),
      onOutcome: (kind, outcome) => this.#watches[kind].note(outcome),
    })
    const watch = (kind: SlackTokenKind) =>
      new TokenWatch({
        clock,
        ids,
        log,
        token: kind,
        ask: (signal) => this.call('auth.test', {}, { token: kind, signal }),
      })
    this.#watches = { bot: watch('bot'), user: watch('user') }
  }

  async call(
    method: string,
    params: Readonly<Record<string, unknown>>,
    options: SlackCallOptions = {},
  ): Promise<SlackAnswer> {
    const { token = 'bot' } = options
    if (!this.#tokens.has(token)) {
      throw new AppError('SLACK_AUTH_FAILED', { details: { method, slack_error: 'not_authed', token } })
    }
    return await this.#caller.call(method, params, options)
  }

  identity(token: SlackTokenKind = 'bot'): SlackIdentity | undefined {
    return this.#watches[token].identity
  }

  identify(signal?: AbortSignal): Promise<SlackIdentity> {
    return this.#watches.bot.identify(signal)
  }

  connection() {
    return this.#watches.bot.connection
  }

  onIdentityChange(kind: SlackTokenKind, listener: (identity: SlackIdentity) => void): () => void {
    return this.#watches[kind].subscribe(listener)
  }

  breakerState(): BreakerState {
    return this.#breaker.state
  }

  replaceToken(token: Secret | undefined, kind: SlackTokenKind = 'bot'): void {
    if (token === undefined) {
      this.#tokens.delete(kind)
      this.#watches[kind].rest()
    } else {
      this.#tokens.set(kind, token)
      this.#watches[kind].forget()
      if (this.#isStarted) this.#watches[kind].start()
    }
  }

  async start(): Promise<void> {
    this.#isStarted = true
    for (const kind of this.#tokens.keys()) this.#watches[kind].start()
  }

  async stop(): Promise<void> {
    this.#watches.bot.stop()
    this.#watches.user.stop()
    await this.#caller.stop()
  }

  check(): ComponentState {
    switch (this.connection()) {
      case 'connected':
        return 'up'
      case 'unknown':
        return 'unknown'
      case 'disconnected':
      case 'auth_failed':
        return 'down'
    }
  }
}

/** What the `fetch` inside web-api must know of the call that it belongs to; web-api has no parameter for it. */
interface CallUnderWay {
  readonly signal: AbortSignal
  isSent: boolean
}

type SenderDeps = Pick<SlackClientDeps, 'clock' | 'fetch'> & { readonly apiUrl: string }

/**
 * Sends through one WebClient per token (S22), made with the first request: loading web-api takes longer than starting the rest of the server.
 * It serialises parameters and reads answers; waiting, repeating, timing and the token are ours.
 */
function createSender(
  deps: SenderDeps,
  tokens: ReadonlyMap<SlackTokenKind, Secret>,
): (request: SlackRequest) => Promise<Outcome> {
  const callsUnderWay = new AsyncLocalStorage<CallUnderWay>()
  const clients = new Map<SlackTokenKind, Promise<WebClient>>()

  const createClient = async (kind: SlackTokenKind): Promise<WebClient> => {
    const { WebClient: WebApi, LogLevel } = await import('@slack/web-api')
    return new WebApi(undefined, {
      slackApiUrl: deps.apiUrl,
      allowAbsoluteUrls: false,
      rejectRateLimitedCalls: true,
      retryConfig: { retries: 0 },
      // With a bound, a waiting request would run in the context of the one that made room, and get its signal.
      maxRequestConcurrency: Number.POSITIVE_INFINITY,
      // Its lines hold parameters and answers: what people wrote.
      logger: { ...silentLogger, getLevel: () => LogLevel.ERROR },
      async fetch(url, { headers = {}, body } = {}) {
        const call = callsUnderWay.getStore()
        const token = tokens.get(kind)
        if (call === undefined || token === undefined) throw new TypeError('A request without a call')
        if (typeof body !== 'string') throw new TypeError('Files are not sent through the Web API')
        call.isSent = true
        return asResponse(
          await exchange(deps, { url: String(url), headers, body, token, signal: call.signal }),
        )
      },
    })
  }

  return async ({ method, params, token, signal }) => {
    const client = clients.get(token) ?? createClient(token)
    clients.set(token, client)
    const webApi = await client
    const call: CallUnderWay = { signal, isSent: false }
    try {
      const answer = await callsUnderWay.run(call, () => webApi.apiCall(method, { ...params }))
      return { kind: 'ok', answer: { ...answer } }
    } catch (error) {
      // Parameters that cannot be serialised are a defect of the caller, not a failure of Slack.
      if (!call.isSent) throw error
      return outcomeOf(error)
    }
  }
}

/** web-api's errors hold headers and bodies, and its messages repeat them: nothing of them goes on but what was looked at. */
function outcomeOf(error: unknown): Outcome {
  const { code, original, data } = asObject(error)
  if (original instanceof ExchangeFailure) return failureOutcome(original)
  return code === 'slack_webapi_platform_error' ? refusalOutcome(asObject(data)) : garbageOutcome()
}

/** The headers that web-api may see. Not the content type: told that something is gzip, it would inflate it without a bound. */
const headersKept = ['retry-after', 'x-oauth-scopes', 'x-accepted-oauth-scopes']

function asResponse({ headers, bytes }: ExchangeAnswer): Response {
  const kept = headersKept.flatMap((name) => {
    const value = headers.get(name)
    return value === null ? [] : [[name, value] as const]
  })
  return new Response(bytes, { headers: Object.fromEntries(kept) })
}

const ignore = () => undefined
const silentLogger = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  setLevel: ignore,
  setName: ignore,
}

function parseApiUrl(text: string): string {
  const url = URL.parse(text)
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname))
  if (url === null || !isSafe || url.username !== '' || url.search !== '' || url.hash !== '') {
    throw new AppError('CONFIG_INVALID', { details: { option: 'SLACK_API_URL' } })
  }
  return url.href.endsWith('/') ? url.href : `${url.href}/`
}
