import { parseTraceContext } from '../observe/trace-context.ts'
import type { Span, Tracer } from '../observe/tracer.ts'
import type { Router } from './edge.ts'
import { parseRequestLine } from './request-line.ts'

/** Asked every few seconds by those who watch; a trace of them says nothing and costs as much as one of Slack's. */
const unwatchedPaths: ReadonlySet<string> = new Set(['/livez', '/readyz', '/health', '/metrics'])

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

type Answer = (request: Request, next: Router) => Promise<Response>

/**
 * `answer` with a span around each request, under what the caller's `traceparent` says. A path that is no route's is not told: whoever asks for it
 * chose it. Names and attributes: https://opentelemetry.io/docs/specs/semconv/http/http-spans/
 */
export function createRequestTracing(
  tracer: Tracer,
  isRoute: (path: string) => boolean,
  answer: Answer,
): (next: Router) => (request: Request) => Promise<Response> {
  return (next) => (request) => {
    const path = parseRequestLine(request)?.path
    if (path !== undefined && unwatchedPaths.has(path)) return answer(request, next)
    const span = startRequestSpan(tracer, request, path !== undefined && isRoute(path) ? path : undefined)
    return tracer.run(span, async () => {
      const response = await answer(request, next)
      const { status, headers } = response
      span.set({
        'http.response.status_code': status,
        'slackmcp.correlation_id': headers.get('x-correlation-id') ?? undefined,
      })
      // What a caller does wrong is no failure of ours.
      if (status >= 500) span.fail(String(status))
      span.end()
      return response
    })
  }
}

function startRequestSpan(
  tracer: Tracer,
  { method, url, headers }: Request,
  route: string | undefined,
): Span {
  const isKnown = methods.has(method)
  const name = isKnown ? method : 'HTTP'
  return tracer.startSpan(route === undefined ? name : `${name} ${route}`, {
    kind: 'server',
    parent: parseTraceContext(headers.get('traceparent'), headers.get('tracestate')),
    attributes: {
      'http.request.method': isKnown ? method : '_OTHER',
      'http.route': route,
      'url.path': route,
      'url.scheme': url.slice(0, url.indexOf(':')),
    },
  })
}
