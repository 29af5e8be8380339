import { expect, test } from 'bun:test'
import type { GroupInfo, QueueDepth } from '../../../src/queue/driver.ts'
import { QueueWatch } from '../../../src/queue/queue-watch.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { topic } from '../../support/queue-events.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { RecordingMetrics } from '../../support/recording-metrics.ts'
import { sequentialIds } from '../../support/sequential-ids.ts'
import { verifies } from '../../support/verifies.ts'

const dayMs = 86_400_000

function bench() {
  const clock = new FakeClock()
  const log = new RecordingLogger()
  const metrics = new RecordingMetrics()
  const announced: string[] = []
  const state: {
    depth: QueueDepth
    groups: readonly GroupInfo[]
    isAway: boolean
    gate: Promise<void>
    asked: number
  } = {
    gate: Promise.resolve(),
    asked: 0,
    depth: {
      events: 5,
      bytes: 50,
      eventsMax: 10,
      pending: 5,
      fill: 0.5,
      oldestAtMs: undefined,
      deadLetters: 2,
    },
    groups: [],
    isAway: false,
  }
  const watch = new QueueWatch({
    clock,
    log,
    metrics,
    ids: sequentialIds(),
    groupIdleMs: 7 * dayMs,
    announceGroup: (group) => announced.push(group),
    backend: {
      depth: async () => {
        state.asked++
        await state.gate
        if (state.isAway) throw new Error('away')
        return state.depth
      },
      groups: async () => state.groups,
    },
  })
  const last = (name: string, labels: Readonly<Record<string, string>> = {}) =>
    metrics.records.filter((record) => record.name === name && Bun.deepEquals(record.labels, labels)).at(-1)
      ?.value
  return { clock, log, metrics, announced, state, watch, last }
}

verifies(
  'queue:watch:fill',
  'at 80 % of a bound the queue warns once, and again only after it was relieved',
  async () => {
    const { log, state, watch, last } = bench()
    const sampleAt = async (fill: number) => {
      state.depth = { ...state.depth, fill }
      await watch.sample()
    }
    await sampleAt(0.79)
    expect(log.lines).toEqual([])
    await sampleAt(0.8)
    await sampleAt(0.95)
    expect(log.named('queue_filling')).toMatchObject([
      { level: 'warn', fields: { fill: 0.8, events_max: 10 } },
    ])
    expect(watch.isFilling).toBe(true)
    await sampleAt(0.7)
    expect(log.named('queue_relieved')).toEqual([])
    await sampleAt(0.69)
    expect(log.named('queue_relieved')).toHaveLength(1)
    expect(watch.isFilling).toBe(false)
    await sampleAt(0.8)
    expect(log.named('queue_filling')).toHaveLength(2)
    expect(last('slackmcp_queue_fill_ratio')).toBe(0.8)
  },
)

test('shows the depth as gauges', async () => {
  const { clock, state, watch, last } = bench()
  await watch.sample()
  expect(last('slackmcp_queue_oldest_event_age_seconds')).toBe(0)
  state.depth = { ...state.depth, oldestAtMs: clock.now() - 2_500 }
  await watch.sample()
  expect({
    depth: last('slackmcp_queue_depth'),
    max: last('slackmcp_queue_events_max'),
    pending: last('slackmcp_queue_pending_events'),
    dead: last('slackmcp_dead_letters'),
    age: last('slackmcp_queue_oldest_event_age_seconds'),
  }).toEqual({ depth: 5, max: 10, pending: 5, dead: 2, age: 2.5 })
  state.depth = { ...state.depth, oldestAtMs: clock.now() + 60_000 }
  await watch.sample()
  expect(last('slackmcp_queue_oldest_event_age_seconds')).toBe(0)
})

verifies(
  'queue:watch:idle-group',
  'a group that has events waiting and was not active for 7 days is named, once',
  async () => {
    const { clock, log, announced, state, watch, last } = bench()
    const at = clock.now()
    const info = { topic, pending: 3 }
    state.groups = [
      { ...info, group: 'forgotten', activeAtMs: at - 7 * dayMs },
      { ...info, group: 'late', activeAtMs: at - 7 * dayMs + 1 },
      { ...info, group: 'done', pending: 0, activeAtMs: at - 30 * dayMs },
    ]
    await watch.sample()
    await watch.sample()
    expect(log.named('queue_group_idle').map(({ fields }) => fields['group'])).toEqual(['forgotten'])
    expect(watch.idleGroups).toMatchObject([{ topic, group: 'forgotten', pending: 3 }])
    expect(last('slackmcp_queue_idle_groups')).toBe(1)
    expect(announced).toEqual(['forgotten', 'late', 'done'])
    expect(last('slackmcp_queue_group_pending_events', { group: 'late' })).toBe(3)
    await clock.advance(1)
    await watch.sample()
    expect(log.named('queue_group_idle').map(({ fields }) => fields['group'])).toEqual(['forgotten', 'late'])
  },
)

test('a group that was never active is idle 7 days after it was first seen', async () => {
  const { clock, state, watch } = bench()
  state.groups = [{ topic, group: 'new', pending: 1, activeAtMs: undefined }]
  await watch.sample()
  await clock.advance(7 * dayMs - 1)
  await watch.sample()
  expect(watch.idleGroups).toEqual([])
  await clock.advance(1)
  await watch.sample()
  expect(watch.idleGroups).toHaveLength(1)
})

test('a group that is gone shows nothing pending, and is new when it comes back', async () => {
  const { clock, state, watch, last } = bench()
  const gone = [{ topic, group: 'gone', pending: 4, activeAtMs: undefined }]
  state.groups = gone
  await watch.sample()
  state.groups = []
  await clock.advance(8 * dayMs)
  await watch.sample()
  expect(last('slackmcp_queue_group_pending_events', { group: 'gone' })).toBe(0)
  state.groups = gone
  await watch.sample()
  expect(watch.idleGroups).toEqual([])
})

test('adds up a group over its topics', async () => {
  const { state, watch, last } = bench()
  state.groups = [
    { topic: 'one', group: 'g', pending: 1, activeAtMs: undefined },
    { topic: 'two', group: 'g', pending: 2, activeAtMs: undefined },
  ]
  await watch.sample()
  expect(last('slackmcp_queue_group_pending_events', { group: 'g' })).toBe(3)
})

test('looks every five seconds, goes on after the store was away, and leaves no timer', async () => {
  const { clock, state, watch, metrics } = bench()
  const samples = () => metrics.records.filter(({ name }) => name === 'slackmcp_queue_depth').length
  watch.start()
  await clock.advance(4_999)
  expect(samples()).toBe(0)
  await clock.advance(1)
  expect(samples()).toBe(1)
  state.isAway = true
  await clock.advance(5_000)
  expect(samples()).toBe(1)
  state.isAway = false
  await clock.advance(5_000)
  expect(samples()).toBe(2)
  watch.stop()
  expect(clock.timerCount).toBe(0)
})

test('does not ask a store again that still owes an answer', async () => {
  const { clock, state, watch } = bench()
  const gate = Promise.withResolvers<void>()
  state.gate = gate.promise
  watch.start()
  await clock.advance(20_000)
  expect(state.asked).toBe(1)
  gate.resolve()
  await clock.advance(5_000)
  expect(state.asked).toBe(2)
})
