import { createMetricQueries } from './metric-query.ts'

/** One panel of the dashboard. */
export interface DashboardPanel {
  readonly title: string
  readonly kind: 'stat' | 'timeseries'
  /** A unit of Grafana's. */
  readonly unit: 'short' | 's' | 'reqps' | 'percentunit'
  readonly queries: readonly DashboardQuery[]
}

export interface DashboardQuery {
  readonly expr: string
  /** What the line is called, with labels in double braces. */
  readonly legend: string
}

/** Panels that belong together, below a heading. */
export interface DashboardSection {
  readonly title: string
  readonly panels: readonly DashboardPanel[]
}

const { series, buckets, counts } = createMetricQueries(['job=~"$job"'])

/** Grafana chooses a window that fits the distance between two points. */
const window = '[$__rate_interval]'

const rateBy = (label: string, selector: string) => `sum by (${label}) (rate(${selector}${window}))`
const rate = (selector: string) => `sum(rate(${selector}${window}))`
const quantile = (share: number, selector: string, by = 'le') =>
  `histogram_quantile(${share}, sum by (${by}) (rate(${selector}${window})))`

function stat(title: string, unit: DashboardPanel['unit'], expr: string): DashboardPanel {
  return { title, kind: 'stat', unit, queries: [{ expr, legend: '' }] }
}

function lines(title: string, unit: DashboardPanel['unit'], expr: string, legend: string): DashboardPanel {
  return { title, kind: 'timeseries', unit, queries: [{ expr, legend }] }
}

function percentiles(title: string, selector: string): DashboardPanel {
  return {
    title,
    kind: 'timeseries',
    unit: 's',
    queries: [0.5, 0.95, 0.99].map((share) => ({
      expr: quantile(share, selector),
      legend: `p${share * 100}`,
    })),
  }
}

const toolCalls = counts('mcp_server_operation_duration_seconds', { mcp_method_name: ['tools/call'] })

