import { type AlertRule, alertRules } from './alert-rule-table.ts'
import type { Template } from './deployment.ts'
import { indented, quoted } from './yaml-text.ts'

/** A rule file for Prometheus. */
export const renderPrometheusRules: Template = ({
  program,
}) => `# Name it under rule_files: in prometheus.yml; "promtool check rules" accepts it. For the Prometheus Operator, put "groups:" under the spec of a PrometheusRule.
# critical: events are refused or lost, or nobody is served. warning: it will come to that, or something is slow.
groups:
  - name: ${program}
    rules:
${indented(alertRules.map(renderRule).join('\n'), 6)}
`

function renderRule({ alert, expr, lasts, severity, summary, description }: AlertRule): string {
  return `- alert: ${alert}
  expr: ${quoted(expr)}
  for: ${lasts}
  labels: { severity: ${severity} }
  annotations:
    summary: ${quoted(summary)}
    description: ${quoted(description)}`
}
