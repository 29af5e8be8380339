import type { Clock } from '../base/clock.ts'
import { AppError, asAppError } from '../base/errors.ts'
import { type Ids, isUuid } from '../base/ids.ts'
import type { RequestContext, RequestContexts } from '../base/request-context.ts'
import { otherValue } from '../observe/label-values.ts'
import type { Logger } from '../observe/logger.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Tracer } from '../observe/tracer.ts'
import type { RenderError } from './error-map.ts'
import type { Transport } from './forwarded.ts'
import { parseRequestLine } from './request-line.ts'
import { createRequestTracing } from './request-tracing.ts'

export interface EdgeDeps {
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Logger
  readonly metrics: Metrics
  readonly countActive: CountActive
  readonly renderError: RenderError
  /** The peer's address; undefined where there is no socket. */
  readonly addressOf: (request: Request) => string | undefined
  /** Whether the request came over HTTPS; plain ones are refused. */
  readonly transportOf: (request: Request) => Transport
  readonly tracer?: Tracer | undefined
  /** Whether a route has exactly this path. Asked only where there is a tracer. */
  readonly isRoute: (path: string) => boolean
}

/** The router, as Elysia types it: it answers a Response, now or later. */
export type Router = (request: Request) => unknown

/** What stands in front of the router: nothing reaches a route that did not pass here, and every answer leaves through here. */
export interface Edge extends RequestContexts {
  /** The router `next` behind the edge. */
  wrap(next: Router): (request: Request) => Promise<Response>
}

/** A request id that a proxy or client gave, where it cannot harm a log line (T31). */
const requestIdPattern = /^[A-Za-z0-9._-]{8,64}$/

/** Requests that are being answered at once; Slack and a thousand clients together stay far below. Beyond it whoever comes is sent away (T6). */
export const requestsActiveMax = 4_096

/** What orchestrators ask from within, without TLS; nothing there is worth hiding. */
const probePaths: ReadonlySet<string> = new Set(['/health', '/livez', '/readyz'])

/** For a year: browsers turn http:// into https:// by themselves (RFC 6797). Of names below this one nothing is known. */
const strictTransport = 'max-age=31536000'

function overloaded({ metrics }: EdgeDeps): AppError {
  metrics.increment('slackmcp_rate_limiter_rejected_total', { scope: 'requests' })
  return new AppError('OVERLOADED')
}

/** Counts a request as under way (1) or answered (-1). */
export type CountActive = (by: 1 | -1) => void

/** For all listeners of a server together: they share the gauge. */
export function createActiveCount(metrics: Metrics): {
  readonly count: CountActive
  readonly current: () => number
} {
  let activeRequests = 0
  return {
    count(by) {
      activeRequests += by
      metrics.set('http_server_active_requests', {}, activeRequests)
    },
    current: () => activeRequests,
  }
}

export function createEdge(deps: EdgeDeps): Edge {
  const { countActive } = deps
  // Keyed by the request itself: it lives exactly as long, and routes need no framework to find it.
  const contexts = new WeakMap<Request, RequestContext>()
  // Of this listener alone: who floods one must not keep operators from the other.
  let activeRequests = 0

  const answer = async (request: Request, next: Router): Promise<Response> => {
    const context = new EdgeContext(request, deps)
    contexts.set(request, context)
    activeRequests++
    countActive(1)
    const line = parseRequestLine(request)
    const transport = deps.transportOf(request)
    let response: Response
    try {
      if (activeRequests > requestsActiveMax) throw overloaded(deps)
      if (line === undefined) throw new AppError('REQUEST_INVALID')
      if (transport === 'plain' && !probePaths.has(line.path)) throw new AppError('HTTPS_REQUIRED')
      response = asResponse(await next(request))
    } catch (thrown) {
      response = deps.renderError(asAppError(thrown), request, context)
    }
    activeRequests--
    countActive(-1)
    observe(request, response, line?.path, context, deps)
    response.headers.set('x-correlation-id', context.correlationId)
    if (transport === 'secure') response.headers.set('strict-transport-security', strictTransport)
    return response
  }

  return {
    // Decided here, so that a request without a tracer pays nothing for those that have one.
    wrap:
      deps.tracer === undefined
        ? (next) => (request) => answer(request, next)
        : createRequestTracing(deps.tracer, deps.isRoute, answer),
    of(request) {
      const context = contexts.get(request)
      if (context === undefined) throw new TypeError('The request did not come through the edge')
      return context
    },
  }
}

function asResponse(answer: unknown): Response {
  if (answer instanceof Response) return answer
  throw new TypeError('The router answered something that is not a Response')
}

/** Made for every request, so what few routes ask for is found out when it is asked for. */
class EdgeContext implements RequestContext {
  readonly correlationId: string
  readonly startedAtMs: number
  readonly #request: Request
  readonly #addressOf: EdgeDeps['addressOf']

  constructor(request: Request, { ids, clock, addressOf }: EdgeDeps) {
    const offered = request.headers.get('x-correlation-id')
    this.correlationId = offered !== null && isUuid(offered) ? offered.toLowerCase() : ids.uuid()
    this.startedAtMs = clock.monotonic()
    this.#request = request
    this.#addressOf = addressOf
  }

  get address(): string | undefined {
    return this.#addressOf(this.#request)
  }
}

function observe(
  request: Request,
  response: Response,
  path: string | undefined,
  context: RequestContext,
  deps: EdgeDeps,
): void {
  const elapsedMs = deps.clock.monotonic() - context.startedAtMs
  const { status } = response
  deps.metrics.observe(
    'http_server_request_duration_seconds',
    {
      http_request_method: request.method,
      http_route: path ?? otherValue,
      http_response_status_code: String(status),
      error_type: status >= 400 ? String(status) : '',
    },
    elapsedMs / 1000,
  )
  // As a function: it is called for every request, and hardly ever written.
  deps.log.debug('http_request_answered', () => ({
    correlation_id: context.correlationId,
    request_id: requestIdOf(request),
    method: request.method,
    path,
    status,
    duration_ms: elapsedMs,
  }))
}

function requestIdOf(request: Request): string | undefined {
  const id = request.headers.get('x-request-id') ?? request.headers.get('x-correlation-id')
  return id !== null && requestIdPattern.test(id) ? id : undefined
}
