import type { LogFields, Logger } from '../observe/logger.ts'
import type { MetricLabels, Metrics } from '../observe/metrics.ts'
import type { BreakerState } from './circuit-breaker.ts'

export interface BreakerReportOptions {
  readonly name: MetricLabels<'slackmcp_circuit_breaker_state'>['name']
  readonly log: Logger
  readonly metrics: Metrics
  /** On every line. */
  readonly fields?: LogFields
}

const states = ['closed', 'open', 'half_open'] as const satisfies readonly BreakerState[]

/** Shows a breaker that is closed now; what is returned is to be told of every change: metrics show each, the log when it opens and when it closes. */
export function reportBreaker(options: BreakerReportOptions): (state: BreakerState) => void {
  const { name, log, metrics, fields = {} } = options
  const show = (current: BreakerState) => {
    for (const state of states) {
      metrics.set('slackmcp_circuit_breaker_state', { name, state }, state === current ? 1 : 0)
    }
  }
  show('closed')
  return (state) => {
    show(state)
    metrics.increment('slackmcp_circuit_breaker_transitions_total', { name, to: state })
    if (state === 'open') log.warn(`${name}_breaker_changed`, { state, ...fields })
    else if (state === 'closed') log.info(`${name}_breaker_changed`, { state, ...fields })
  }
}
