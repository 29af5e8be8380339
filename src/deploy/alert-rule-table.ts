import { createMetricQueries } from './metric-query.ts'

/** When to wake whom, and what to do then. */
export interface AlertRule {
  readonly alert: string
  readonly expr: string
  /** How long it must hold before it is said, in Prometheus' form. */
  readonly lasts: string
  /** `critical`: events are being refused or lost, or nobody is served. `warning`: it will come to that, or something is slow. */
  readonly severity: 'critical' | 'warning'
  readonly summary: string
  /** What it means and what to look at. */
  readonly description: string
}

const { series, buckets, counts } = createMetricQueries()

const events = (...outcome: readonly EventOutcome[]) => series('slackmcp_events_received_total', { outcome })
type EventOutcome = 'accepted' | 'duplicate' | 'queue_failed'
/** Requests with a well-formed signature that is not Slack's for this app. A scanner sends none, and Slack always does. */
const misSigned = series('slackmcp_auth_failures_total', {
  surface: ['webhook'],
  reason: ['bad_signature', 'stale'],
})
const serverFaults = ['500', '502', '503', '504'] as const
const stored = events('accepted', 'duplicate')

/** The alerts that `generate prometheus-rules` prints. */
export const alertRules: readonly AlertRule[] = [
  {
    alert: 'SlackServerAbsent',
    expr: `absent(${series('slackmcp_ready')})`,
    lasts: '5m',
    severity: 'critical',
    summary: 'No server is scraped',
    description: 'Either none runs, or Prometheus does not reach /metrics.',
  },
  {
    alert: 'SlackServerNotReady',
    expr: `${series('slackmcp_ready')} == 0`,
    lasts: '5m',
    severity: 'warning',
    summary: 'A server has been starting or stopping for minutes',
    description: 'Its log says what it waits for.',
  },
  {
    alert: 'SlackConfigReloadRefused',
    expr: `${series('slackmcp_config_last_reload_successful')} == 0`,
    lasts: '5m',
    severity: 'warning',
    summary: 'A new configuration was refused, and the one before is still in effect',
    description: 'The log names every problem (config_problem_found). Correct it and reload again.',
  },
  {
    alert: 'SlackMemoryShort',
    expr: `${series('slackmcp_memory_shedding')} == 1`,
    lasts: '5m',
    severity: 'warning',
    summary: 'MCP requests have been refused for minutes because memory is short',
    description:
      'It is used to 80 % of its limit, and events are still taken. Look for what grows, or raise the limit.',
  },
  {
    alert: 'SlackEventsRefused',
    expr: `sum(rate(${events('queue_failed')}[5m])) > 0`,
    lasts: '1m',
    severity: 'critical',
    summary: 'Events are answered 503 because they cannot be stored',
    description:
      'Slack tries three more times within an hour. Look at the queue: Redis, disk, or a group that does not keep up.',
  },
  {
    alert: 'SlackSignaturesFail',
    // Slack sends each event up to four times: five are more than one event, or one forger's try.
    expr: `sum(increase(${misSigned}[15m])) >= 5 unless sum(rate(${stored}[15m])) > 0`,
    lasts: '15m',
    severity: 'critical',
    summary: 'Every event is refused for its signature',
    description:
      'The signing secret is another app’s or an old one, or the clock is off by more than five minutes. Or nothing comes but forged events; unsigned requests do not count.',
  },
  {
    alert: 'SlackClockSkewed',
    expr: `max by (instance) (abs(${series('slackmcp_clock_skew_seconds')})) > 60`,
    lasts: '15m',
    severity: 'warning',
    summary: 'The clock is a minute off the time that Slack signs with',
    description: 'Beyond five minutes every event is refused. Set the clock by NTP.',
  },
  {
    alert: 'SlackEventsStopped',
    expr: `sum(rate(${stored}[1h])) == 0 and sum(rate(${stored}[1h] offset 1w)) > 0`,
    lasts: '30m',
    severity: 'warning',
    summary: 'No event for an hour, unlike at this time last week',
    description:
      'Slack turns off the events of an app whose server failed too often: look at the Event Subscriptions of the app.',
  },
  {
    alert: 'SlackAcknowledgementSlow',
    expr: `histogram_quantile(0.99, sum by (le) (rate(${buckets('slackmcp_event_ack_duration_seconds')}[5m]))) > 1`,
    lasts: '10m',
    severity: 'warning',
    summary: 'One event in a hundred waits a second for its acknowledgement',
    description:
      'Slack gives up at three seconds. Look at the latency of the disk or of Redis, and at the event loop.',
  },
  {
    alert: 'SlackQueueDown',
    expr: `min by (component) (${series('slackmcp_component_up', { component: ['queue_backend'] })}) == 0`,
    lasts: '2m',
    severity: 'critical',
    summary: 'The queue does not answer',
    description: 'Events are refused or wait in the spool. Look at Redis or at the disk.',
  },
  {
    alert: 'SlackQueueFilling',
    expr: `max(${series('slackmcp_queue_fill_ratio')}) > 0.8`,
    lasts: '10m',
    severity: 'warning',
    summary: 'A group is so far behind that events will be refused soon',
    description:
      'At 1 they are. “events groups” names the group: make it faster, or remove it if nobody needs it.',
  },
  {
    alert: 'SlackConsumersBehind',
    expr: `max(${series('slackmcp_queue_oldest_event_age_seconds')}) > 300`,
    lasts: '10m',
    severity: 'warning',
    summary: 'An event has waited for more than five minutes',
    description: 'A consumer is down, slow, or failing again and again.',
  },
  {
    alert: 'SlackDeadLetters',
    expr: `max(${series('slackmcp_dead_letters')}) > 0`,
    lasts: '5m',
    severity: 'warning',
    summary: 'Events were given up after too many attempts',
    description: '“events dead” lists them with their reasons and replays them.',
  },
  {
    alert: 'SlackEventsDropped',
    expr: `sum(increase(${series('slackmcp_queue_dropped_total', { reason: ['drop_oldest', 'dead_letter_evicted'] })}[15m])) > 0`,
    lasts: '0m',
    severity: 'critical',
    summary: 'Events or dead letters were lost for want of room',
    description: 'Give the queue more room, or its consumers more speed.',
  },
  {
    alert: 'SlackEventsDamaged',
    expr: `sum(increase(${series('slackmcp_queue_quarantined_total')}[1h])) > 0`,
    lasts: '0m',
    severity: 'critical',
    summary: 'Stored events do not match their checksums',
    description: 'They were set aside. The disk or the memory is failing.',
  },
  {
    alert: 'SlackUnreachable',
    expr: `max by (component) (${series('slackmcp_component_up', { component: ['slack_client'] })}) == 0`,
    lasts: '10m',
    severity: 'critical',
    summary: 'No server can use Slack',
    description: 'Slack is down, or the token was revoked: the log of the last failed call says which.',
  },
  {
    alert: 'SlackCircuitOpen',
    expr: `max by (name) (${series('slackmcp_circuit_breaker_state', { state: ['open'] })}) == 1`,
    lasts: '2m',
    severity: 'warning',
    summary: 'Calls of {{ $labels.name }} are refused without being tried',
    description: 'Five failures in a row opened the circuit; it is tried again by itself.',
  },
  {
    alert: 'SlackRateLimited',
    expr: `sum by (method) (rate(${series('slackmcp_slack_rate_limited_total')}[15m])) > 0.1`,
    lasts: '15m',
    severity: 'warning',
    summary: 'Slack keeps refusing {{ $labels.method }} for its rate limit',
    description:
      'Clients ask for more than Slack gives: narrow their tools, or lower the limits per principal.',
  },
  {
    alert: 'SlackForwardingPaused',
    expr: `max(${series('slackmcp_forward_paused')}) == 1`,
    lasts: '5m',
    severity: 'critical',
    summary: 'Events are no longer forwarded: the endpoint answered 410',
    description: 'Correct FORWARD_URL and restart; the events have been kept.',
  },
  {
    alert: 'SlackServerFaults',
    expr: `sum(rate(${counts('http_server_request_duration_seconds', { http_response_status_code: serverFaults })}[5m])) / sum(rate(${counts('http_server_request_duration_seconds')}[5m])) > 0.05`,
    lasts: '10m',
    severity: 'warning',
    summary: 'More than one request in twenty fails on the side of the server',
    description:
      'docs/errors.md says for each code why it happens; slackmcp_errors_total counts them by code.',
  },
  {
    alert: 'SlackEventLoopHeld',
    expr: `histogram_quantile(0.99, sum by (le, instance) (rate(${buckets('slackmcp_event_loop_lag_seconds')}[5m]))) > 0.1`,
    lasts: '10m',
    severity: 'warning',
    summary: 'The event loop of {{ $labels.instance }} is held for a tenth of a second',
    description: 'Too little CPU, or too much work for one process: add replicas.',
  },
]
