import type { LifecyclePart } from './app-lifecycle.ts'
import type { Clock } from './base/clock.ts'
import type { Ids } from './base/ids.ts'
import { buildInfo } from './build-info.ts'
import type { Config } from './config/option-table.ts'
import type { Logger } from './observe/logger.ts'
import type { Metrics } from './observe/metrics.ts'
import { OtlpTracer } from './observe/otlp-tracer.ts'
import { createTracedLogger } from './observe/traced-logger.ts'
import type { Tracer } from './observe/tracer.ts'

export interface AppTracingDeps {
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Logger
  readonly metrics: Metrics
}

export interface AppTracing {
  /** Undefined where nothing is traced; then nobody does anything for it. */
  readonly tracer: Tracer | undefined
  /** What everything else logs with: with a tracer its lines name the trace. */
  readonly log: Logger
  /** Started before and stopped after everything that is traced. */
  readonly tracingParts: readonly LifecyclePart[]
}

/** Tracing by `given`, else by the exporter that the configuration asks for, else none. */
export function createAppTracing(
  config: Config,
  given: Tracer | undefined,
  deps: AppTracingDeps,
): AppTracing {
  if (given !== undefined)
    return { tracer: given, log: createTracedLogger(deps.log, given), tracingParts: [] }
  const { tracesEndpoint: endpoint } = config
  if (endpoint === undefined) return { tracer: undefined, log: deps.log, tracingParts: [] }
  const tracer = new OtlpTracer(
    {
      endpoint,
      headers: config.tracesHeaders,
      protocol: config.tracesProtocol,
      serviceName: config.tracesServiceName,
      serviceVersion: buildInfo.version,
      serviceInstanceId: deps.ids.uuid(),
      resourceAttributes: config.tracesResourceAttributes,
      sampler: config.tracesSampler,
      samplerRatio: config.tracesSamplerArg,
    },
    deps,
  )
  return {
    tracer,
    log: createTracedLogger(deps.log, tracer),
    tracingParts: [{ name: 'traces', start: () => tracer.start(), stop: (signal) => tracer.stop(signal) }],
  }
}
