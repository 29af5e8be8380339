import { type AnyElysia, Elysia } from 'elysia'
import type { Clock } from '../base/clock.ts'
import type { ErrorComponent } from '../base/error-table.ts'
import type { Ids } from '../base/ids.ts'
import type { RequestContexts } from '../base/request-context.ts'
import type { Logger } from '../observe/logger.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Tracer } from '../observe/tracer.ts'
import { type CountActive, createActiveCount, createEdge } from './edge.ts'
import { asFrameworkError, createRenderError, type FailedRoute } from './error-map.ts'
import { type AddressOf, anyTransport, type TransportOf } from './forwarded.ts'
import { parseRequestLine } from './request-line.ts'

export interface HttpAppDeps {
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Logger
  readonly metrics: Metrics
  readonly tracer?: Tracer | undefined
  /** Which half a path belongs to; for error bodies of requests that no route took. */
  readonly componentOf: (path: string) => ErrorComponent
  /** The route groups, as Elysia plugins. They get the contexts of the requests that the edge let through. */
  readonly routes: (contexts: RequestContexts) => readonly AnyElysia[]
  /** The peer's address as seen through trusted proxies; by default the peer itself. */
  readonly addressOf?: AddressOf
  /** By default nobody asks how a request came. */
  readonly transportOf?: TransportOf
  /** By default the requests of this listener are all that there are. */
  readonly countActive?: CountActive
}

export interface HttpApp {
  readonly app: AnyElysia
  readonly contexts: RequestContexts
}

/** The Elysia root: the edge in front of the router, one error mapping behind it, route groups between. Does not listen. */
export function createHttpApp(deps: HttpAppDeps): HttpApp {
  const { clock, ids, log, metrics, tracer, addressOf = asPeer, transportOf = anyTransport } = deps
  const renderError = createRenderError({ log, metrics })
  const peer = (request: Request) => app.server?.requestIP(request)?.address
  const edge = createEdge({
    clock,
    ids,
    log,
    metrics,
    countActive: deps.countActive ?? createActiveCount(metrics).count,
    renderError,
    addressOf: (request) => addressOf(request, peer(request)),
    transportOf: (request) => transportOf(request, peer),
    tracer,
    isRoute: (path) => app.routes.some((route) => route.path === path),
  })
  // systemRouter would answer some paths in Bun's own router, before the edge.
  const app: AnyElysia = new Elysia({
    name: 'slack-integrated-server',
    strictPath: true,
    systemRouter: false,
  })
  // Elysia asks for the wrapper at every request; `next` changes only when routes are added.
  let wrapped: { readonly next: unknown; readonly handler: ReturnType<typeof edge.wrap> } | undefined
  app.wrap((next) => {
    if (wrapped?.next !== next) wrapped = { next, handler: edge.wrap(next) }
    return wrapped.handler
  })
  app.onError({ as: 'global' }, ({ code, error, request }) =>
    renderError(asFrameworkError(code, error, failedRoute(app, request, deps)), request, edge.of(request)),
  )
  for (const group of deps.routes(edge)) app.use(group)
  return { app, contexts: edge }
}

const asPeer: AddressOf = (_request, peer) => peer

/** Only when something failed: the routes that an embedder added later are seen too. */
function failedRoute(app: AnyElysia, request: Request, deps: HttpAppDeps): FailedRoute {
  const path = parseRequestLine(request)?.path ?? ''
  const methods = app.routes.filter((route) => route.path === path).map((route) => route.method)
  // Elysia answers HEAD wherever there is a GET.
  if (methods.includes('GET')) methods.push('HEAD')
  return { allow: [...new Set(methods)], component: deps.componentOf(path) }
}
