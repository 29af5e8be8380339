import { describe, expect, test } from 'bun:test'
import { createLifecycle, type LifecyclePart } from '../../src/app-lifecycle.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { RecordingLogger } from '../support/recording-logger.ts'

function fixture(parts: (steps: string[]) => readonly LifecyclePart[]) {
  const steps: string[] = []
  const clock = new FakeClock()
  const log = new RecordingLogger()
  const lifecycle = createLifecycle(parts(steps), { clock, log, stopDeadlineMs: 10_000 })
  return { steps, clock, log, lifecycle }
}

const part = (name: string, steps: string[], overrides: Partial<LifecyclePart> = {}): LifecyclePart => ({
  name,
  start: () => void steps.push(`start ${name}`),
  stop: () => void steps.push(`stop ${name}`),
  ...overrides,
})

describe('a lifecycle', () => {
  test('starts in order, stops in reverse, each once, and is ready between', async () => {
    const { lifecycle, steps, clock } = fixture((s) => [part('queue', s), part('slack', s), part('mcp', s)])
    expect(lifecycle.isReady).toBe(false)
    await Promise.all([lifecycle.start(), lifecycle.start()])
    expect(lifecycle.isReady).toBe(true)
    const reports = await Promise.all([lifecycle.stop(), lifecycle.stop()])
    expect(lifecycle.isReady).toBe(false)
    expect(reports[0]).toEqual({ isClean: true, unfinished: [] })
    expect(steps).toEqual(['start queue', 'start slack', 'start mcp', 'stop mcp', 'stop slack', 'stop queue'])
    expect(clock.timerCount).toBe(0)
  })

  test('a start that fails stops what had started and says why', async () => {
    const failing = { start: () => Promise.reject(new Error('port in use')) }
    const { lifecycle, steps } = fixture((s) => [
      part('queue', s),
      part('http', s, failing),
      part('never', s),
    ])
    await expect(lifecycle.start()).rejects.toThrow('port in use')
    expect(steps).toEqual(['start queue', 'stop http', 'stop queue'])
  })

  test('a part that does not finish is named after the deadline and keeps nobody from stopping', async () => {
    const hanging = { stop: () => new Promise<void>(() => undefined) }
    const { lifecycle, steps, clock } = fixture((s) => [part('queue', s), part('mcp', s, hanging)])
    await lifecycle.start()
    let report: unknown
    void lifecycle.stop().then((value) => {
      report = value
    })
    await clock.advance(10_499)
    expect(report).toBeUndefined()
    await clock.advance(1)
    await settle()
    expect(report).toEqual({ isClean: false, unfinished: ['mcp'] })
    expect(steps).toContain('stop queue')
    expect(clock.timerCount).toBe(0)
  })

  test('a hurried stop tells parts to give up at once', async () => {
    const patient = (steps: string[]): Partial<LifecyclePart> => ({
      stop: (signal) =>
        new Promise<void>((resolve) =>
          signal.addEventListener('abort', () => {
            steps.push('gave up')
            resolve()
          }),
        ),
    })
    const { lifecycle, steps } = fixture((s) => [part('mcp', s, patient(s))])
    await lifecycle.start()
    const stopped = lifecycle.stop()
    await settle()
    lifecycle.hurry()
    expect(await stopped).toEqual({ isClean: true, unfinished: [] })
    expect(steps.at(-1)).toBe('gave up')
  })

  test('a part whose stop throws is logged and named', async () => {
    const failing = { stop: () => Promise.reject(new Error('disk')) }
    const { lifecycle, log } = fixture((s) => [part('queue', s, failing)])
    await lifecycle.start()
    expect(await lifecycle.stop()).toEqual({ isClean: false, unfinished: ['queue'] })
    expect(log.named('server_part_stop_failed')).toHaveLength(1)
  })

  test('a part that abandons something is named', async () => {
    const { lifecycle } = fixture((s) => [
      part('mcp', s, { stop: () => false }),
      part('queue', s, { stop: () => true }),
    ])
    await lifecycle.start()
    expect(await lifecycle.stop()).toEqual({ isClean: false, unfinished: ['mcp'] })
  })

  test('a stop before any start stops only what needs no start', async () => {
    const { start: _, ...keys } = part('keys', [])
    const { lifecycle, steps } = fixture((s) => [
      part('queue', s),
      { ...keys, stop: () => void s.push('stop keys') },
    ])
    expect(await lifecycle.stop()).toEqual({ isClean: true, unfinished: [] })
    expect(steps).toEqual(['stop keys'])
  })
})
