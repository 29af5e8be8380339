import { expect, test } from 'bun:test'
import { MemoryGuard } from '../../../src/resilience/memory-guard.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { RecordingMetrics } from '../../support/recording-metrics.ts'
import { verifies } from '../../support/verifies.ts'

function fixture() {
  const memory = { limitBytes: 1_000, held: 0, heldBytes: () => memory.held }
  const deps = { clock: new FakeClock(), log: new RecordingLogger(), metrics: new RecordingMetrics() }
  const guard = new MemoryGuard(memory, deps)
  guard.start()
  const isSheddingAt = async (held: number) => {
    memory.held = held
    await deps.clock.advance(1_000)
    return guard.isShedding
  }
  return { ...deps, guard, isSheddingAt }
}

verifies('server:memory:shed', 'begins at 80 % and not below', async () => {
  const { isSheddingAt } = fixture()
  expect([await isSheddingAt(799), await isSheddingAt(800)]).toEqual([false, true])
})

verifies(
  'server:memory:shed',
  'goes on above 70 %, ends there, and begins no sooner than before',
  async () => {
    const { isSheddingAt } = fixture()
    const held = [801, 799, 701, 700, 701, 799, 800]
    const seen: boolean[] = []
    for (const bytes of held) seen.push(await isSheddingAt(bytes))
    expect(seen).toEqual([true, true, true, false, false, false, true])
  },
)

test('each change is one line and one value of the gauge', async () => {
  const { isSheddingAt, log, metrics } = fixture()
  for (const bytes of [100, 900, 950, 750, 600, 500]) await isSheddingAt(bytes)
  expect(log.lines.map(({ level, event, fields }) => ({ level, event, fields }))).toEqual([
    { level: 'warn', event: 'memory_shedding_started', fields: { held_bytes: 900, limit_bytes: 1_000 } },
    { level: 'info', event: 'memory_shedding_ended', fields: { held_bytes: 600, limit_bytes: 1_000 } },
  ])
  expect(metrics.records.map(({ name, value }) => [name, value])).toEqual([
    ['slackmcp_memory_shedding', 0],
    ['slackmcp_memory_shedding', 1],
    ['slackmcp_memory_shedding', 0],
  ])
})

test('it looks once a second, and leaves no timer behind', async () => {
  const { clock, guard, isSheddingAt } = fixture()
  await isSheddingAt(0)
  expect(clock.timerCount).toBe(1)
  guard.stop()
  expect([clock.timerCount, await isSheddingAt(1_000)]).toEqual([0, false])
})

verifies('server:memory:limit', 'nothing runs without one', async () => {
  const clock = new FakeClock()
  const metrics = new RecordingMetrics()
  const guard = new MemoryGuard(undefined, { clock, log: new RecordingLogger(), metrics })
  guard.start()
  expect([clock.timerCount, metrics.records, guard.isShedding]).toEqual([0, [], false])
  guard.stop()
})
