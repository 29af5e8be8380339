import { type BodyBudget, readBody } from '../base/body.ts'
import { AppError } from '../base/errors.ts'
import { isNestedDeeperThan } from '../base/json-nesting.ts'
import type { RequestContexts } from '../base/request-context.ts'
import type { Metrics } from '../observe/metrics.ts'
import { limitFailures } from '../resilience/failure-limit.ts'
import type { RateLimiter } from '../resilience/rate-limiter.ts'
import type { Authenticator } from './auth.ts'
import type { HostGuard } from './guard.ts'
import type { Principal } from './registry.ts'
import type { CallInfo } from './request-ledger.ts'
import type { SlackAuth } from './slack-auth.ts'

/** The SDKs' bound on one message, and on one batch. */
export const mcpBodyBytesMax = 4 * 1024 * 1024

/** Arguments may nest 32 deep (T11); the message around them adds three levels, a batch one. */
export const mcpNestingMax = 36

export interface DoorDeps {
  readonly contexts: RequestContexts
  readonly guard: HostGuard
  readonly authenticate: Authenticator
  /** Undefined where Slack's own client may not come in. */
  readonly slackAuth: SlackAuth | undefined
  /** How many requests one principal may send, by its name. */
  readonly requestLimiter: Pick<RateLimiter, 'take'>
  /** As `limitFailures` takes it. */
  readonly failureLimiter: Pick<RateLimiter, 'take'>
  readonly bodyBudget: BodyBudget
  readonly metrics: Metrics
  readonly isStopping: () => boolean
  readonly isShedding: () => boolean
}

export interface Visit extends CallInfo {
  /** Parsed, but of unknown shape; undefined for methods without a body. */
  readonly body: unknown
}

/**
 * What every request to MCP and REST passes, whatever its method: Host and Origin, credentials, rate; then its body is read and parsed once.
 * Throws AppErrors.
 */
export interface Door {
  /** By its headers alone. */
  enter(request: Request): CallInfo
  enterWithBody(request: Request): Promise<Visit>
}

export function createDoor(deps: DoorDeps): Door {
  const pass = (request: Request): string => {
    const { correlationId } = deps.contexts.of(request)
    const fault = deps.guard(request)
    if (fault !== undefined) throw new AppError('MCP_FORBIDDEN', { details: { header: fault } })
    // Before anything of it is read or remembered. Only what ends a session frees memory.
    if (request.method !== 'DELETE' && deps.isShedding()) throw overloaded('memory', deps)
    return correlationId
  }
  const admit = (principal: Principal, correlationId: string): CallInfo => {
    if (deps.isStopping()) throw new AppError('SHUTTING_DOWN', { component: 'mcp' })
    limit(principal.name, deps)
    return { principal, correlationId }
  }
  const enter = (request: Request): CallInfo => {
    const correlationId = pass(request)
    const principal = countingFailures(request, deps, () => deps.authenticate(request))
    return admit(principal, correlationId)
  }
  const enterSigned = async (request: Request, slackAuth: SlackAuth): Promise<Visit> => {
    const correlationId = pass(request)
    const claim = countingFailures(request, deps, () => slackAuth.claim(request))
    requireJson(request)
    const bytes = await readBytes(request, deps)
    const proven = countingFailures(request, deps, () => slackAuth.prove(claim, bytes))
    const body = parseBody(bytes)
    const call = admit(slackAuth.principalOf(proven, body), correlationId)
    slackAuth.remember(proven)
    return { ...call, body }
  }
  return {
    enter,
    async enterWithBody(request) {
      const { slackAuth } = deps
      if (slackAuth?.isFor(request) === true) return enterSigned(request, slackAuth)
      const call = enter(request)
      requireJson(request)
      return { ...call, body: parseBody(await readBytes(request, deps)) }
    },
  }
}

function countingFailures<Found>(request: Request, deps: DoorDeps, authenticate: () => Found): Found {
  try {
    return authenticate()
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'MCP_UNAUTHORIZED') throw error
    const { contexts, failureLimiter: limiter, metrics } = deps
    throw limitFailures(error, contexts.of(request).address, { limiter, metrics, code: 'MCP_RATE_LIMITED' })
  }
}

function limit(principalName: string, { requestLimiter, metrics }: DoorDeps): void {
  const take = requestLimiter.take(principalName)
  if (take.ok) return
  metrics.increment('slackmcp_rate_limiter_rejected_total', { scope: 'principal' })
  const details = { scope: 'principal', retry_after_s: Math.ceil(take.retryAfterMs / 1000) }
  throw new AppError('MCP_RATE_LIMITED', { details })
}

function overloaded(scope: 'memory' | 'body_budget', { metrics }: Pick<DoorDeps, 'metrics'>): AppError {
  metrics.increment('slackmcp_rate_limiter_rejected_total', { scope })
  return new AppError('OVERLOADED', { component: 'mcp', details: { scope } })
}

/** A form of another site can post text, but not JSON (T4). Nothing is ever inflated (T9). */
function requireJson({ headers }: Request): void {
  const type = headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity'
  if (type !== 'application/json' || encoding !== 'identity') throw new AppError('MCP_MEDIA_TYPE_UNSUPPORTED')
}

async function readBytes(request: Request, { bodyBudget, metrics }: DoorDeps): Promise<Uint8Array> {
  const result = await readBody(request, { bytesMax: mcpBodyBytesMax, budget: bodyBudget })
  switch (result.kind) {
    case 'bytes':
      return result.bytes
    case 'too_large':
      throw new AppError('MCP_BODY_TOO_LARGE', { details: { bytes_max: mcpBodyBytesMax } })
    case 'over_budget':
      throw overloaded('body_budget', { metrics })
    case 'broken_off':
      throw invalidBody('it ended early')
  }
}

/** Keeps nothing between two bodies. */
const utf8 = new TextDecoder('utf-8', { fatal: true })

function parseBody(bytes: Uint8Array): unknown {
  if (isNestedDeeperThan(bytes, mcpNestingMax)) throw invalidBody(`nested deeper than ${mcpNestingMax}`)
  try {
    return JSON.parse(utf8.decode(bytes))
  } catch (cause) {
    throw invalidBody('not JSON in UTF-8', cause)
  }
}

function invalidBody(problem: string, cause?: unknown): AppError {
  return new AppError('MCP_REQUEST_INVALID', { cause, details: { field: 'body', problem } })
}
