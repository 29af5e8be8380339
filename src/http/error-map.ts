import { commonErrorHeaders } from '../base/error-headers.ts'
import type { ErrorComponent } from '../base/error-table.ts'
import { AppError, renderUnifiedError } from '../base/errors.ts'
import type { RequestContext } from '../base/request-context.ts'
import type { Logger } from '../observe/logger.ts'
import type { Metrics } from '../observe/metrics.ts'

/** The answer to a request that failed. */
export type RenderError = (error: AppError, request: Request, context: RequestContext) => Response

export interface ErrorMapDeps {
  readonly log: Logger
  readonly metrics: Metrics
}

/** How long a caller should wait where the error does not say, in seconds. Slack has its own schedule and does not read it. */
const retryAfterSeconds = 5

/**
 * Renders an AppError as the unified error (S67). The one place for HTTP outside MCP: nothing of the cause leaves, it goes to the log under the
 * correlation id.
 */
export function createRenderError({ log, metrics }: ErrorMapDeps): RenderError {
  return (error, request, context) => {
    metrics.increment('slackmcp_errors_total', { code: error.code, component: error.component })
    logError(error, request, context, log)
    return Response.json(renderUnifiedError(error, context.correlationId), {
      status: error.status,
      headers: headersOf(error),
    })
  }
}

function headersOf(error: AppError): Record<string, string> {
  const headers = commonErrorHeaders(error)
  if (error.status === 503 || error.status === 429) {
    const seconds = error.details['retry_after_s']
    headers['retry-after'] = String(typeof seconds === 'number' ? Math.ceil(seconds) : retryAfterSeconds)
  }
  if (error.code === 'ADMIN_UNAUTHORIZED') headers['www-authenticate'] = 'Bearer'
  return headers
}

function logError(error: AppError, request: Request, context: RequestContext, log: Logger): void {
  const fields = {
    correlation_id: context.correlationId,
    code: error.code,
    component: error.component,
    method: request.method,
    details: error.details,
    error: error.cause,
  }
  if (error.code === 'INTERNAL') log.error('http_request_failed', fields)
  else if (error.status >= 500) log.warn('http_request_failed', fields)
  else log.debug('http_request_refused', fields)
}

/** What the router knows of the path that failed. */
export interface FailedRoute {
  /** The methods that the path takes; empty where it has no route. */
  readonly allow: readonly string[]
  /** Which half the path belongs to. */
  readonly component: ErrorComponent
}

/** An error of the framework, by its code, as one of ours. Without this an unknown path would answer 500. */
export function asFrameworkError(code: string | number, thrown: unknown, route: FailedRoute): AppError {
  if (thrown instanceof AppError) return thrown
  switch (code) {
    case 'NOT_FOUND': {
      const { allow, component } = route
      if (allow.length === 0) return new AppError('NOT_FOUND')
      return new AppError('METHOD_NOT_ALLOWED', { component, details: { allow: allow.join(', ') } })
    }
    case 'PARSE':
    case 'VALIDATION':
    case 'INVALID_COOKIE_SIGNATURE':
    case 'INVALID_FILE_TYPE':
      return new AppError('REQUEST_INVALID', { cause: thrown })
    default:
      return new AppError('INTERNAL', { cause: thrown })
  }
}
