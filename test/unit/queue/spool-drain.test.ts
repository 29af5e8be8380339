import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { AppError } from '../../../src/base/errors.ts'
import type { QueuedEvent } from '../../../src/queue/driver.ts'
import type { HeldEvent, Verdict } from '../../../src/queue/group-source.ts'
import { type DrainSource, type DrainTarget, SpoolDrain } from '../../../src/queue/spool-drain.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { queuedEvents } from '../../support/queue-events.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { verifies } from '../../support/verifies.ts'

/** The spool: hands out what was put in, and remembers what it was told to forget. */
class FakeSource implements DrainSource<HeldEvent> {
  readonly settled: string[] = []
  failTakes = 0
  failSettles = 0
  isExhausted = false
  /** What a take of a busy disk waits for before it looks. */
  looking: Promise<void> = Promise.resolve()
  readonly #waiting: HeldEvent[] = []
  #onNews: (() => void) | undefined

  put(events: readonly QueuedEvent[]): void {
    this.#waiting.push(...events.map((event) => ({ event, attempt: 1 })))
    this.#onNews?.()
  }

  async take(countMax: number, signal: AbortSignal): Promise<readonly HeldEvent[]> {
    if (this.failTakes-- > 0) throw new Error('disk')
    await this.looking
    if (this.#waiting.length === 0 && !signal.aborted) {
      this.isExhausted = true
      await new Promise<void>((resolve) => {
        this.#onNews = resolve
        signal.addEventListener('abort', () => resolve())
      })
      this.isExhausted = false
    }
    return this.#waiting.splice(0, countMax)
  }

  settle(verdicts: readonly Verdict<HeldEvent>[]): Promise<void> {
    if (this.failSettles-- > 0) return Promise.reject(new Error('disk'))
    this.settled.push(...verdicts.map(({ held }) => held.event.id))
    return Promise.resolve()
  }

  release(): void {
    throw new Error('A drain gives nothing back')
  }
}

class FakeRedis implements DrainTarget {
  runId: string | undefined = 'first'
  readonly got: string[] = []
  pings = 0
  refusal: AppError | undefined
  /** Ids that are refused once each. */
  readonly refuseOnce = new Set<string>()
  #connecting = Promise.withResolvers<void>()

  publish(event: QueuedEvent): Promise<unknown> {
    if (this.runId === undefined) return Promise.reject(new AppError('QUEUE_UNAVAILABLE'))
    if (this.refusal !== undefined) return Promise.reject(this.refusal)
    if (this.refuseOnce.delete(event.id)) return Promise.reject(new AppError('QUEUE_UNAVAILABLE'))
    this.got.push(event.id)
    return Promise.resolve('stored')
  }

  ping(): Promise<void> {
    this.pings++
    return this.runId === undefined ? Promise.reject(new AppError('QUEUE_UNAVAILABLE')) : Promise.resolve()
  }

