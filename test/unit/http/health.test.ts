import { describe, expect, test } from 'bun:test'
import type { ComponentState } from '../../../src/base/component.ts'
import { createHealthCheck } from '../../../src/http/health.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { RecordingMetrics } from '../../support/recording-metrics.ts'
import { verifies } from '../../support/verifies.ts'

const configuration = () => ({ loaded_at: '2023-11-14T22:00:00.000Z', last_reload: 'refused' }) as const

function fixture(states: Partial<Record<'mcp' | 'webhook' | 'slack' | 'queue', ComponentState>> = {}) {
  const clock = new FakeClock()
  const metrics = new RecordingMetrics()
  const asked: string[] = []
  const probe = (name: 'mcp' | 'webhook' | 'slack' | 'queue') => () => {
    asked.push(name)
    return states[name] ?? 'up'
  }
  const health = createHealthCheck({
    clock,
    metrics,
    probes: {
      mcp_server: probe('mcp'),
      webhook_server: probe('webhook'),
      slack_client: probe('slack'),
      queue_backend: probe('queue'),
    },
    configuration,
  })
  return { clock, metrics, asked, health }
}

describe('health', () => {
  verifies('http:health:values', 'says ready and connected with the time when all is good', async () => {
    const { health } = fixture()
    expect(await health()).toEqual({
      status: 'healthy',
      components: {
        mcp_server: 'ready',
        webhook_server: 'ready',
        slack_client: 'connected',
        queue_backend: 'connected',
      },
      configuration: { loaded_at: '2023-11-14T22:00:00.000Z', last_reload: 'refused' },
      timestamp: '2023-11-14T22:13:20.000Z',
    })
  })

  for (const [states, status] of [
    [{ slack: 'down' }, 'degraded'],
    [{ slack: 'unknown' }, 'degraded'],
    [{ mcp: 'degraded' }, 'degraded'],
    [{ mcp: 'disabled', slack: 'disabled' }, 'healthy'],
    [{ queue: 'degraded' }, 'degraded'],
    [{ queue: 'down' }, 'unhealthy'],
  ] as const) {
    verifies('http:health:status', `is ${status} with ${JSON.stringify(states)}`, async () => {
      expect((await fixture(states).health()).status).toBe(status)
    })
  }

  verifies('http:health:quiet', 'looks once however often it is asked within a second', async () => {
    const { health, asked, clock } = fixture()
    await Promise.all(Array.from({ length: 1000 }, health))
    expect(asked).toEqual(['mcp', 'webhook', 'slack', 'queue'])
    await clock.advance(999)
    await health()
    expect(asked).toHaveLength(4)
    await clock.advance(1)
    await health()
    expect(asked).toHaveLength(8)
  })

  test('a probe that throws or never answers counts as down', async () => {
    const clock = new FakeClock()
    const health = createHealthCheck({
      clock,
      metrics: new RecordingMetrics(),
      configuration,
      probes: {
        mcp_server: () => 'up',
        webhook_server: () => {
          throw new Error('broken')
        },
        slack_client: () => new Promise<ComponentState>(() => undefined),
        queue_backend: () => Promise.reject(new Error('away')),
      },
    })
    const seen = health()
    await clock.advance(1500)
    expect(await seen).toMatchObject({
      status: 'unhealthy',
      components: {
        webhook_server: 'disconnected',
        slack_client: 'disconnected',
        queue_backend: 'disconnected',
      },
    })
    await settle()
    expect(clock.timerCount).toBe(0)
  })
})
