import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { alertRules } from '../../src/deploy/alert-rule-table.ts'
import { dashboardSections } from '../../src/deploy/dashboard-panel-table.ts'
import { startApp } from '../support/app-fixture.ts'
import { renderFile } from '../support/deploy-files.ts'
import { describeWithTool } from '../support/real-tool.ts'
import { verifies } from '../support/verifies.ts'

/** Series by their names with labels, each with its values step by step in promtool's notation. */
type Values = Readonly<Record<string, string>>

const accepted = 'slackmcp_events_received_total{outcome="accepted"}'
const refused = (reason: string) => `slackmcp_auth_failures_total{surface="webhook",reason="${reason}"}`
const acknowledged = (seconds: string) =>
  `slackmcp_event_ack_duration_seconds_bucket{event_type="message",le="${seconds}"}`
const answered = (status: number) =>
  `http_server_request_duration_seconds_count{http_response_status_code="${status}"}`
const held = (seconds: string) => `slackmcp_event_loop_lag_seconds_bucket{instance="a",le="${seconds}"}`
const isUp = (component: string, instance: string) =>
  `slackmcp_component_up{component="${component}",instance="${instance}"}`

/** Two servers on a good day. */
const goodDay: Values = {
  slackmcp_ready: '1x80',
  slackmcp_config_last_reload_successful: '1x80',
  slackmcp_memory_shedding: '0x80',
  [accepted]: '0+60x80',
  'slackmcp_events_received_total{outcome="queue_failed"}': '0x80',
  'slackmcp_events_received_total{outcome="bad_signature"}': '0+3x80',
  [refused('missing')]: '0+1x80',
  [refused('malformed_header')]: '0+1x80',
  [refused('bad_signature')]: '0+1x80',
  [refused('stale')]: '0x80',
  [acknowledged('0.05')]: '0+60x80',
  [acknowledged('1')]: '0+60x80',
  [acknowledged('3')]: '0+60x80',
  [acknowledged('+Inf')]: '0+60x80',
  [isUp('queue_backend', 'a')]: '1x80',
  [isUp('queue_backend', 'b')]: '1x80',
  [isUp('slack_client', 'a')]: '1x80',
  [isUp('slack_client', 'b')]: '1x80',
  'slackmcp_clock_skew_seconds{instance="a"}': '1x80',
  'slackmcp_clock_skew_seconds{instance="b"}': '-1x80',
  slackmcp_queue_fill_ratio: '0.1x80',
  slackmcp_queue_oldest_event_age_seconds: '5x80',
  slackmcp_dead_letters: '0x80',
  'slackmcp_queue_dropped_total{reason="drop_oldest"}': '0x80',
  // Of which there is no end: an event that no group wants.
  'slackmcp_queue_dropped_total{reason="no_subscriber"}': '0+60x80',
  slackmcp_queue_quarantined_total: '0x80',
  'slackmcp_circuit_breaker_state{name="slack",state="open"}': '0x80',
  'slackmcp_circuit_breaker_state{name="slack",state="closed"}': '1x80',
  'slackmcp_slack_rate_limited_total{method="chat.postMessage"}': '0x80',
  slackmcp_forward_paused: '0x80',
  [answered(200)]: '0+100x80',
  [answered(404)]: '0+100x80',
  [answered(503)]: '0+1x80',
  [held('0.05')]: '0+100x80',
  [held('0.5')]: '0+100x80',
  [held('+Inf')]: '0+100x80',
}

/** What is different on the day on which each alert has to be raised, and it alone; '' leaves a series out. Every day begins well. */
const badDays: Readonly<Record<string, Values>> = {
  SlackServerAbsent: { slackmcp_ready: '' },
  SlackServerNotReady: { slackmcp_ready: '1x20 0x60' },
  SlackConfigReloadRefused: { slackmcp_config_last_reload_successful: '1x20 0x60' },
  SlackMemoryShort: { slackmcp_memory_shedding: '0x20 1x60' },
  SlackEventsRefused: { 'slackmcp_events_received_total{outcome="queue_failed"}': '0x20 0+1x60' },
  SlackSignaturesFail: {
    [accepted]: '0+60x20 1200x60',
    [refused('bad_signature')]: '0x20 0+1x60',
  },
  SlackClockSkewed: { 'slackmcp_clock_skew_seconds{instance="b"}': '0x20 -61x60' },
  SlackEventsStopped: {
    [accepted]: '0+60x80 4800x672',
    // Or this would be all that comes.
    [refused('bad_signature')]: '',
  },
  SlackAcknowledgementSlow: { [acknowledged('0.05')]: '0x80', [acknowledged('1')]: '0+59x80' },
  SlackQueueDown: { [isUp('queue_backend', 'b')]: '1x20 0x60' },
  SlackQueueFilling: { slackmcp_queue_fill_ratio: '0.1x20 0.81x60' },
  SlackConsumersBehind: { slackmcp_queue_oldest_event_age_seconds: '5x20 301x60' },
  SlackDeadLetters: { slackmcp_dead_letters: '0x20 1x60' },
  SlackEventsDropped: { 'slackmcp_queue_dropped_total{reason="drop_oldest"}': '0x65 1x15' },
  SlackEventsDamaged: { slackmcp_queue_quarantined_total: '0x65 1x15' },
  SlackUnreachable: { [isUp('slack_client', 'a')]: '1x20 0x60', [isUp('slack_client', 'b')]: '1x20 0x60' },
  SlackCircuitOpen: { 'slackmcp_circuit_breaker_state{name="slack",state="open"}': '0x20 1x60' },
  SlackRateLimited: { 'slackmcp_slack_rate_limited_total{method="chat.postMessage"}': '0+10x80' },
  SlackForwardingPaused: { slackmcp_forward_paused: '0x20 1x60' },
  SlackServerFaults: { [answered(503)]: '0+20x80' },
  SlackEventLoopHeld: { [held('0.05')]: '0+98x80' },
}

