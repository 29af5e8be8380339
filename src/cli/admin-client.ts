import type { Clock } from '../base/clock.ts'
import { isObject, type JsonObject } from '../base/json-object.ts'
import type { Secret } from '../base/secret.ts'
import { createDeadline } from '../resilience/deadline.ts'
import type { CliContext } from './cli-context.ts'
import { CommandFailure } from './command-failure.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'

export interface AdminClientOptions {
  /** Without a slash at its end. */
  readonly url: string
  readonly token: Secret
  readonly fetch: CliContext['fetch']
  readonly clock: Clock
}

export interface AdminRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  /** What is undefined is left out. */
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body?: object
  readonly signal?: AbortSignal
}

/** Nobody answered at the address: there may be no server. */
export class ServerAwayError extends CommandFailure {
  override readonly name = 'ServerAwayError'

  constructor(url: string, options: ErrorOptions) {
    super(`no server answers at ${url}`, { exitCode: exitCodes.unavailable, ...options })
  }
}

/** A server on another machine may have to scan a day of events. */
const answerMaxMs = 60_000

/** Asks the admin routes of a running server. Throws CommandFailure. */
export class AdminClient {
  readonly #options: AdminClientOptions

  constructor(options: AdminClientOptions) {
    this.#options = options
  }

  get url(): string {
    return this.#options.url
  }

  /** The JSON of an answer; undefined where the server says 404. Rejects with ServerAwayError or another CommandFailure. */
  async ask(request: AdminRequest): Promise<JsonObject | undefined> {
    const { clock } = this.#options
    const deadline = createDeadline({ clock, afterMs: answerMaxMs, signal: request.signal })
    try {
      const response = await this.#send(request, deadline.signal)
      const body = await parseBody(response)
      if (response.ok && body !== undefined) return body
      if (response.status === 404 && codeOf(body) === 'NOT_FOUND' && request.path !== probePath)
        return undefined
      throw this.#failureOf(response.status, body)
    } finally {
      deadline.dispose()
    }
  }

  /** Resolves where a server of ours answers and takes the token. */
  async reach(signal: AbortSignal): Promise<void> {
    await this.ask({ method: 'GET', path: probePath, signal })
  }

  /** The lines of an answer that goes on until `signal` aborts. */
  async stream(request: AdminRequest, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#send(request, signal)
    if (response.ok && response.body !== null) return response.body
    throw this.#failureOf(response.status, await parseBody(response))
  }

  async #send({ method, path, query = {}, body }: AdminRequest, signal: AbortSignal): Promise<Response> {
    const { url, token, fetch } = this.#options
    const given = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, value)
    const search = given.size === 0 ? '' : `?${given}`
    try {
      return await fetch(`${url}${path}${search}`, {
        method,
        headers: {
          authorization: `Bearer ${token.reveal()}`,
          ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
        },
        ...(method === 'POST' ? { body: JSON.stringify(body ?? {}) } : {}),
        // The token is for this address and no other.
        redirect: 'manual',
        signal,
      })
    } catch (cause) {
      throw new ServerAwayError(url, { cause })
    }
  }

  #failureOf(status: number, body: JsonObject | undefined): CommandFailure {
    const { url } = this.#options
    const code = codeOf(body)
    const wrong = failureTexts[code ?? ''] ?? `answers ${status}${code === undefined ? '' : ` ${code}`}`
    return new CommandFailure(`${url} ${wrong}${parameterOf(body)}`, { exitCode: exitCodeOf(status) })
  }
}

const probePath = '/admin/events/groups'

const failureTexts: Readonly<Record<string, string>> = {
  ADMIN_UNAUTHORIZED: 'does not take the admin token: give this command the configuration of the server',
  ADMIN_FORBIDDEN: 'says that this is no admin token',
  ADMIN_RATE_LIMITED: 'takes no more tries without the admin token for a minute',
  MCP_FORBIDDEN: 'does not answer to this host name: add it to ALLOWED_HOSTS of the server',
  NOT_FOUND: 'has no admin routes: it may have them on ADMIN_PORT, or its webhook is off',
}

function exitCodeOf(status: number): ExitCode {
  return status === 503 ? exitCodes.unavailable : exitCodes.failed
}

async function parseBody(response: Response): Promise<JsonObject | undefined> {
  try {
    const body: unknown = await response.json()
    return isObject(body) ? body : undefined
  } catch {
    return undefined
  }
}

function errorOf(body: JsonObject | undefined): JsonObject {
  const error = body?.['error']
  return isObject(error) ? error : {}
}

function codeOf(body: JsonObject | undefined): string | undefined {
  const { code } = errorOf(body)
  return typeof code === 'string' && /^[A-Z_]{1,64}$/.test(code) ? code : undefined
}

function parameterOf(body: JsonObject | undefined): string {
  const { details } = errorOf(body)
  const parameter = isObject(details) ? details['parameter'] : undefined
  return typeof parameter === 'string' && /^[\w.-]{1,64}$/.test(parameter) ? ` (${parameter})` : ''
}
