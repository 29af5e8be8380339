import {
  type Attributes,
  createTraceState,
  type Span as OtelSpan,
  SpanKind as OtelSpanKind,
  ROOT_CONTEXT,
  type SpanContext,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  type SpanExporter,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { OtlpOptions, OtlpTracerDeps } from './otlp-tracer.ts'
import type { TraceContext } from './trace-context.ts'
import type { Span, SpanAttributes, SpanKind, SpanOptions } from './tracer.ts'

/** What a span goes on from. */
export interface SpanParent {
  readonly context: TraceContext | undefined
  /** It came from outside of this process. */
  readonly isRemote: boolean
}

export interface OtlpPipeline {
  startSpan(name: string, options: SpanOptions, parent: SpanParent): Span
  /** Whether the collector did not take what was last sent to it. */
  readonly isFailing: boolean
  /** Sends what is left; spans that end afterwards are lost. Never rejects. */
  shutdown(): Promise<void>
}

/** Spans that have ended and that the collector has not taken: of a kilobyte each. What comes beyond is dropped and counted. */
const spansWaitingMax = 2_048
/** Spans in one request. */
const batchSpansMax = 512
const sendEveryMs = 5_000
/** For one request with its repetitions. */
const sendDeadlineMs = 10_000
/** No attribute of ours is near it; a bound for what Slack says. */
const attributeCharactersMax = 256

/** OpenTelemetry's libraries, put together for one app. Nothing is registered globally: two apps in one process have their own. */
export function createOtlpPipeline(options: OtlpOptions, deps: OtlpTracerDeps): OtlpPipeline {
  const exporter = new CountingExporter(createExporter(options), options, deps)
  const provider = new TracerProvider({
    resource: resourceFromAttributes(resourceAttributesOf(options)),
    sampler: createSampler(options),
    spanLimits: { attributeValueLengthLimit: attributeCharactersMax },
    spanProcessors: [new BoundedProcessor(exporter, deps)],
  })
  const tracer = provider.getTracer('slack-integrated-server', options.serviceVersion)
  return {
    get isFailing() {
      return exporter.isFailing
    },
    startSpan(name, { kind, attributes = {}, link }, parent) {
      const { context } = parent
      const within =
        context === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, asOtel(parent, context))
      return new OtlpSpan(
        tracer.startSpan(
          name,
          {
            kind: kinds[kind],
            attributes: given(attributes),
            links: link === undefined ? [] : [{ context: asOtel({ isRemote: false }, link) }],
          },
          within,
        ),
      )
    },
    shutdown: () => provider.shutdown().catch(() => undefined),
  }
}

const kinds: Readonly<Record<SpanKind, OtelSpanKind>> = {
  server: OtelSpanKind.SERVER,
  client: OtelSpanKind.CLIENT,
  producer: OtelSpanKind.PRODUCER,
  consumer: OtelSpanKind.CONSUMER,
}

function createExporter({ endpoint, headers, protocol }: OtlpOptions): SpanExporter {
  const Exporter = protocol === 'http/json' ? JsonExporter : ProtobufExporter
  return new Exporter({
    url: `${endpoint}/v1/traces`,
    headers: Object.fromEntries(headers.map(({ name, value }) => [name, value.reveal()])),
    timeoutMillis: sendDeadlineMs,
  })
}

function createSampler({ sampler, samplerRatio }: OtlpOptions): Sampler {
  const root = rootSamplers[sampler.replace('parentbased_', '')]?.(samplerRatio) ?? new AlwaysOnSampler()
  return sampler.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root
}

const rootSamplers: Readonly<Record<string, (ratio: number) => Sampler>> = {
  always_on: () => new AlwaysOnSampler(),
  always_off: () => new AlwaysOffSampler(),
  traceidratio: (ratio) => new TraceIdRatioBasedSampler(ratio),
}

/** https://opentelemetry.io/docs/specs/semconv/resource/#service */
function resourceAttributesOf(options: OtlpOptions): Attributes {
  return {
    ...Object.fromEntries(options.resourceAttributes.map(asNamedValue)),
    ...(options.serviceName === '' ? {} : { 'service.name': options.serviceName }),
    'service.version': options.serviceVersion,
    'service.instance.id': options.serviceInstanceId,
  }
}

function asNamedValue(text: string): readonly [name: string, value: string] {
  const equals = text.indexOf('=')
  return [text.slice(0, equals), decodeURIComponent(text.slice(equals + 1))]
}

