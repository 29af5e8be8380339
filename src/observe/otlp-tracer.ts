import { AsyncLocalStorage } from 'node:async_hooks'
import { type Clock, sleep } from '../base/clock.ts'
import type { Secret } from '../base/secret.ts'
import type { Logger } from './logger.ts'
import type { Metrics } from './metrics.ts'
import type { OtlpPipeline } from './otlp-pipeline.ts'
import type { TraceContext } from './trace-context.ts'
import { type Span, type SpanAttributes, type SpanOptions, silentSpan, type Tracer } from './tracer.ts'

/** Where spans go and how many, as OpenTelemetry's own variables say it. */
export interface OtlpOptions {
  /** Of the collector; spans go to `/v1/traces` below it. */
  readonly endpoint: string
  readonly headers: readonly { readonly name: string; readonly value: Secret }[]
  readonly protocol: 'http/protobuf' | 'http/json'
  readonly serviceName: string
  readonly serviceVersion: string
  readonly serviceInstanceId: string
  /** `name=value` each, values percent-encoded. A service name here counts for less than `serviceName`. */
  readonly resourceAttributes: readonly string[]
  readonly sampler: (typeof traceSamplers)[number]
  /** Which part of the traces a sampler by ratio keeps, 0 to 1. */
  readonly samplerRatio: number
}

/** OTEL_TRACES_SAMPLER of the specification, but for those that ask another server. */
export const traceSamplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const

export interface OtlpTracerDeps {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

/** What a stop waits for the collector; it has had five seconds for everything older. */
const flushDeadlineMs = 1_000

/** The spans of one app on their way to a collector. The libraries that bring them there are loaded by `start`; before it nothing is traced. */
export class OtlpTracer implements Tracer {
  readonly #options: OtlpOptions
  readonly #deps: OtlpTracerDeps
  readonly #active = new AsyncLocalStorage<Span>()
  #pipeline: OtlpPipeline | undefined

  constructor(options: OtlpOptions, deps: OtlpTracerDeps) {
    this.#options = options
    this.#deps = deps
  }

  async start(): Promise<void> {
    const { createOtlpPipeline } = await import('./otlp-pipeline.ts')
    this.#pipeline ??= createOtlpPipeline(this.#options, this.#deps)
  }

  /** Sends what is left, for a second or until `signal` aborts, and not at all to a collector that did not answer last. Never rejects. */
  async stop(signal: AbortSignal): Promise<void> {
    const pipeline = this.#pipeline
    this.#pipeline = undefined
    if (pipeline === undefined) return
    const flushed = pipeline.shutdown()
    if (pipeline.isFailing || signal.aborted) return
    const isOver = new AbortController()
    const end = () => isOver.abort()
    signal.addEventListener('abort', end, { once: true })
    await Promise.race([flushed, sleep(this.#deps.clock, flushDeadlineMs, isOver.signal)])
    isOver.abort()
    signal.removeEventListener('abort', end)
  }

  startSpan(name: string, options: SpanOptions): Span {
    const pipeline = this.#pipeline
    if (pipeline === undefined) return silentSpan
    const { parent = this.active() } = options
    return new EndingSpan(
      pipeline.startSpan(name, options, {
        context: parent ?? undefined,
        isRemote: options.parent !== undefined,
      }),
    )
  }

  run<Result>(span: Span, work: () => Result): Result {
    return span === silentSpan ? work() : this.#active.run(span, work)
  }

  active(): TraceContext | undefined {
    return this.#active.getStore()?.context
  }
}

/** Gives up its context with its end: what a request has set going, a timer or a stream, is not for ever a part of it. */
class EndingSpan implements Span {
  readonly #span: Span
  #hasEnded = false

  constructor(span: Span) {
    this.#span = span
  }

  get context(): TraceContext | undefined {
    return this.#hasEnded ? undefined : this.#span.context
  }

  set(attributes: SpanAttributes): void {
    this.#span.set(attributes)
  }

  fail(errorType: string): void {
    this.#span.fail(errorType)
  }

  end(): void {
    this.#hasEnded = true
    this.#span.end()
  }
}
