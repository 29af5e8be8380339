import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { type Health, healthComponents, reloadOutcomes } from './health.ts'

export interface OperationsDeps {
  readonly health: () => Promise<Health>
  /** False while starting and while draining. */
  readonly isReady: () => boolean
}

export interface MetricsDeps {
  readonly renderMetrics: () => Promise<{ readonly contentType: string; readonly text: string }>
}

const valueSchema = Type.Union(
  ['ready', 'connected', 'degraded', 'disconnected', 'disabled', 'unknown'].map((value) =>
    Type.Literal(value),
  ),
)

export const healthSchema = Type.Object(
  {
    status: Type.Union([Type.Literal('healthy'), Type.Literal('degraded'), Type.Literal('unhealthy')]),
    components: Type.Object(
      Object.fromEntries(Object.keys(healthComponents).map((name) => [name, valueSchema])),
      { additionalProperties: false },
    ),
    configuration: Type.Object(
      {
        loaded_at: Type.String({ description: 'ISO 8601, UTC' }),
        last_reload: Type.Union(reloadOutcomes.map((outcome) => Type.Literal(outcome))),
      },
      { additionalProperties: false },
    ),
    timestamp: Type.String({ description: 'ISO 8601, UTC' }),
  },
  { additionalProperties: false },
)

export const liveSchema = Type.Object({ status: Type.Literal('alive') }, { additionalProperties: false })
export const readySchema = Type.Object(
  { status: Type.Union([Type.Literal('ready'), Type.Literal('not_ready')]) },
  { additionalProperties: false },
)

const detail = { tags: ['operations'] }

/** What probes read: no side effect, no secret, no name of a team, channel or caller. */
export function createOperationsRoutes({ health, isReady }: OperationsDeps) {
  return new Elysia({ name: 'operations', strictPath: true })
    .get(
      '/health',
      async () => {
        const seen = await health()
        return answer(seen, seen.status === 'unhealthy' ? 503 : 200)
      },
      {
        response: { 200: healthSchema, 503: healthSchema },
        detail: { ...detail, summary: 'Both halves and what they need; 503 when events cannot be stored' },
      },
    )
    .get('/livez', () => answer({ status: 'alive' }, 200), {
      response: { 200: liveSchema },
      detail: { ...detail, summary: 'Whether the process turns' },
    })
    .get(
      '/readyz',
      () => (isReady() ? answer({ status: 'ready' }, 200) : answer({ status: 'not_ready' }, 503)),
      {
        response: { 200: readySchema, 503: readySchema },
        detail: { ...detail, summary: 'Whether new work is taken: not while starting or draining' },
      },
    )
}

/** What scrapers read; as discreet as what probes read. */
export function createMetricsRoute({ renderMetrics }: MetricsDeps) {
  return new Elysia({ name: 'metrics', strictPath: true }).get(
    '/metrics',
    async () => {
      const { contentType, text } = await renderMetrics()
      return new Response(text, { headers: { 'content-type': contentType } })
    },
    {
      response: { 200: Type.String() },
      detail: { ...detail, summary: 'Metrics in the text format of Prometheus' },
    },
  )
}

function answer(body: object, status: number): Response {
  return Response.json(body, { status, headers: { 'cache-control': 'no-store' } })
}
