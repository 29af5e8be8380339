/** What health says of a component. `disabled` is by configuration; the other three are how things are. */
export type ComponentState = 'up' | 'degraded' | 'down' | 'disabled' | 'unknown'

/** A part with a lifetime. `app.ts` starts components in order and stops them in reverse. */
export interface Component {
  readonly name: string
  start(): Promise<void>
  /** Finishes what is in flight, before `signal` aborts at the latest, and frees everything; safe to call twice and before `start`. */
  stop(signal?: AbortSignal): Promise<void>
  /** The state as last seen. No side effect, no waiting: probes call it. */
  check(): ComponentState
}