function asOtel(
  { isRemote }: Pick<SpanParent, 'isRemote'>,
  { traceId, spanId, isSampled, state }: TraceContext,
): SpanContext {
  return {
    traceId,
    spanId,
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote,
    ...(state === undefined ? {} : { traceState: createTraceState(state) }),
  }
}

function given(attributes: SpanAttributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined))
}

class OtlpSpan implements Span {
  readonly context: TraceContext
  readonly #span: OtelSpan

  constructor(span: OtelSpan) {
    this.#span = span
    const { traceId, spanId, traceFlags, traceState } = span.spanContext()
    const state = traceState?.serialize() ?? ''
    const isSampled = (traceFlags & TraceFlags.SAMPLED) !== 0
    this.context = { traceId, spanId, isSampled, ...(state === '' ? {} : { state }) }
  }

  set(attributes: SpanAttributes): void {
    this.#span.setAttributes(given(attributes))
  }

  fail(errorType: string): void {
    this.#span.setAttribute('error.type', errorType)
    this.#span.setStatus({ code: SpanStatusCode.ERROR })
  }

  end(): void {
    this.#span.end()
  }
}

/** Hears what became of every request to the collector: counts, and says once that it does not take them and once that it does again. */
class CountingExporter implements SpanExporter {
  readonly #exporter: SpanExporter
  readonly #host: string
  readonly #deps: OtlpTracerDeps
  #waitingCount = 0
  #isFailing = false

  constructor(exporter: SpanExporter, { endpoint }: OtlpOptions, deps: OtlpTracerDeps) {
    this.#exporter = exporter
    this.#host = new URL(endpoint).host
    this.#deps = deps
  }

  get isFailing(): boolean {
    return this.#isFailing
  }

  /** Takes a place for one span that is to be exported; false where there is none. */
  reserve(): boolean {
    if (this.#waitingCount >= spansWaitingMax) return false
    this.#waitingCount++
    return true
  }

  export(spans: ReadableSpan[], onResult: Parameters<SpanExporter['export']>[1]): void {
    this.#exporter.export(spans, (result) => {
      this.#waitingCount -= spans.length
      const outcome = result.code === 0 ? 'exported' : 'failed'
      this.#deps.metrics.increment('slackmcp_trace_spans_total', { outcome }, spans.length)
      this.#note(result.error)
      onResult(result)
    })
  }

  forceFlush(): Promise<void> {
    return this.#exporter.forceFlush?.() ?? Promise.resolve()
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown()
  }

  #note(error: Error | undefined): void {
    const { log } = this.#deps
    const isFailing = error !== undefined
    if (isFailing && !this.#isFailing)
      log.warn('traces_export_failed', {
        host: this.#host,
        reason: reasonOf(error),
        advice:
          'Spans are lost until the collector takes them; nothing else is affected. Compare OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS with the OTLP/HTTP receiver of the collector.',
      })
    else if (!isFailing && this.#isFailing) log.info('traces_export_recovered', { host: this.#host })
    this.#isFailing = isFailing
  }
}

/** A code of the runtime or the status; what the collector wrote is not repeated. */
function reasonOf(error: Error): string {
  const { code } = error as { readonly code?: unknown }
  if (typeof code === 'string') return code
  return typeof code === 'number' ? `HTTP ${code}` : error.message.slice(0, attributeCharactersMax)
}

/** The library's batches behind a bound that counts also what is under way, so that a collector that hangs costs so much memory and no more. */
class BoundedProcessor implements SpanProcessor {
  readonly #batches: BatchSpanProcessor
  readonly #exporter: CountingExporter
  readonly #metrics: OtlpTracerDeps['metrics']

  constructor(exporter: CountingExporter, { metrics }: OtlpTracerDeps) {
    this.#exporter = exporter
    this.#metrics = metrics
    this.#batches = new BatchSpanProcessor({
      exporter,
      maxQueueSize: spansWaitingMax,
      maxExportBatchSize: batchSpansMax,
      scheduledDelayMillis: sendEveryMs,
      // The exporter's own deadline ends it; this one would only give up waiting, and send beside what hangs.
      exportTimeoutMillis: 2 * sendDeadlineMs,
    })
  }

  onStart(): void {
    // Nothing is known of a span yet.
  }

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return
    if (this.#exporter.reserve()) this.#batches.onEnd(span)
    else this.#metrics.increment('slackmcp_trace_spans_total', { outcome: 'dropped' })
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush()
  }

  shutdown(): Promise<void> {
    return this.#batches.shutdown()
  }
}
