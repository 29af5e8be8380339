import { Elysia } from 'elysia'
import type { BodyBudget } from '../base/body.ts'
import type { AdminGate } from './admin-gate.ts'
import { describe, readJson, readQuery } from './admin-request.ts'
import { ackSchema, adminErrors, consumeQuerySchema, settledSchema } from './admin-schemas.ts'
import type { ConsumerStreams } from './consumer-streams.ts'

export interface ConsumeRouteDeps {
  readonly streams: ConsumerStreams
  readonly gate: AdminGate
  readonly bodyBudget: BodyBudget
}

const leaseDefaultSeconds = '300'

/** Consuming over HTTP, for consumers of a backend that lives in this process. */
export function createConsumeRoutes({ streams, gate, bodyBudget }: ConsumeRouteDeps) {
  return new Elysia({ name: 'admin-consume', strictPath: true })
    .onTransform(({ request }) => gate(request))
    .post(
      '/admin/events/consume',
      ({ request, server }) => {
        const {
          group,
          max = '1',
          ordered,
          lease = leaseDefaultSeconds,
        } = readQuery(request, consumeQuerySchema)
        const lines = streams.open({
          group,
          concurrencyMax: Number(max),
          isOrdered: ordered === 'true',
          leaseMs: Number(lease) * 1_000,
        })
        // Nothing may happen for days.
        server?.timeout(request, 0)
        return new Response(lines, {
          headers: { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' },
        })
      },
      {
        parse: 'none',
        response: adminErrors,
        detail: describe(
          'Be a member of a group for as long as the connection lasts: {"stream"}, then {"number","attempt","event"} a line',
          { query: consumeQuerySchema },
        ),
      },
    )
    .post(
      '/admin/events/ack',
      async ({ request }) => {
        const {
          stream: streamId,
          done = [],
          failed = [],
          last: isLast = false,
        } = await readJson(request, ackSchema, bodyBudget)
        return Response.json({ settled: streams.settle({ streamId, done, failed, isLast }) })
      },
      {
        parse: 'none',
        response: { 200: settledSchema, ...adminErrors },
        detail: describe('Say what became of events that a stream handed out', { body: ackSchema }),
      },
    )
}
