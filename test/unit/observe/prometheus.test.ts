import { describe, expect, test } from 'bun:test'
import { metricTable } from '../../../src/observe/metric-table.ts'
import { createPrometheusMetrics, type PrometheusMetrics } from '../../../src/observe/prometheus.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { verifies } from '../../support/verifies.ts'

interface Made {
  readonly metrics: PrometheusMetrics
  readonly clock: FakeClock
  readonly errors: unknown[]
  /** The lines of one metric, without comments. */
  readonly lines: (name: string) => Promise<readonly string[]>
}

function made(options: { readonly hasProcessMetrics?: boolean } = { hasProcessMetrics: false }): Made {
  const clock = new FakeClock()
  const errors: unknown[] = []
  const metrics = createPrometheusMetrics({
    clock,
    onCollectError: (error) => errors.push(error),
    ...options,
  })
  const lines = async (name: string) =>
    (await metrics.render()).split('\n').filter((line) => line.startsWith(name))
  return { metrics, clock, errors, lines }
}

describe('rendering', () => {
  test('names every metric of the table with its help and type', async () => {
    const { metrics } = made()
    const text = await metrics.render()
    for (const [name, { help, type }] of Object.entries(metricTable)) {
      expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`)
    }
    expect(metrics.contentType).toBe('text/plain; version=0.0.4; charset=utf-8')
  })

  test('adds up counters', async () => {
    const { metrics, lines } = made()
    metrics.increment('slackmcp_queue_dropped_total', { reason: 'drop_oldest' })
    metrics.increment('slackmcp_queue_dropped_total', { reason: 'drop_oldest' }, 2)
    await metrics.render()
    expect(await lines('slackmcp_queue_dropped_total{reason="drop_oldest"}')).toEqual([
      'slackmcp_queue_dropped_total{reason="drop_oldest"} 3',
    ])
  })

  test('shows counters whose labels are all closed at 0 before they first count', async () => {
    const { lines } = made()
    expect(await lines('slackmcp_circuit_breaker_transitions_total')).toEqual([
      'slackmcp_circuit_breaker_transitions_total{name="slack",to="closed"} 0',
      'slackmcp_circuit_breaker_transitions_total{name="slack",to="open"} 0',
      'slackmcp_circuit_breaker_transitions_total{name="slack",to="half_open"} 0',
      'slackmcp_circuit_breaker_transitions_total{name="queue",to="closed"} 0',
      'slackmcp_circuit_breaker_transitions_total{name="queue",to="open"} 0',
      'slackmcp_circuit_breaker_transitions_total{name="queue",to="half_open"} 0',
      'slackmcp_circuit_breaker_transitions_total{name="forward",to="closed"} 0',
      'slackmcp_circuit_breaker_transitions_total{name="forward",to="open"} 0',
      'slackmcp_circuit_breaker_transitions_total{name="forward",to="half_open"} 0',
    ])
  })

  test('shows a counter at 0 for no combination that cannot be', async () => {
    const { lines } = made()
    const series = (surface: string, reasons: readonly string[]) =>
      reasons.map((reason) => `slackmcp_auth_failures_total{surface="${surface}",reason="${reason}"} 0`)
    const bearer = ['missing', 'malformed_header', 'unknown_token', 'forbidden']
    expect(await lines('slackmcp_auth_failures_total')).toEqual([
      ...series('mcp', [...bearer, 'bad_signature', 'stale']),
      ...series('admin', bearer),
      ...series('webhook', ['missing', 'malformed_header', 'bad_signature', 'stale']),
    ])
  })

  test('shows a gauge only once it was set, with its latest value', async () => {
    const { metrics, lines } = made()
    expect(await lines('slackmcp_queue_depth')).toEqual([])
    metrics.set('slackmcp_queue_depth', {}, 5)
    metrics.set('slackmcp_queue_depth', {}, 4)
    expect(await lines('slackmcp_queue_depth')).toEqual(['slackmcp_queue_depth 4'])
  })

  test('puts a value at a bound into the bucket of that bound, and what exceeds all bounds into +Inf', async () => {
    const { metrics, lines } = made()
    for (const seconds of [0.009, 0.01, 0.011, 300, 300.1]) {
      metrics.observe('mcp_server_session_duration_seconds', { network_transport: 'sse' }, seconds)
    }
    const text = (await lines('mcp_server_session_duration_seconds')).join('\n')
    const count = (le: string) =>
      Number(
        new RegExp(`_bucket\\{le="${RegExp.escape(le)}",network_transport="sse"\\} (\\d+)`).exec(text)?.[1],
      )
    expect([count('0.01'), count('0.02'), count('120'), count('300'), count('+Inf')]).toEqual([2, 3, 3, 4, 5])
    expect(text).toContain('mcp_server_session_duration_seconds_sum{network_transport="sse"} 600.13')
    expect(text).toContain('mcp_server_session_duration_seconds_count{network_transport="sse"} 5')
  })

  test('refuses what would poison a metric', () => {
    const { metrics } = made()
    expect(() => metrics.increment('slackmcp_queue_dropped_total', { reason: 'drop_oldest' }, -1)).toThrow(
      RangeError,
    )
    expect(() =>
      metrics.increment('slackmcp_queue_dropped_total', { reason: 'drop_oldest' }, Number.NaN),
    ).toThrow(RangeError)
    expect(() => metrics.observe('slackmcp_event_loop_lag_seconds', {}, Number.NaN)).toThrow(RangeError)
  })

  test('tells about the process, twice in one process', async () => {
    for (const { metrics } of [made({}), made({})]) {
      const text = await metrics.render()
      for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'process_open_fds']) {
        expect(text).toMatch(new RegExp(`^${name} [0-9.e+]+$`, 'm'))
      }
      // Address space on Bun, not memory.
      expect(text).not.toContain('process_heap_bytes')
    }
  })
})

describe('labels', () => {
  verifies(
    'observe:metrics:bounded-labels',
    'take only registered values; 10,000 others share one series',
    async () => {
      const { metrics, lines } = made()
      metrics.register('event_type', ['message'])
      metrics.increment('slackmcp_events_received_total', { event_type: 'message', outcome: 'accepted' })
      for (let index = 0; index < 10_000; index++) {
        metrics.increment('slackmcp_events_received_total', {
          event_type: `random_${index}`,
          outcome: 'accepted',
        })
      }
      expect(await lines('slackmcp_events_received_total')).toEqual([
        'slackmcp_events_received_total{event_type="message",outcome="accepted"} 1',
        'slackmcp_events_received_total{event_type="_other",outcome="accepted"} 10000',
      ])
    },
  )

  test('take a value from the moment it is registered', async () => {
    const { metrics, lines } = made()
    metrics.observe('slackmcp_event_ack_duration_seconds', { event_type: 'app_mention' }, 1)
    metrics.register('event_type', ['app_mention'])
    metrics.observe('slackmcp_event_ack_duration_seconds', { event_type: 'app_mention' }, 1)
    const counts = (await lines('slackmcp_event_ack_duration_seconds_count')).toSorted()
    expect(counts).toEqual([
      'slackmcp_event_ack_duration_seconds_count{event_type="_other"} 1',
      'slackmcp_event_ack_duration_seconds_count{event_type="app_mention"} 1',
    ])
  })

  test('may be empty, which says that they do not apply', async () => {
    const { metrics, lines } = made()
    metrics.increment('slackmcp_slack_api_errors_total', { method: '', error: '' })
    expect(await lines('slackmcp_slack_api_errors_total')).toEqual([
      'slackmcp_slack_api_errors_total{method="",error=""} 1',
    ])
  })

  test('know HTTP methods, the statuses we answer and our error codes by themselves', async () => {
    const { metrics, lines } = made()
    const labels = { http_route: '', http_request_method: 'POST', http_response_status_code: '401' }
    metrics.observe('http_server_request_duration_seconds', { ...labels, error_type: '401' }, 0.1)
    metrics.observe(
      'http_server_request_duration_seconds',
      { ...labels, http_request_method: 'BREW', error_type: '' },
      0.1,
    )
    metrics.increment('slackmcp_errors_total', { code: 'INTERNAL', component: 'server' })
    expect(await lines('http_server_request_duration_seconds_count')).toEqual([
      'http_server_request_duration_seconds_count{http_request_method="POST",http_route="",http_response_status_code="401",error_type="401"} 1',
      'http_server_request_duration_seconds_count{http_request_method="_other",http_route="",http_response_status_code="401",error_type=""} 1',
    ])
    expect(await lines('slackmcp_errors_total')).toEqual([
      'slackmcp_errors_total{code="INTERNAL",component="server"} 1',
    ])
  })

  test('with a closed set refuse a value outside it', () => {
    const { metrics } = made()
    const reason: string = 'made_up'
    expect(() =>
      metrics.increment('slackmcp_queue_dropped_total', { reason: reason as 'drop_oldest' }),
    ).toThrow(new RangeError('"made_up" is not a value of the label reason'))
  })

  test('with values that do not go together refuse them', () => {
    const { metrics } = made()
    const surface: string = 'webhook'
    expect(() =>
      metrics.increment('slackmcp_auth_failures_total', { surface: surface as 'mcp', reason: 'forbidden' }),
    ).toThrow(new RangeError('{"surface":"webhook","reason":"forbidden"} do not go together'))
  })

  test('fold combinations beyond 2,000 into one series', async () => {
    const { metrics, lines } = made()
    const texts = Array.from({ length: 50 }, (_, index) => `v${index}`)
    metrics.register('method', texts)
    metrics.register('error', texts)
    for (const method of texts) {
      for (const error of texts) metrics.increment('slackmcp_slack_api_errors_total', { method, error })
    }
    const rendered = await lines('slackmcp_slack_api_errors_total')
    expect(rendered.length).toBe(2_001)
    expect(rendered.at(-1)).toBe('slackmcp_slack_api_errors_total{method="_other",error="_other"} 500')
  })

  test('cannot break out of the text format', async () => {
    const { metrics, lines } = made()
    metrics.register('version', ['1"\n# evil\\'])
    metrics.set('slackmcp_build_info', { version: '1"\n# evil\\', commit: '', bun_version: '' }, 1)
    expect(await lines('slackmcp_build_info')).toEqual([
      'slackmcp_build_info{version="1\\"\\n# evil\\\\",commit="",bun_version=""} 1',
    ])
  })
})

test('two apps in one process do not meet', async () => {
  const first = made()
  const second = made()
  first.metrics.register('event_type', ['message'])
  first.metrics.set('slackmcp_queue_depth', {}, 7)
  second.metrics.observe('slackmcp_event_ack_duration_seconds', { event_type: 'message' }, 1)
  expect(await second.lines('slackmcp_queue_depth')).toEqual([])
  expect(await second.lines('slackmcp_event_ack_duration_seconds_count')).toEqual([
    'slackmcp_event_ack_duration_seconds_count{event_type="_other"} 1',
  ])
})

describe('collectors', () => {
  test('run before each scrape', async () => {
    const { metrics, lines, clock } = made()
    let depth = 0
    metrics.onScrape(async () => metrics.set('slackmcp_queue_depth', {}, ++depth))
    expect(await lines('slackmcp_queue_depth')).toEqual(['slackmcp_queue_depth 1'])
    expect(await lines('slackmcp_queue_depth')).toEqual(['slackmcp_queue_depth 2'])
    expect(clock.timerCount).toBe(0)
  })

  test('that fail are reported and spoil nothing', async () => {
    const { metrics, lines, errors } = made()
    metrics.onScrape(() => {
      throw new Error('sync')
    })
    metrics.onScrape(async () => {
      throw new Error('async')
    })
    metrics.onScrape(() => metrics.set('slackmcp_ready', {}, 1))
    expect(await lines('slackmcp_ready')).toEqual(['slackmcp_ready 1'])
    expect(errors).toEqual([new Error('sync'), new Error('async')])
  })

  verifies(
    'observe:metrics:late-collector',
    'that hang delay a scrape by one second and no more',
    async () => {
      const { metrics, clock } = made()
      metrics.onScrape(() => new Promise(() => undefined))
      let text: string | undefined
      void metrics.render().then((rendered) => {
        text = rendered
      })
      await clock.advance(999)
      expect(text).toBeUndefined()
      await clock.advance(1)
      expect(text).toContain('# TYPE slackmcp_ready gauge')
      expect(clock.timerCount).toBe(0)
    },
  )
})
