import type { LiveRules } from './app-rules.ts'
import type { BodyBudget } from './base/body.ts'
import type { Clock } from './base/clock.ts'
import type { Ids } from './base/ids.ts'
import type { RequestContexts } from './base/request-context.ts'
import { buildInfo } from './build-info.ts'
import type { Config } from './config/option-table.ts'
import { createAdminRoutes } from './events/admin-route.ts'
import { createConsumeRoutes } from './events/consume-route.ts'
import { ConsumerStreams } from './events/consumer-streams.ts'
import { createEventsDesk } from './events/events-desk.ts'
import type { Forwarder } from './events/forwarder.ts'
import { createDocsRoutes } from './http/docs-route.ts'
import { createMetricsRoute } from './http/operations-route.ts'
import type { HttpAppDeps } from './http/server.ts'
import type { PrometheusMetrics } from './observe/prometheus.ts'
import type { GuardedQueue } from './queue/guarded-queue.ts'

export interface AppAdminDeps {
  readonly config: Config
  readonly rules: LiveRules
  readonly clock: Clock
  readonly ids: Ids
  readonly metrics: PrometheusMetrics
  readonly queue: GuardedQueue
  readonly bodyBudget: BodyBudget
  readonly forwarder: Forwarder | undefined
}

type RouteGroups = ReturnType<HttpAppDeps['routes']>

/** What operators get: on PORT, or with ADMIN_PORT on a listener of its own and nowhere else. */
export interface AppAdmin {
  /** Consumers over HTTP; undefined where there is no webhook, and so no events. */
  readonly streams: ConsumerStreams | undefined
  /** `/metrics`, `/admin/…`, and the docs of these groups and of `others`. */
  routes(others: RouteGroups, contexts: RequestContexts): RouteGroups
}

/** Whether Host and Origin are right is a question of the address that the listener has. */
export function createAppAdmin({
  config,
  rules,
  clock,
  ids,
  metrics,
  queue,
  bodyBudget,
  forwarder,
}: AppAdminDeps): AppAdmin {
  const isSeparate = config.adminPort !== undefined
  const isAllowed = (request: Request) => rules.now().adminGuard(request) === undefined
  const topic = config.slackEventsTopic
  const streams = config.webhookEnabled ? new ConsumerStreams({ queue, topic, clock, ids }) : undefined
  const metricsRoute = createMetricsRoute({
    renderMetrics: async () => ({ contentType: metrics.contentType, text: await metrics.render() }),
  })
  return {
    streams,
    routes(others, contexts) {
      const groups = [metricsRoute, ...(streams === undefined ? [] : createEventRoutes(streams, contexts))]
      if (!config.docsEnabled) return groups
      const described = isSeparate ? { described: [...others, ...groups] } : {}
      return [...groups, ...createDocsRoutes({ version: buildInfo.version, isAllowed, ...described })]
    },
  }

  function createEventRoutes(consumers: ConsumerStreams, contexts: RequestContexts): RouteGroups {
    const gate = (request: Request) => rules.now().admitOperator(request, contexts)
    const desk = createEventsDesk({ queue, topic, forwarder })
    return [
      ...createAdminRoutes({ desk, gate, bodyBudget }),
      createConsumeRoutes({ streams: consumers, gate, bodyBudget }),
    ]
  }
}
