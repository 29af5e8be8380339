/** Everything that this process measures. Names follow Prometheus' rules; the generic ones are OpenTelemetry's, translated. */
export interface MetricRow {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  /**
   * The labels and what they may say. A list is the closed set of values, which TypeScript checks at the call. `open` is a set known only at
   * run time (tools, routes, event types): values that were not registered at start are counted as `_other`, so that no caller can mint a label.
   */
  readonly labels: Readonly<Record<string, readonly string[] | 'open'>>
  /** Which values go together, where not every one goes with every other. Without it all do. */
  readonly combinations?: readonly { readonly [label: string]: readonly string[] }[]
  /** Upper bounds of a histogram's buckets, in the unit of its name. */
  readonly buckets?: readonly number[]
}

/** OpenTelemetry's advice for HTTP server durations. */
const httpBuckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const
/** OpenTelemetry's advice for MCP operations. */
const mcpBuckets = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300] as const
/** Slack waits 3 s; the interesting part of an acknowledgement is far below. */
const ackBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 2.5, 3] as const
const lagBuckets = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600] as const

/** Timers are late by a millisecond or two at rest; a tenth of a second is felt by everybody. */
const loopLagBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] as const

export const metricTable = {
  http_server_request_duration_seconds: {
    type: 'histogram',
    help: 'Time from the dispatch of a request to the headers of its answer; the body of a stream is not part of it.',
    labels: {
      http_request_method: 'open',
      http_route: 'open',
      http_response_status_code: 'open',
      error_type: 'open',
    },
    buckets: httpBuckets,
  },
  http_server_active_requests: {
    type: 'gauge',
    help: 'Requests that are being answered.',
    labels: {},
  },
  mcp_server_operation_duration_seconds: {
    type: 'histogram',
    help: 'Time that an MCP request took, by method, tool and outcome.',
    labels: {
      mcp_method_name: 'open',
      gen_ai_tool_name: 'open',
      error_type: 'open',
      mcp_protocol_version: 'open',
    },
    buckets: mcpBuckets,
  },
  mcp_server_session_duration_seconds: {
    type: 'histogram',
    help: 'How long MCP sessions lived.',
    labels: { network_transport: ['sse', 'streamable_http'] },
    buckets: mcpBuckets,
  },
  slackmcp_mcp_sessions: {
    type: 'gauge',
    help: 'Open MCP sessions.',
    labels: { transport: ['sse', 'streamable_http'] },
  },
  slackmcp_events_received_total: {
    type: 'counter',
    help: 'Requests to the webhook, by type of event and what became of them.',
    labels: {
      event_type: 'open',
      outcome: [
        'accepted',
        'duplicate',
        'handshake',
        'bad_signature',
        'stale',
        'malformed',
        'ignored',
        'queue_failed',
      ],
    },
  },
  slackmcp_event_ack_duration_seconds: {
    type: 'histogram',
    help: 'Time from the first byte of an event to its acknowledgement.',
    labels: { event_type: 'open' },
    buckets: ackBuckets,
  },
  slackmcp_event_delivery_lag_seconds: {
    type: 'histogram',
    help: "Time between Slack's event_time and the arrival of the event.",
    labels: { event_type: 'open' },
    buckets: lagBuckets,
  },
  slackmcp_clock_skew_seconds: {
    type: 'gauge',
    help: 'How far the clock is ahead of the time that Slack signed the last request with; beyond 300 either way every event is refused.',
    labels: {},
  },
  slackmcp_event_retries_total: {
    type: 'counter',
    help: 'Events that Slack sent again, by the reason that Slack gave.',
    labels: { reason: 'open' },
  },
  slackmcp_queue_depth: { type: 'gauge', help: 'Events kept by the queue.', labels: {} },
  slackmcp_queue_events_max: { type: 'gauge', help: 'Bound of the queue, in events.', labels: {} },
  slackmcp_queue_pending_events: {
    type: 'gauge',
    help: 'Events that the group furthest behind has not acknowledged.',
    labels: {},
  },
  slackmcp_queue_fill_ratio: {
    type: 'gauge',
    help: 'How near the group furthest behind is to the bound; at 1 publishing is refused.',
    labels: {},
  },
  slackmcp_queue_group_pending_events: {
    type: 'gauge',
    help: 'Events that a group has not acknowledged.',
    labels: { group: 'open' },
  },
  slackmcp_queue_idle_groups: {
    type: 'gauge',
    help: 'Groups with events waiting that nobody has consumed for days.',
    labels: {},
  },
  slackmcp_queue_oldest_event_age_seconds: {
    type: 'gauge',
    help: 'Age of the oldest event that a group has not acknowledged.',
    labels: {},
  },
  slackmcp_queue_dropped_total: {
    type: 'counter',
    help: 'Events and dead letters that gave way to newer ones, and deduplication records evicted early.',
    labels: { reason: ['no_subscriber', 'dedupe_evicted', 'drop_oldest', 'dead_letter_evicted'] },
  },
  slackmcp_queue_quarantined_total: {
    type: 'counter',
    help: 'Stored events whose checksum did not match: set aside, not delivered.',
    labels: {},
  },
  slackmcp_queue_publish_duration_seconds: {
    type: 'histogram',
    help: 'Time that the queue took to store one event.',
    labels: { outcome: ['stored', 'duplicate', 'unavailable', 'full'] },
    buckets: ackBuckets,
  },
  slackmcp_dead_letters: {
    type: 'gauge',
    help: 'Events given up after too many failed attempts.',
    labels: {},
  },
  slackmcp_forward_duration_seconds: {
    type: 'histogram',
    help: 'Time of one delivery to FORWARD_URL, by what became of it.',
    labels: {
      outcome: ['delivered', 'refused', 'unavailable', 'redirected', 'gone', 'timeout', 'network'],
    },
    buckets: mcpBuckets,
  },
  slackmcp_forward_paused: {
    type: 'gauge',
    help: '1 while forwarding is paused because the endpoint answered 410.',
    labels: {},
  },
  slackmcp_slack_api_request_duration_seconds: {
    type: 'histogram',
    help: 'Time of one HTTP request to the Slack Web API.',
    labels: {
      method: 'open',
      outcome: ['ok', 'error', 'rate_limited', 'timeout', 'network', 'cancelled'],
    },
    buckets: mcpBuckets,
  },
  slackmcp_slack_api_errors_total: {
    type: 'counter',
    help: "Calls that Slack refused, by Slack's error code.",
    labels: { method: 'open', error: 'open' },
  },
  slackmcp_slack_rate_limited_total: {
    type: 'counter',
    help: 'Answers 429 of the Slack Web API.',
    labels: { method: 'open' },
  },
  slackmcp_circuit_breaker_state: {
    type: 'gauge',
    help: '1 for the state that the circuit breaker is in.',
    labels: { name: ['slack', 'queue', 'forward'], state: ['closed', 'open', 'half_open'] },
  },
  slackmcp_circuit_breaker_transitions_total: {
    type: 'counter',
    help: 'Changes of state of a circuit breaker.',
    labels: { name: ['slack', 'queue', 'forward'], to: ['closed', 'open', 'half_open'] },
  },
  slackmcp_rate_limiter_rejected_total: {
    type: 'counter',
    help: 'Requests refused by a limiter.',
    labels: { scope: ['address', 'principal', 'tool', 'body_budget', 'requests', 'memory'] },
  },
  slackmcp_auth_failures_total: {
    type: 'counter',
    help: 'Requests without valid credentials.',
    labels: {
      surface: ['mcp', 'admin', 'webhook'],
      reason: ['missing', 'malformed_header', 'unknown_token', 'forbidden', 'bad_signature', 'stale'],
    },
    combinations: [
      // Bearers, and Slack's own client, which signs.
      {
        surface: ['mcp'],
        reason: ['missing', 'malformed_header', 'unknown_token', 'forbidden', 'bad_signature', 'stale'],
      },
      { surface: ['admin'], reason: ['missing', 'malformed_header', 'unknown_token', 'forbidden'] },
      { surface: ['webhook'], reason: ['missing', 'malformed_header', 'bad_signature', 'stale'] },
    ],
  },
  slackmcp_errors_total: {
    type: 'counter',
    help: 'Error answers and failed tool calls, by code and component.',
    labels: { code: 'open', component: ['mcp', 'webhook', 'server'] },
  },
  slackmcp_faults_total: {
    type: 'counter',
    help: 'Errors that nobody caught. From the first one on the server drains, and ends as failed.',
    labels: {},
  },
  slackmcp_build_info: {
    type: 'gauge',
    help: 'Always 1; the labels say what runs.',
    labels: { version: 'open', commit: 'open', bun_version: 'open' },
  },
  slackmcp_config_reloads_total: {
    type: 'counter',
    help: 'Reloads of the configuration. refused: it could not be used, and the one before stays in effect.',
    labels: { outcome: ['applied', 'refused'] },
  },
  slackmcp_config_last_reload_successful: {
    type: 'gauge',
    help: '0 after a reload that was refused, until one is applied; else 1.',
    labels: {},
  },
  slackmcp_config_loaded_timestamp_seconds: {
    type: 'gauge',
    help: 'When the configuration in effect was read, seconds since 1970.',
    labels: {},
  },
  slackmcp_memory_shedding: {
    type: 'gauge',
    help: '1 while MCP requests are refused because 80 % of the memory limit is used; absent without such a limit.',
    labels: {},
  },
  slackmcp_event_loop_lag_seconds: {
    type: 'histogram',
    help: 'How late a timer of 100 ms fired: how long other work held the event loop.',
    labels: {},
    buckets: loopLagBuckets,
  },
  slackmcp_trace_spans_total: {
    type: 'counter',
    help: 'Spans for the collector: taken by it, not taken by it, or dropped because too many waited.',
    labels: { outcome: ['exported', 'failed', 'dropped'] },
  },
  slackmcp_ready: { type: 'gauge', help: '1 while the server takes work.', labels: {} },
  slackmcp_component_up: {
    type: 'gauge',
    help: '1 while the component works, 0 while it does not; absent when it is disabled.',
    labels: { component: ['mcp_server', 'webhook_server', 'slack_client', 'queue_backend'] },
  },
} as const satisfies Record<string, MetricRow>

export type MetricTable = typeof metricTable
export type MetricName = keyof MetricTable