/** What `generate grafana-dashboard` shows. */
export const dashboardSections: readonly DashboardSection[] = [
  {
    title: 'Overview',
    panels: [
      stat('Servers ready', 'short', `sum(${series('slackmcp_ready')})`),
      stat('Events', 'reqps', rate(series('slackmcp_events_received_total', { outcome: ['accepted'] }))),
      stat('Tool calls', 'reqps', rate(toolCalls)),
      stat('Waiting events', 'short', `max(${series('slackmcp_queue_pending_events')})`),
      stat('Dead letters', 'short', `max(${series('slackmcp_dead_letters')})`),
      stat('Errors', 'reqps', rate(series('slackmcp_errors_total'))),
      lines(
        'Components',
        'short',
        `min by (component) (${series('slackmcp_component_up')})`,
        '{{component}}',
      ),
      lines(
        'Circuit breakers open',
        'short',
        `max by (name) (${series('slackmcp_circuit_breaker_state', { state: ['open'] })})`,
        '{{name}}',
      ),
      lines(
        'Versions',
        'short',
        `count by (version, commit) (${series('slackmcp_build_info')})`,
        '{{version}} {{commit}}',
      ),
    ],
  },
  {
    title: 'Events from Slack',
    panels: [
      lines(
        'By outcome',
        'reqps',
        rateBy('outcome', series('slackmcp_events_received_total')),
        '{{outcome}}',
      ),
      lines(
        'By type',
        'reqps',
        rateBy('event_type', series('slackmcp_events_received_total')),
        '{{event_type}}',
      ),
      percentiles('Time to acknowledge (Slack waits 3 s)', buckets('slackmcp_event_ack_duration_seconds')),
      percentiles('Delay of Slack’s delivery', buckets('slackmcp_event_delivery_lag_seconds')),
      lines(
        'Sent again by Slack',
        'reqps',
        rateBy('reason', series('slackmcp_event_retries_total')),
        '{{reason}}',
      ),
      lines(
        'Without valid credentials',
        'reqps',
        rateBy('surface, reason', series('slackmcp_auth_failures_total')),
        '{{surface}} {{reason}}',
      ),
    ],
  },
  {
    title: 'Queue',
    panels: [
      lines(
        'Waiting events by group',
        'short',
        `max by (group) (${series('slackmcp_queue_group_pending_events')})`,
        '{{group}}',
      ),
      lines(
        'Age of the oldest waiting event',
        's',
        `max(${series('slackmcp_queue_oldest_event_age_seconds')})`,
        'age',
      ),
      lines('Nearness to the bound', 'percentunit', `max(${series('slackmcp_queue_fill_ratio')})`, 'fill'),
      percentiles('Time to store an event', buckets('slackmcp_queue_publish_duration_seconds')),
      lines(
        'Dropped and evicted',
        'reqps',
        rateBy('reason', series('slackmcp_queue_dropped_total')),
        '{{reason}}',
      ),
      lines(
        'Forwarded, by outcome',
        'reqps',
        rateBy('outcome', counts('slackmcp_forward_duration_seconds')),
        '{{outcome}}',
      ),
    ],
  },
  {
    title: 'MCP',
    panels: [
      lines('Tool calls', 'reqps', rateBy('gen_ai_tool_name', toolCalls), '{{gen_ai_tool_name}}'),
      lines(
        'Time of tool calls, p95',
        's',
        quantile(
          0.95,
          buckets('mcp_server_operation_duration_seconds', { mcp_method_name: ['tools/call'] }),
          'le, gen_ai_tool_name',
        ),
        '{{gen_ai_tool_name}}',
      ),
      lines(
        'Errors by code',
        'reqps',
        rateBy('code', series('slackmcp_errors_total', { component: ['mcp'] })),
        '{{code}}',
      ),
      lines(
        'Protocol versions',
        'reqps',
        rateBy('mcp_protocol_version', counts('mcp_server_operation_duration_seconds')),
        '{{mcp_protocol_version}}',
      ),
      lines('Sessions', 'short', `sum by (transport) (${series('slackmcp_mcp_sessions')})`, '{{transport}}'),
      lines(
        'Refused by a limiter',
        'reqps',
        rateBy('scope', series('slackmcp_rate_limiter_rejected_total')),
        '{{scope}}',
      ),
    ],
  },
  {
    title: 'Slack’s API',
    panels: [
      lines(
        'Requests',
        'reqps',
        rateBy('method', counts('slackmcp_slack_api_request_duration_seconds')),
        '{{method}}',
      ),
      lines(
        'Outcomes',
        'reqps',
        rateBy('outcome', counts('slackmcp_slack_api_request_duration_seconds')),
        '{{outcome}}',
      ),
      percentiles('Time of a request', buckets('slackmcp_slack_api_request_duration_seconds')),
      lines(
        'Errors',
        'reqps',
        rateBy('method, error', series('slackmcp_slack_api_errors_total')),
        '{{method}} {{error}}',
      ),
      lines(
        'Rate limited',
        'reqps',
        rateBy('method', series('slackmcp_slack_rate_limited_total')),
        '{{method}}',
      ),
    ],
  },
  {
    title: 'HTTP and process',
    panels: [
      lines(
        'Requests',
        'reqps',
        rateBy('http_route', counts('http_server_request_duration_seconds')),
        '{{http_route}}',
      ),
      lines(
        'Statuses',
        'reqps',
        rateBy('http_response_status_code', counts('http_server_request_duration_seconds')),
        '{{http_response_status_code}}',
      ),
      lines(
        'Requests being answered',
        'short',
        `sum by (instance) (${series('http_server_active_requests')})`,
        '{{instance}}',
      ),
      lines(
        'Errors by code',
        'reqps',
        rateBy('component, code', series('slackmcp_errors_total')),
        '{{component}} {{code}}',
      ),
      lines(
        'Event loop held, p99',
        's',
        quantile(0.99, buckets('slackmcp_event_loop_lag_seconds'), 'le, instance'),
        '{{instance}}',
      ),
    ],
  },
]
