import { afterEach, beforeEach, expect } from 'bun:test'
import { Secret } from '../../src/base/secret.ts'
import { type OtlpOptions, OtlpTracer } from '../../src/observe/otlp-tracer.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { RecordingMetrics } from '../support/recording-metrics.ts'
import { until } from '../support/redis-bench.ts'
import { startTraceCollector, type TraceCollector } from '../support/trace-collector.ts'
import { verifies } from '../support/verifies.ts'

const never = new AbortController().signal

let collector: TraceCollector
beforeEach(() => {
  collector = startTraceCollector()
})
afterEach(() => collector[Symbol.asyncDispose]())

async function fixture(options: Partial<OtlpOptions> = {}) {
  const clock = new FakeClock()
  const log = new RecordingLogger()
  const metrics = new RecordingMetrics()
  const tracer = new OtlpTracer(
    {
      endpoint: collector.endpoint,
      headers: [{ name: 'authorization', value: new Secret('Bearer key') }],
      protocol: 'http/protobuf',
      serviceName: 'test',
      serviceVersion: '1.2.3',
      serviceInstanceId: 'one',
      resourceAttributes: [],
      sampler: 'parentbased_always_on',
      samplerRatio: 1,
      ...options,
    },
    { clock, log, metrics },
  )
  await tracer.start()
  const spans = (count: number) => {
    for (let index = 0; index < count; index++) tracer.startSpan('work', { kind: 'client' }).end()
  }
  return { clock, log, metrics, tracer, spans }
}

verifies('traces:collector', 'what is left is sent at the stop, with the headers', async () => {
  const { tracer, spans, metrics } = await fixture()
  spans(3)
  await tracer.stop(never)
  expect(collector.spans).toHaveLength(3)
  expect(collector.requests[0]?.headers.get('authorization')).toBe('Bearer key')
  expect(metrics.sum('slackmcp_trace_spans_total', { outcome: 'exported' })).toBe(3)
})

verifies('traces:collector', 'a stop waits a second for one that hangs, and no longer', async () => {
  collector.answer('hang')
  const { tracer, spans, clock, metrics } = await fixture()
  spans(1)
  const stop = { isOver: false }
  const stopped = tracer.stop(never).then(() => {
    stop.isOver = true
  })
  await collector.requested(1)
  await clock.advance(999)
  expect(stop.isOver).toBe(false)
  await clock.advance(1)
  await stopped
  // Not because the exporter had given up.
  expect(metrics.sum('slackmcp_trace_spans_total', { outcome: 'failed' })).toBe(0)
})

verifies('traces:collector', 'a stop that is to hurry does not wait for it', async () => {
  collector.answer('hang')
  const { tracer, spans, metrics } = await fixture()
  spans(1)
  const hurry = new AbortController()
  const stopped = tracer.stop(hurry.signal)
  await collector.requested(1)
  hurry.abort()
  await stopped
  expect(metrics.sum('slackmcp_trace_spans_total', { outcome: 'failed' })).toBe(0)
})

verifies('traces:collector', 'beyond 2,048 spans that wait the next is dropped and counted', async () => {
  collector.answer('hang')
  const { tracer, spans, metrics } = await fixture()
  spans(2_048)
  expect(metrics.sum('slackmcp_trace_spans_total', { outcome: 'dropped' })).toBe(0)
  spans(2)
  // Also those under way are still in memory.
  await collector.requested(1)
  spans(1)
  expect(metrics.sum('slackmcp_trace_spans_total', { outcome: 'dropped' })).toBe(3)
  await tracer.stop(AbortSignal.abort())
})

verifies(
  'traces:collector',
  'one that refuses is told of once, without what it said; then that it takes them again',
  async () => {
    collector.answer(403)
    const { tracer, spans, log, metrics } = await fixture()
    const lost = () => metrics.sum('slackmcp_trace_spans_total', { outcome: 'failed' })
    spans(512)
    await until('the first are lost', () => lost() === 512)
    spans(512)
    await until('the next are lost too', () => lost() === 1_024)
    expect(log.lines.map(({ level, event }) => [level, event])).toEqual([['warn', 'traces_export_failed']])
    collector.answer(200)
    spans(512)
    await until('it is told', () => log.named('traces_export_recovered').length === 1)
    expect(JSON.stringify(log.lines)).not.toContain('Bearer')
    await tracer.stop(never)
  },
)

verifies('traces:collector', 'a stop does not wait for one that did not take the last', async () => {
  collector.answer(403)
  const { tracer, spans, log, metrics } = await fixture()
  spans(512)
  await until('it is warned of', () => log.named('traces_export_failed').length === 1)
  collector.answer('hang')
  spans(1)
  // The clock stands still: a wait would last until the exporter gives up.
  await tracer.stop(never)
  expect(metrics.sum('slackmcp_trace_spans_total', { outcome: 'failed' })).toBe(512)
})

verifies('traces:logs', 'a span is active in all that its work begins, until it ends', async () => {
  const { tracer } = await fixture()
  const span = tracer.startSpan('work', { kind: 'server', parent: null })
  const [begun, later] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const seen = tracer.run(span, async () => {
    await Promise.resolve()
    const during = tracer.active()
    begun.resolve()
    await later.promise
    return { during, afterwards: tracer.active() }
  })
  expect(tracer.active()).toBeUndefined()
  await begun.promise
  const { context } = span
  span.end()
  later.resolve()
  expect(await seen).toEqual({ during: context, afterwards: undefined })
  await tracer.stop(never)
})

verifies(
  'traces:off',
  'before it is started and after it has stopped, a tracer tells nobody anything',
  async () => {
    const { tracer, spans } = await fixture()
    await tracer.stop(never)
    spans(1)
    expect(tracer.startSpan('work', { kind: 'client' }).context).toBeUndefined()
    expect(collector.requests).toEqual([])
  },
)
