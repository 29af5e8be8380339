import { asIsoTime, type Clock, sleep } from '../base/clock.ts'
import type { ComponentState } from '../base/component.ts'
import type { Metrics } from '../observe/metrics.ts'

/** The four components that health names (S50 to S53), with the word for "good". */
export const healthComponents = {
  mcp_server: 'ready',
  webhook_server: 'ready',
  slack_client: 'connected',
  queue_backend: 'connected',
} as const

export type HealthComponent = keyof typeof healthComponents

/** `ready` and `connected` are good; the others say what is not. */
export type HealthValue = 'ready' | 'connected' | 'degraded' | 'disconnected' | 'disabled' | 'unknown'

export interface Health {
  readonly status: 'healthy' | 'degraded' | 'unhealthy'
  readonly components: Readonly<Record<HealthComponent, HealthValue>>
  /** Whether what the operator wrote last is what runs. */
  readonly configuration: HealthConfiguration
  /** ISO 8601, UTC. */
  readonly timestamp: string
}

export const reloadOutcomes = ['none', 'applied', 'refused'] as const

/** `refused`: the files say something that cannot be, and the configuration read before is still in effect. */
export interface HealthConfiguration {
  /** When the configuration in effect was read: ISO 8601, UTC. */
  readonly loaded_at: string
  readonly last_reload: (typeof reloadOutcomes)[number]
}

/** Asks a component how it is. Must leave nothing behind; may ask the outside, since it is called at most once a second. */
export type HealthProbe = () => ComponentState | Promise<ComponentState>

export interface HealthDeps {
  readonly clock: Clock
  readonly metrics: Metrics
  readonly probes: Readonly<Record<HealthComponent, HealthProbe>>
  readonly configuration: () => HealthConfiguration
}

/** Probes come every few seconds from several sides; one look per second serves them all (T34). */
const lookEveryMs = 1000
/** A component that does not answer within this time is down, whatever it is doing. */
const probeDeadlineMs = 1500

/** The health of both halves, looked at when asked and at most once a second. */
export function createHealthCheck(deps: HealthDeps): () => Promise<Health> {
  let seenAtMs = Number.NEGATIVE_INFINITY
  let looking: Promise<Seen> | undefined
  return async () => {
    const nowMs = deps.clock.monotonic()
    if (looking === undefined || nowMs - seenAtMs >= lookEveryMs) {
      seenAtMs = nowMs
      looking = look(deps)
    }
    const seen = await looking
    return { ...seen, configuration: deps.configuration(), timestamp: asIsoTime(deps.clock.now()) }
  }
}

type Seen = Pick<Health, 'status' | 'components'>

async function look({ clock, metrics, probes }: HealthDeps): Promise<Seen> {
  const names = Object.keys(healthComponents) as HealthComponent[]
  const states = await Promise.all(names.map((name) => probe(probes[name], clock)))
  const components = {} as Record<HealthComponent, HealthValue>
  for (const [index, name] of names.entries()) {
    const state = states[index] ?? 'unknown'
    components[name] = asHealthValue(name, state)
    if (state !== 'disabled')
      metrics.set('slackmcp_component_up', { component: name }, state === 'up' ? 1 : 0)
  }
  return { status: statusOf(components), components }
}

async function probe(ask: HealthProbe, clock: Clock): Promise<ComponentState> {
  const stop = new AbortController()
  try {
    return await Promise.race([ask(), sleep(clock, probeDeadlineMs, stop.signal).then(() => 'down' as const)])
  } catch {
    return 'down'
  } finally {
    stop.abort()
  }
}

function asHealthValue(name: HealthComponent, state: ComponentState): HealthValue {
  switch (state) {
    case 'up':
      return healthComponents[name]
    case 'down':
      return 'disconnected'
    case 'degraded':
    case 'disabled':
    case 'unknown':
      return state
  }
}

/** Only a queue that cannot store makes the whole unhealthy: events would be refused. Everything else leaves work that can be done. */
function statusOf(components: Readonly<Record<HealthComponent, HealthValue>>): Health['status'] {
  if (components.queue_backend === 'disconnected') return 'unhealthy'
  const isGood = (value: HealthValue) => value === 'ready' || value === 'connected' || value === 'disabled'
  return Object.values(components).every(isGood) ? 'healthy' : 'degraded'
}
