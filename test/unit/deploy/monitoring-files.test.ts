import { describe, expect, test } from 'bun:test'
import { alertRules } from '../../../src/deploy/alert-rule-table.ts'
import { createMetricQueries } from '../../../src/deploy/metric-query.ts'
import { type MetricRow, metricTable } from '../../../src/observe/metric-table.ts'
import { at, type Node, parseDocuments, renderFile } from '../../support/deploy-files.ts'
import { verifies } from '../../support/verifies.ts'

/** Words of PromQL that are no metric. */
const ours = /\b(?:slackmcp|http_server|mcp_server|process|nodejs)_[a-z_]+/g
const labelNames = new Set(Object.values<MetricRow>(metricTable).flatMap(({ labels }) => Object.keys(labels)))

function metricsIn(text: string): readonly string[] {
  return [...new Set(text.match(ours) ?? [])].filter((word) => !labelNames.has(word))
}

function exists(name: string): boolean {
  if (Object.hasOwn(metricTable, name)) return true
  const base = name.replace(/_(?:bucket|count|sum)$/, '')
  const row = Object.entries<MetricRow>(metricTable).find(([known]) => known === base)?.[1]
  return row?.type === 'histogram'
}

verifies('deploy:metrics-exist', 'rules and dashboard use only metrics that exist', () => {
  for (const name of ['prometheus-rules', 'grafana-dashboard'] as const) {
    const used = metricsIn(renderFile(name))
    expect(used.length).toBeGreaterThan(10)
    expect(used.filter((metric) => !exists(metric))).toEqual([])
  }
  expect(exists('slackmcp_made_up')).toBe(false)
  expect(exists('slackmcp_ready_bucket')).toBe(false)
})

test('counters are looked at by their rate, gauges by their value', () => {
  for (const { alert, expr } of alertRules) {
    for (const [name, { type }] of Object.entries<MetricRow>(metricTable)) {
      if (!new RegExp(`\\b${name}\\b`).test(expr)) continue
      expect([alert, /\b(?:rate|increase)\(/.test(expr)]).toEqual([alert, type !== 'gauge'])
    }
  }
})

test('the rules are a rule file, each with a summary and what to do', () => {
  const [file] = parseDocuments(renderFile('prometheus-rules'))
  const rules = at(file, 'groups', 0, 'rules') as readonly Node[]
  expect(rules.map((rule) => at(rule, 'expr'))).toEqual(alertRules.map(({ expr }) => expr))
  for (const rule of rules) {
    expect(String(at(rule, 'alert'))).toMatch(/^Slack[A-Z][A-Za-z]+$/)
    expect(String(at(rule, 'for'))).toMatch(/^\d+m$/)
    expect(['critical', 'warning']).toContain(String(at(rule, 'labels', 'severity')))
    expect(String(at(rule, 'annotations', 'description')).length).toBeGreaterThan(20)
  }
  expect(new Set(alertRules.map(({ alert }) => alert)).size).toBe(alertRules.length)
})

describe('the dashboard', () => {
  const dashboard = JSON.parse(renderFile('grafana-dashboard')) as Node
  const panels = at(dashboard, 'panels') as readonly Node[]

  test('lays its panels out without one covering another', () => {
    const taken = new Set<string>()
    for (const panel of panels) {
      const { x, y, w, h } = at(panel, 'gridPos') as Record<'x' | 'y' | 'w' | 'h', number>
      expect(x + w).toBeLessThanOrEqual(24)
      for (let column = x; column < x + w; column += 1) {
        for (let row = y; row < y + h; row += 1) {
          expect(taken.has(`${column},${row}`)).toBe(false)
          taken.add(`${column},${row}`)
        }
      }
    }
    const ids = panels.map((panel) => at(panel, 'id'))
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('has every variable that it uses, and a name for each query of a panel', () => {
    const variables = at(dashboard, 'templating', 'list') as readonly Node[]
    const known = new Set(variables.map((variable) => String(at(variable, 'name'))))
    const used = JSON.stringify(panels).match(/\$\{?(?!__)\w+/g) ?? []
    expect(used.length).toBeGreaterThan(30)
    expect(used.map((word) => word.replace(/^\$\{?/, '')).filter((name) => !known.has(name))).toEqual([])
    for (const panel of panels) {
      const ids = ((at(panel, 'targets') ?? []) as readonly Node[]).map((target) => at(target, 'refId'))
      expect(new Set(ids).size).toBe(ids.length)
    }
  })

  test('asks every query of the chosen job', () => {
    const targets = panels.flatMap((panel) => (at(panel, 'targets') ?? []) as readonly Node[])
    expect(targets.length).toBeGreaterThan(30)
    for (const target of targets) {
      const expr = String(at(target, 'expr'))
      expect(expr.match(ours)?.length).toBeGreaterThan(0)
      expect(expr).toContain('job=~"$job"')
    }
  })
})

test('a selector names one value, several, or what every selector gets', () => {
  const { series, buckets, counts } = createMetricQueries()
  expect(series('slackmcp_ready')).toBe('slackmcp_ready')
  expect(series('slackmcp_component_up', { component: ['slack_client'] })).toBe(
    'slackmcp_component_up{component="slack_client"}',
  )
  expect(counts('slackmcp_forward_duration_seconds', { outcome: ['gone', 'timeout'] })).toBe(
    'slackmcp_forward_duration_seconds_count{outcome=~"gone|timeout"}',
  )
  expect(createMetricQueries(['job="a"']).buckets('slackmcp_event_loop_lag_seconds')).toBe(
    'slackmcp_event_loop_lag_seconds_bucket{job="a"}',
  )
  expect(() => buckets('http_server_request_duration_seconds', { http_route: ['/a"b'] })).toThrow(
    'needs escaping',
  )
})
