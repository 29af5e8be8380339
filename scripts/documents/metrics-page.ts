import { type MetricRow, metricTable } from '../../src/observe/metric-table.ts'
import { cell, code, madeFrom, page, table } from './markdown.ts'

const introduction = `\`GET /metrics\` answers in the text format of Prometheus. Names that begin with \`http_\` or \`mcp_\` are OpenTelemetry's, as
Prometheus spells them; our own begin with \`slackmcp_\`. The runtime adds \`process_*\` and \`nodejs_*\`.

A label has a closed set of values, or one that is known when the server has started (routes, tools, types of events); anything else counts as
\`_other\`, so that nobody outside can add series. No label names a team, channel, user or client.`

/** docs/metrics.md */
export function renderMetricsPage(): string {
  return page([
    madeFrom('src/observe/metric-table.ts'),
    '# Metrics',
    introduction,
    table(
      ['Metric', 'Type', 'Labels', 'What it says'],
      Object.entries<MetricRow>(metricTable).map(([name, row]) => [
        code(name),
        row.type,
        (row.combinations ?? [row.labels]).map(labelsText).join('<br>or '),
        cell(row.help),
      ]),
    ),
  ])
}

function labelsText(labels: MetricRow['labels']): string {
  return Object.entries(labels).map(labelText).join('<br>')
}

function labelText([name, values]: readonly [string, readonly string[] | 'open']): string {
  return values === 'open' ? code(name) : `${code(name)}: ${values.map(cell).join(', ')}`
}
