import type { Clock } from './base/clock.ts'
import { buildInfo } from './build-info.ts'
import type { Logger } from './observe/logger.ts'
import { createPrometheusMetrics, type PrometheusMetrics } from './observe/prometheus.ts'
import { slackEventTypes, slackRetryReasons } from './slack/event-types.ts'
import { methodTable } from './slack/method-table.ts'
import { authErrors } from './slack/outcome.ts'
import { slackErrorHints } from './tools/slack-error-hint-table.ts'

/** What MCP clients ask for; the names of the protocol, both eras. */
const mcpMethods = [
  'initialize',
  'ping',
  'server/discover',
  'tools/list',
  'tools/call',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
  'subscriptions/listen',
  'prompts/list',
  'prompts/get',
  'completion/complete',
  'logging/setLevel',
]
/** Revisions of the protocol, and `rest` for the facade that speaks none. */
const mcpVersions = [
  '2024-10-07',
  '2024-11-05',
  '2025-03-26',
  '2025-06-18',
  '2025-11-25',
  '2026-07-28',
  'rest',
]

/** The metrics of one app, with every label value that is known when it is put together. */
export function createAppMetrics(clock: Clock, log: Logger): PrometheusMetrics {
  const metrics = createPrometheusMetrics({
    clock,
    onCollectError: (error) => log.warn('metrics_collection_failed', { error }),
  })
  metrics.register('event_type', ['none', 'url_verification', ...slackEventTypes])
  metrics.register('reason', slackRetryReasons)
  metrics.register('mcp_method_name', mcpMethods)
  metrics.register('mcp_protocol_version', mcpVersions)
  metrics.register('method', Object.keys(methodTable))
  metrics.register('error', [...authErrors, ...Object.keys(slackErrorHints)])
  const { version, commit } = buildInfo
  metrics.register('version', [version])
  metrics.register('commit', [commit])
  metrics.register('bun_version', [Bun.version])
  metrics.set('slackmcp_build_info', { version, commit, bun_version: Bun.version }, 1)
  return metrics
}
