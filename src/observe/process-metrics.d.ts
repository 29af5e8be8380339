// prom-client has no types for its single process metrics. `collectDefaultMetrics` would start all of them, among them a sampling timer of
// 10 ms and an observer that nothing can stop, and gauges that a Bun process cannot fill.
declare module 'prom-client/lib/metrics/*.js' {
  import type { Registry } from 'prom-client'

  const measure: (registry: Registry) => void
  export = measure
}
