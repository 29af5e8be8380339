import { expect, test } from 'bun:test'
import { reportBreaker } from '../../../src/resilience/breaker-report.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { RecordingMetrics } from '../../support/recording-metrics.ts'

test('shows the state from the start, counts every change, and logs when it opens and when it closes', () => {
  const log = new RecordingLogger()
  const metrics = new RecordingMetrics()
  const shown = () => {
    const states = metrics.records.filter(({ name }) => name === 'slackmcp_circuit_breaker_state').slice(-3)
    return Object.fromEntries(
      states.map(({ labels, value }) => [`${labels['name']} ${labels['state']}`, value]),
    )
  }
  const report = reportBreaker({ name: 'forward', log, metrics, fields: { host: 'h' } })
  expect(shown()).toEqual({ 'forward closed': 1, 'forward open': 0, 'forward half_open': 0 })
  for (const state of ['open', 'half_open', 'closed'] as const) report(state)
  expect(shown()).toEqual({ 'forward closed': 1, 'forward open': 0, 'forward half_open': 0 })
  report('open')
  expect(shown()).toEqual({ 'forward closed': 0, 'forward open': 1, 'forward half_open': 0 })
  const changes = metrics.records.filter(({ name }) => name === 'slackmcp_circuit_breaker_transitions_total')
  expect(changes.map(({ labels }) => labels['to'])).toEqual(['open', 'half_open', 'closed', 'open'])
  expect(log.named('forward_breaker_changed').map(({ level, fields }) => [level, fields])).toEqual([
    ['warn', { state: 'open', host: 'h' }],
    ['info', { state: 'closed', host: 'h' }],
    ['warn', { state: 'open', host: 'h' }],
  ])
})
