import { asAppError } from '../base/errors.ts'
import type { TraceContext } from './trace-context.ts'

/** Which side of a request a span is: OpenTelemetry's kinds. */
export type SpanKind = 'server' | 'client' | 'producer' | 'consumer'

/**
 * By OpenTelemetry's semantic conventions where they have a name, else `slack.…` or `slackmcp.…`. Never message text, arguments, tokens or what a
 * caller made up: whoever runs the collector may read them. Undefined says nothing.
 */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>

export interface SpanOptions {
  readonly kind: SpanKind
  readonly attributes?: SpanAttributes
  /** A context from outside, or null for the first span of a trace. Default: the span that is active. */
  readonly parent?: TraceContext | null | undefined
  /** Another span that this one has to do with. */
  readonly link?: TraceContext | undefined
}

/** A piece of work with a beginning and an end. */
export interface Span {
  /** For whoever goes on with the work elsewhere; undefined where nothing is traced. */
  readonly context: TraceContext | undefined
  set(attributes: SpanAttributes): void
  /** The work failed. `errorType` is a code or class, never a text. */
  fail(errorType: string): void
  /** Nothing is said of the work afterwards, and nothing begun afterwards is a part of it unless it names it as its parent. */
  end(): void
}

/**
 * Where the work of the server is told to. One of your own stands in `createIntegratedApp({ tracer })`; none of its methods may throw. Where there is
 * no tracer nothing of this is called.
 */
export interface Tracer {
  startSpan(name: string, options: SpanOptions): Span
  /** Runs `work` with `span` as the active one, for as long as what it begins goes on. */
  run<Result>(span: Span, work: () => Result): Result
  /** The context of the active span; undefined where there is none, or it has ended. */
  active(): TraceContext | undefined
}

/** A span that nobody hears of. */
export const silentSpan: Span = {
  context: undefined,
  set: () => undefined,
  fail: () => undefined,
  end: () => undefined,
}

/** Runs `work` as a span, which ends with it. What it throws fails the span, by its code. */
export async function traced<Result>(
  tracer: Tracer,
  [name, options]: readonly [name: string, options: SpanOptions],
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  const span = tracer.startSpan(name, options)
  try {
    return await tracer.run(span, () => work(span))
  } catch (thrown) {
    span.fail(asAppError(thrown).code)
    throw thrown
  } finally {
    span.end()
  }
}
