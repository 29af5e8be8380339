import { asIsoTime, type Clock } from './base/clock.ts'
import type { HealthConfiguration } from './http/health.ts'
import type { Metrics } from './observe/metrics.ts'

/** What became of reloads, for health and metrics. */
export class ConfigRecord {
  readonly #deps: { readonly clock: Clock; readonly metrics: Metrics }
  #loadedAtMs: number
  #lastReload: HealthConfiguration['last_reload'] = 'none'

  constructor(deps: { readonly clock: Clock; readonly metrics: Metrics }) {
    this.#deps = deps
    this.#loadedAtMs = deps.clock.now()
    this.#publish()
  }

  applied(): void {
    this.#loadedAtMs = this.#deps.clock.now()
    this.#note('applied')
  }

  refused(): void {
    this.#note('refused')
  }

  view(): HealthConfiguration {
    return { loaded_at: asIsoTime(this.#loadedAtMs), last_reload: this.#lastReload }
  }

  #note(outcome: 'applied' | 'refused'): void {
    this.#lastReload = outcome
    this.#deps.metrics.increment('slackmcp_config_reloads_total', { outcome })
    this.#publish()
  }

  #publish(): void {
    const { metrics } = this.#deps
    metrics.set('slackmcp_config_last_reload_successful', {}, this.#lastReload === 'refused' ? 0 : 1)
    metrics.set('slackmcp_config_loaded_timestamp_seconds', {}, this.#loadedAtMs / 1000)
  }
}