  async connected(signal: AbortSignal): Promise<void> {
    if (this.runId !== undefined || signal.aborted) return
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    await Promise.race([this.#connecting.promise, aborted])
  }

  leave(): void {
    this.runId = undefined
    this.#connecting = Promise.withResolvers()
  }

  comeBack(runId: string): void {
    this.runId = runId
    this.#connecting.resolve()
  }
}

describe('the drain of the spool', () => {
  let clock: FakeClock
  let log: RecordingLogger
  let source: FakeSource
  let redis: FakeRedis
  let drain: SpoolDrain<HeldEvent>

  beforeEach(() => {
    clock = new FakeClock()
    log = new RecordingLogger()
    source = new FakeSource()
    redis = new FakeRedis()
    drain = new SpoolDrain({ topic: 't', source, target: redis, clock, log })
  })
  afterEach(async () => {
    await drain.stop()
    expect(clock.timerCount).toBe(0)
  })

  const put = (events: readonly QueuedEvent[]) => {
    source.put(events)
    drain.expect(events.length)
  }
  const ids = (count: number) => queuedEvents(count).map(({ id }) => id)

  test('sends in order, in batches, and counts what is left', async () => {
    put(queuedEvents(1_600))
    expect(drain.unsentCount).toBe(1_600)
    drain.start()
    await settle()
    expect(redis.got).toEqual(ids(1_600))
    expect(drain.unsentCount).toBe(0)
  })

  verifies(
    'queue:spool:durable',
    'forgets an event when Redis has had it for 2 s, after an answer of the same run, and not before',
    async () => {
      put(queuedEvents(3))
      drain.start()
      await clock.advance(1_999)
      expect({ got: redis.got, settled: source.settled, pings: redis.pings }).toEqual({
        got: ids(3),
        settled: [],
        pings: 0,
      })
      await clock.advance(251)
      expect({ settled: source.settled, pings: redis.pings }).toEqual({ settled: ids(3), pings: 1 })
      expect(redis.got).toEqual(ids(3))
    },
  )

  verifies('queue:spool:durable', 'keeps an event that Redis has had for a millisecond less', async () => {
    drain.start()
    // It looks every 250 ms: two seconds after it began this one is 1,999 ms old.
    await clock.advance(1)
    put(queuedEvents(1))
    await clock.advance(2_248)
    expect({ got: redis.got, settled: source.settled }).toEqual({ got: ids(1), settled: [] })
    await clock.advance(1)
    expect(source.settled).toEqual(ids(1))
  })

  test('sends again what was not yet durable when Redis comes back as another run', async () => {
    put(queuedEvents(3))
    drain.start()
    await clock.advance(1_000)
    redis.leave()
    await clock.advance(60_000)
    expect(source.settled).toEqual([])
    redis.comeBack('second')
    await clock.advance(500)
    expect(redis.got).toEqual([...ids(3), ...ids(3)])
    expect(source.settled).toEqual([])
    await clock.advance(2_250)
    expect(source.settled).toEqual(ids(3))
    expect(log.named('spool_sends_again')).toHaveLength(1)
    expect(drain.unsentCount).toBe(0)
  })

  verifies('queue:spool:durable', 'sends again before it goes on with what came later', async () => {
    put(queuedEvents(2))
    drain.start()
    await clock.advance(500)
    redis.leave()
    put(queuedEvents(2, 'Later'))
    await clock.advance(500)
    redis.comeBack('second')
    await clock.advance(1_000)
    expect(redis.got.slice(2)).toEqual(['Ev0', 'Ev1', 'Later0', 'Later1'])
  })

  test('sends nothing again when the same run is back', async () => {
    put(queuedEvents(2))
    drain.start()
    await clock.advance(500)
    redis.leave()
    await clock.advance(5_000)
    redis.comeBack('first')
    await clock.advance(3_000)
    expect(redis.got).toEqual(ids(2))
    expect(source.settled).toEqual(ids(2))
  })

  test('does not take the answer of another run for proof', async () => {
    put(queuedEvents(1))
    drain.start()
    await clock.advance(1_900)
    // The run changes between the question and the answer.
    redis.ping = () => {
      redis.runId = 'second'
      return Promise.resolve()
    }
    await clock.advance(600)
    expect(source.settled).toEqual([])
  })

  test('waits while Redis is away, for as long as it takes, and keeps the order', async () => {
    redis.leave()
    put(queuedEvents(5))
    drain.start()
    await clock.advance(600_000)
    expect({ got: redis.got, unsent: drain.unsentCount }).toEqual({ got: [], unsent: 5 })
    redis.comeBack('second')
    await clock.advance(500)
    expect(redis.got).toEqual(ids(5))
  })

  test('sends the rest of a batch that broke in the middle', async () => {
    for (const id of ['Ev1', 'Ev3']) redis.refuseOnce.add(id)
    put(queuedEvents(5))
    drain.start()
    await settle()
    expect(redis.got).toEqual(['Ev0', 'Ev2', 'Ev4'])
    expect(drain.unsentCount).toBe(2)
    await clock.advance(200)
    expect(redis.got).toEqual(['Ev0', 'Ev2', 'Ev4', 'Ev1', 'Ev3'])
    await clock.advance(2_500)
    expect(source.settled.toSorted()).toEqual(ids(5))
  })

  verifies(
    'queue:spool:held-up',
    'keeps everything while Redis is full, says so once, and goes on by itself',
    async () => {
      redis.refusal = new AppError('QUEUE_FULL')
      put(queuedEvents(3))
      drain.start()
      await clock.advance(60_000)
      expect({ got: redis.got, unsent: drain.unsentCount }).toEqual({ got: [], unsent: 3 })
      expect(log.named('spool_held_up')).toHaveLength(1)
      redis.refusal = undefined
      await clock.advance(1_000)
      expect(redis.got).toEqual(ids(3))
      expect(log.named('spool_goes_on')).toHaveLength(1)
    },
  )

  test('holds at most 20,000 events that are not yet durable', async () => {
    put(queuedEvents(25_000))
    drain.start()
    while (redis.got.length < 20_000) await settle()
    await settle()
    expect(redis.got.length).toBeGreaterThanOrEqual(20_000)
    expect(redis.got.length).toBeLessThan(20_000 + 512)
    await clock.advance(2_500)
    while (redis.got.length < 25_000) await clock.advance(10)
    expect(redis.got).toEqual(ids(25_000))
  })

  test('stops while it holds all that it may and waits for Redis', async () => {
    put(queuedEvents(25_000))
    drain.start()
    while (redis.got.length < 20_000) await settle()
    // Whoever waits for the drain wakes it when his time is over: it looks for Redis then.
    void drain.caughtUp(1_000)
    redis.leave()
    await clock.advance(1_000)
    await drain.stop()
    expect(clock.timerCount).toBe(0)
  })

  test('holds at most 32 MiB that are not yet durable, and one batch', async () => {
    const mebibyte = new Uint8Array(1024 * 1024)
    put(queuedEvents(512 + 40).map((event) => ({ ...event, bytes: mebibyte })))
    drain.start()
    for (let round = 0; round < 10; round++) await settle()
    expect(redis.got).toHaveLength(512)
    await clock.advance(2_500)
    expect(redis.got).toHaveLength(512 + 40)
  })

  test('goes on after the spool failed to read, and to forget', async () => {
    source.failTakes = 2
    source.failSettles = 2
    put(queuedEvents(1))
    drain.start()
    await clock.advance(2_000)
    expect(redis.got).toEqual(['Ev0'])
    await clock.advance(3_000)
    expect(source.settled).toEqual(['Ev0'])
    expect(log.named('spool_read_failed')).toHaveLength(2)
  })

  describe('catching up', () => {
    const caughtUp = (waitMaxMs: number) => {
      const state = { isDone: false }
      void drain.caughtUp(waitMaxMs).then(() => {
        state.isDone = true
      })
      return state
    }

    test('waits for what was expected before, and not for what comes later', async () => {
      put(queuedEvents(1))
      const waiting = caughtUp(1_000)
      await settle()
      expect(waiting.isDone).toBe(false)
      drain.expect(5)
      drain.start()
      await settle()
      expect(waiting.isDone).toBe(true)
    })

    test('gives up after its time', async () => {
      drain.expect(1)
      drain.start()
      const waiting = caughtUp(1_000)
      await clock.advance(999)
      expect(waiting.isDone).toBe(false)
      await clock.advance(1)
      expect(waiting.isDone).toBe(true)
    })

    test('does not wait while Redis is away, or full', async () => {
      redis.leave()
      put(queuedEvents(1))
      drain.start()
      const away = caughtUp(1_000)
      await settle()
      expect(away.isDone).toBe(true)
      redis.refusal = new AppError('QUEUE_FULL')
      redis.comeBack('second')
      await settle()
      const full = caughtUp(1_000)
      await settle()
      expect(full.isDone).toBe(true)
    })

    test('does not take what Redis will not have yet for a row that was set aside', async () => {
      redis.refusal = new AppError('QUEUE_FULL')
      put(queuedEvents(512))
      drain.start()
      await clock.advance(5_000)
      for (let call = 1; call <= 2; call++) drain.reconcile()
      expect(drain.unsentCount).toBe(512)
    })

    test('does not take a spool that is slow for one that has nothing', async () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      source.looking = promise
      put(queuedEvents(3))
      drain.start()
      await settle()
      for (let call = 1; call <= 3; call++) drain.reconcile()
      expect(drain.unsentCount).toBe(3)
      resolve()
      await settle()
      expect(drain.unsentCount).toBe(0)
    })

    test('no longer waits for a row that was set aside', async () => {
      put(queuedEvents(1))
      drain.expect(1)
      drain.start()
      await settle()
      drain.reconcile()
      expect(drain.unsentCount).toBe(1)
      drain.reconcile()
      expect(drain.unsentCount).toBe(0)
    })

    test('does not take for missing what came in since it last looked', async () => {
      drain.start()
      await settle()
      drain.reconcile()
      drain.expect(1)
      drain.reconcile()
      expect(drain.unsentCount).toBe(1)
      put(queuedEvents(1))
      await settle()
      drain.reconcile()
      expect(drain.unsentCount).toBe(1)
    })

    test('an event that was stored after its publish was given up hides none that come later', async () => {
      drain.start()
      source.put(queuedEvents(1))
      await settle()
      for (let call = 1; call <= 2; call++) drain.reconcile()
      redis.leave()
      put(queuedEvents(3, 'later'))
      await settle()
      expect(drain.unsentCount).toBe(3)
    })
  })
})
