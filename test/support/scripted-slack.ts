import { AppError, type ErrorCode, type ErrorDetails } from '../../src/base/errors.ts'
import type {
  SlackAnswer,
  SlackApi,
  SlackCallOptions,
  SlackConnection,
  SlackIdentity,
  SlackTokenKind,
} from '../../src/slack/api.ts'

export interface ScriptedCall {
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
  readonly token: SlackTokenKind
}

/** How a method answers: with fields, or by throwing what the real client would. May wait. */
export type ScriptedAnswer = (
  params: Readonly<Record<string, unknown>>,
  options: SlackCallOptions,
) => SlackAnswer | Promise<SlackAnswer>

export const scriptedIdentity: SlackIdentity = {
  teamId: 'T100',
  teamName: 'Acme',
  userId: 'U0BOT',
  userName: 'helper',
  botId: 'B0BOT',
  enterpriseId: undefined,
  url: 'https://acme.slack.com/',
  scopes: undefined,
}

/** Slack as a script: each method answers as the test says, every call is kept. A method without a script fails the test by its name. */
export class ScriptedSlack implements SlackApi {
  readonly calls: ScriptedCall[] = []
  readonly #answers = new Map<string, ScriptedAnswer>()
  #identity: SlackIdentity | undefined = scriptedIdentity
  #userIdentity: SlackIdentity | undefined
  #answeredMax = Number.POSITIVE_INFINITY

  on(method: string, answer: ScriptedAnswer | SlackAnswer): this {
    this.#answers.set(method, typeof answer === 'function' ? (answer as ScriptedAnswer) : () => answer)
    return this
  }

  /** Only the first `count` calls are answered; the next one hangs until it is cancelled. */
  hangAfter(count: number): this {
    this.#answeredMax = count
    return this
  }

  identifyAs(identity: SlackIdentity | undefined, token: SlackTokenKind = 'bot'): this {
    if (token === 'bot') this.#identity = identity
    else this.#userIdentity = identity
    return this
  }

  async call(
    method: string,
    params: Readonly<Record<string, unknown>>,
    options: SlackCallOptions = {},
  ): Promise<SlackAnswer> {
    this.calls.push({ method, params, token: options.token ?? 'bot' })
    if (options.signal?.aborted === true) throw new AppError('CALL_CANCELLED')
    if (this.calls.length > this.#answeredMax) return await hangs(params, options)
    const answer = this.#answers.get(method)
    if (answer === undefined) throw new Error(`No script for ${method} ${JSON.stringify(params)}`)
    return await answer(params, options)
  }

  identity(token: SlackTokenKind = 'bot'): SlackIdentity | undefined {
    return token === 'bot' ? this.#identity : this.#userIdentity
  }

  async identify(): Promise<SlackIdentity> {
    if (this.#identity === undefined) throw new AppError('SLACK_UNAVAILABLE')
    return this.#identity
  }

  connection(): SlackConnection {
    return this.#identity === undefined ? 'unknown' : 'connected'
  }

  /** The parameters of every call of a method, in order. */
  of(method: string): readonly Readonly<Record<string, unknown>>[] {
    return this.calls.filter((call) => call.method === method).map((call) => call.params)
  }

  /** How often each method was called. */
  counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {}
    for (const { method } of this.calls) counts[method] = (counts[method] ?? 0) + 1
    return counts
  }
}

/** An answer that refuses as Slack does. */
export function refuses(slackError: string, more: ErrorDetails = {}): ScriptedAnswer {
  return () => {
    throw new AppError('SLACK_REFUSED', { details: { slack_error: slackError, ...more } })
  }
}

/** An answer that fails with a code of ours. */
export function fails(code: ErrorCode, details: ErrorDetails = {}): ScriptedAnswer {
  return () => {
    throw new AppError(code, { details })
  }
}

/** An answer that never comes: it rejects as the client does once the caller cancels. */
export const hangs: ScriptedAnswer = (_, { signal }) =>
  new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new AppError('CALL_CANCELLED')), { once: true })
  })
