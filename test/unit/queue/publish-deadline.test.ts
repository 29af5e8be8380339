import { expect, test } from 'bun:test'
import { AppError } from '../../../src/base/errors.ts'
import { type Publish, PublishDeadline } from '../../../src/queue/publish-deadline.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { queuedEvent } from '../../support/queue-events.ts'
import { verifies } from '../../support/verifies.ts'

const hung: Publish = () => new Promise(() => undefined)

function outcomes() {
  const log: string[] = []
  const watch = (name: string, promise: Promise<string>) => {
    promise.then(
      (outcome) => log.push(`${name} ${outcome}`),
      (error: unknown) => log.push(`${name} ${error instanceof AppError ? error.code : String(error)}`),
    )
  }
  return { log, watch }
}

verifies(
  'queue:publish:deadline',
  'a publish into a store that hangs is refused after 2.5 seconds',
  async () => {
    const clock = new FakeClock()
    const { log, watch } = outcomes()
    const deadline = new PublishDeadline({ clock, publish: hung })
    watch('a', deadline.publish(queuedEvent({ id: 'a' })))
    await clock.advance(2_499)
    expect(log).toEqual([])
    await clock.advance(1)
    expect(log).toEqual(['a QUEUE_UNAVAILABLE'])
    expect(clock.timerCount).toBe(0)
  },
)

test('publishes of a tenth of a second share a timer and end together, none of them late', async () => {
  const clock = new FakeClock()
  const { log, watch } = outcomes()
  const deadline = new PublishDeadline({ clock, publish: hung, afterMs: 1_000 })
  watch('a', deadline.publish(queuedEvent({ id: 'a' })))
  await clock.advance(99)
  watch('b', deadline.publish(queuedEvent({ id: 'b' })))
  expect(clock.timerCount).toBe(1)
  await clock.advance(1)
  watch('c', deadline.publish(queuedEvent({ id: 'c' })))
  expect(clock.timerCount).toBe(2)
  await clock.advance(899)
  expect(log).toEqual([])
  await clock.advance(1)
  expect(log).toEqual(['a QUEUE_UNAVAILABLE', 'b QUEUE_UNAVAILABLE'])
  await clock.advance(99)
  expect(log).toHaveLength(2)
  await clock.advance(1)
  expect(log).toEqual(['a QUEUE_UNAVAILABLE', 'b QUEUE_UNAVAILABLE', 'c QUEUE_UNAVAILABLE'])
  expect(clock.timerCount).toBe(0)
})

test('a publish after a quiet time has its whole time', async () => {
  const clock = new FakeClock()
  const { log, watch } = outcomes()
  const deadline = new PublishDeadline({ clock, publish: hung, afterMs: 50 })
  watch('a', deadline.publish(queuedEvent({ id: 'a' })))
  await clock.advance(50)
  watch('b', deadline.publish(queuedEvent({ id: 'b' })))
  await clock.advance(49)
  expect(log).toEqual(['a QUEUE_UNAVAILABLE'])
  await clock.advance(1)
  expect(log).toEqual(['a QUEUE_UNAVAILABLE', 'b QUEUE_UNAVAILABLE'])
})

test('tells the driver that nobody waits any more, in time and when the caller gives up', async () => {
  const clock = new FakeClock()
  const aborted: string[] = []
  const publish: Publish = ({ id }, signal) => {
    if (signal?.aborted === true) aborted.push(id)
    signal?.addEventListener('abort', () => aborted.push(id))
    return new Promise(() => undefined)
  }
  const deadline = new PublishDeadline({ clock, publish, afterMs: 1_000 })
  const caller = new AbortController()
  deadline.publish(queuedEvent({ id: 'in-time' })).catch(() => undefined)
  deadline.publish(queuedEvent({ id: 'given-up' }), caller.signal).catch(() => undefined)
  deadline.publish(queuedEvent({ id: 'never-wanted' }), AbortSignal.abort()).catch(() => undefined)
  expect(aborted).toEqual(['never-wanted'])
  caller.abort()
  expect(aborted).toEqual(['never-wanted', 'given-up'])
  await clock.advance(1_000)
  expect(aborted).toEqual(['never-wanted', 'given-up', 'in-time'])
})

test('hands on what the driver says in time, without a trace left', async () => {
  const clock = new FakeClock()
  const { log, watch } = outcomes()
  const signals: (AbortSignal | undefined)[] = []
  const publish: Publish = ({ id }, signal) => {
    signals.push(signal)
    return id === 'full' ? Promise.reject(new AppError('QUEUE_FULL')) : Promise.resolve('duplicate')
  }
  const deadline = new PublishDeadline({ clock, publish })
  watch('a', deadline.publish(queuedEvent({ id: 'a' })))
  watch('full', deadline.publish(queuedEvent({ id: 'full' })))
  await settle()
  expect(log).toEqual(['a duplicate', 'full QUEUE_FULL'])
  await clock.advance(10_000)
  expect(clock.timerCount).toBe(0)
  expect(signals).toHaveLength(2)
  expect(log).toHaveLength(2)
})

test('leaves no timer when it stops', async () => {
  const clock = new FakeClock()
  const deadline = new PublishDeadline({ clock, publish: hung })
  deadline.publish(queuedEvent({ id: 'a' })).catch(() => undefined)
  deadline.stop()
  expect(clock.timerCount).toBe(0)
})