/** Of these days too the alert of a wrong secret has to tell which are for it: no event is stored in the last 50 minutes of any. */
const quietNights: readonly (readonly [name: string, changed: Values, firing: string | undefined])[] = [
  [
    'a scanner knocks without a signature',
    {
      'slackmcp_events_received_total{outcome="bad_signature"}': '0+60x80',
      [refused('missing')]: '0+30x80',
      [refused('malformed_header')]: '0+30x80',
      [refused('bad_signature')]: '0x80',
    },
    undefined,
  ],
  ['one forger tries four times', { [refused('bad_signature')]: '0x60 1 2 3 4x16' }, undefined],
  [
    'the clock is wrong',
    { [refused('bad_signature')]: '0x80', [refused('stale')]: '0x20 0+1x60' },
    'SlackSignaturesFail',
  ],
]

/** The alert that remembers the week before: its day is told in steps of a quarter of an hour. */
const weekly = 'SlackEventsStopped'

/** A test of promtool: after 70 steps of these values, or a week of 672 more, exactly this alert fires, or none. */
function dayTest(name: string, series: Values, firing: string | undefined) {
  return {
    name,
    interval: stepOf(name),
    input_series: Object.entries(series).flatMap(([name, values]) =>
      values === '' ? [] : [{ series: name, values }],
    ),
    promql_expr_test: [
      {
        expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
        eval_time: name === weekly ? `${(70 + 672) * 15}m` : '70m',
        exp_samples: firing === undefined ? [] : [{ labels: `{alertname="${firing}"}`, value: 1 }],
      },
    ],
  }
}

const stepOf = (name: string) => (name === weekly ? '15m' : '1m')

const tool = { program: 'promtool', debian: 'prometheus', demandedBy: 'REQUIRE_TOOLS' } as const

describeWithTool(tool, 'promtool', (promtool) => {
  /** Runs it on files, which it sees in its working folder. */
  function run(args: readonly string[], files: Readonly<Record<string, string>>, stdin = '') {
    const folder = mkdtempSync(join(tmpdir(), 'promtool-'))
    try {
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
      const { exitCode, stdout, stderr } = Bun.spawnSync([promtool, ...args], {
        cwd: folder,
        stdin: Buffer.from(stdin),
      })
      return { code: exitCode, said: `${stdout}${stderr}` }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  const rules = renderFile('prometheus-rules')
  const checkRules = (text: string) => run(['check', 'rules', 'rules.yml'], { 'rules.yml': text })

  test('takes the rules, and would refuse what is no PromQL', () => {
    expect(checkRules(rules)).toEqual({
      code: 0,
      said: expect.stringContaining(`${alertRules.length} rules`),
    })
    expect(checkRules(rules.replace('absent(', 'absent(('))).toEqual({
      code: 1,
      said: expect.stringContaining('SlackServerAbsent'),
    })
  })

  test('takes every query of the dashboard', () => {
    const queries = dashboardSections.flatMap(({ panels }) => panels.flatMap((panel) => panel.queries))
    // What Grafana puts in before it asks.
    const asked = queries.map(({ expr }) =>
      expr.replaceAll('$__rate_interval', '1m').replaceAll('$job', '.+'),
    )
    const recorded = asked.map((expr, index) => ({ record: `query:${index}`, expr }))
    const text = JSON.stringify({ groups: [{ name: 'dashboard', rules: recorded }] })
    expect(checkRules(text)).toEqual({ code: 0, said: expect.stringContaining(`${queries.length} rules`) })
  })

  verifies(
    'deploy:alerts-fire',
    'on the day that an alert is for it fires and no other does, on a good day none',
    () => {
      expect(Object.keys(badDays)).toEqual(alertRules.map(({ alert }) => alert))
      const days = [
        dayTest('a good day', goodDay, undefined),
        ...Object.entries(badDays).map(([alert, changed]) => {
          const usual = alert === weekly ? weekLonger(goodDay) : goodDay
          return dayTest(alert, { ...usual, ...changed }, alert)
        }),
        ...quietNights.map(([name, changed, firing]) =>
          dayTest(name, { ...goodDay, [accepted]: '0+60x20 1200x60', ...changed }, firing),
        ),
      ]
      for (const step of ['1m', '15m']) {
        const tests = days.filter(({ interval }) => interval === step)
        const files = {
          'rules.yml': rules,
          'tests.yml': JSON.stringify({ rule_files: ['rules.yml'], evaluation_interval: step, tests }),
        }
        expect(run(['test', 'rules', 'tests.yml'], files)).toEqual({
          code: 0,
          said: expect.stringContaining('SUCCESS'),
        })
      }
    },
  )

  test('has nothing against the metrics that the server gives', async () => {
    const server = await startApp()
    try {
      const text = await (await server.request('/metrics')).text()
      expect(text).toContain('slackmcp_ready 1')
      expect(run(['check', 'metrics'], {}, text)).toEqual({ code: 0, said: '' })
    } finally {
      await server.stop()
    }
  })
})

function weekLonger(series: Values): Values {
  return Object.fromEntries(
    Object.entries(series).map(([name, values]) => [name, values.replace(/x80$/, 'x752')]),
  )
}
