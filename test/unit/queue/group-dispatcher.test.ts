import { expect, test } from 'bun:test'
import type { Delivery, RetryPolicy, Subscription } from '../../../src/queue/driver.ts'
import { GroupDispatcher } from '../../../src/queue/group-dispatcher.ts'
import type { GroupSource, HeldEvent, Verdict } from '../../../src/queue/group-source.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { queuedEvent, topic } from '../../support/queue-events.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { sequentialIds } from '../../support/sequential-ids.ts'

const retry: RetryPolicy = { attemptsMax: 3, firstMs: 1_000, longestMs: 3_000 }

/** A store in the hands of the test. */
class FakeSource implements GroupSource<HeldEvent> {
  readonly verdicts: Verdict<HeldEvent>[] = []
  readonly released: { readonly held: HeldEvent; readonly attempt: number }[] = []
  readonly takenCounts: number[] = []
  isAway = false
  /** Gives, and records nothing. */
  isReadOnly = false
  /** What a slow store waits for before it answers. */
  takeGate: Promise<void> = Promise.resolve()
  settleGate: Promise<void> = Promise.resolve()
  readonly #events: HeldEvent[] = []
  #serve: () => void = () => undefined

  offer(...events: readonly HeldEvent[]): void {
    this.#events.push(...events)
    this.#serve()
  }

  async take(countMax: number, signal: AbortSignal): Promise<readonly HeldEvent[]> {
    this.takenCounts.push(countMax)
    if (this.isAway) throw new Error('away')
    const taken = await this.#next(countMax, signal)
    await this.takeGate
    return taken
  }

  async settle(verdicts: readonly Verdict<HeldEvent>[]): Promise<void> {
    await this.settleGate
    if (this.isAway || this.isReadOnly) throw new Error('away')
    this.verdicts.push(...verdicts)
  }

  #next(countMax: number, signal: AbortSignal): Promise<readonly HeldEvent[]> {
    return new Promise((resolve) => {
      this.#serve = () => {
        if (this.#events.length === 0 && !signal.aborted) return
        this.#serve = () => undefined
        resolve(this.#events.splice(0, countMax))
      }
      signal.addEventListener('abort', () => this.#serve())
      this.#serve()
    })
  }

  release(held: readonly { readonly held: HeldEvent; readonly attempt: number }[]): void {
    this.released.push(...held)
  }

  /** What became of each event, as text. */
  get story(): readonly string[] {
    return this.verdicts.map(({ kind, held }) => `${kind} ${held.event.id}`)
  }
}

const held = (id: string, attempt = 1, key = 'k'): HeldEvent => ({ event: queuedEvent({ id, key }), attempt })

function bench() {
  const clock = new FakeClock()
  const log = new RecordingLogger()
  const source = new FakeSource()
  const dispatcher = new GroupDispatcher(source, retry, { clock, ids: sequentialIds(), log })
  const consume = (options: Partial<Subscription> = {}) => {
    const deliveries: Delivery[] = []
    const controller = new AbortController()
    const { handler = async () => undefined, ...rest } = options
    let hasEnded = false
    const ended = dispatcher
      .run({
        topic,
        group: 'g',
        signal: controller.signal,
        ...rest,
        handler: async (delivery, signal) => {
          deliveries.push(delivery)
          await handler(delivery, signal)
        },
      })
      .then(() => {
        hasEnded = true
      })
    return {
      tries: () => deliveries.map(({ event, attempt }) => `${event.id}/${attempt}`),
      abort: () => controller.abort(),
      ended,
      hasEnded: () => hasEnded,
    }
  }
  return { clock, log, source, dispatcher, consume }
}

/** A consumer in the middle of the event `a`, until `finish`. */
async function inTheMiddle() {
  const started = bench()
  const { promise, resolve: finish } = Promise.withResolvers<void>()
  const consumer = started.consume({ handler: () => promise })
  started.source.offer(held('a'))
  await settle()
  return { ...started, consumer, finish }
}

test('waits between tries, twice as long each time, half of it by chance, and buries after the last', async () => {
  const { clock, log, source, consume } = bench()
  const consumer = consume({ handler: () => Promise.reject(new RangeError('no')) })
  source.offer(held('a'))
  await settle()
  expect(consumer.tries()).toEqual(['a/1'])
  // sequentialIds says 0.5: three quarters of 1,000 ms, then of 2,000 ms.
  await clock.advance(749)
  expect(consumer.tries()).toEqual(['a/1'])
  await clock.advance(1)
  expect(consumer.tries()).toEqual(['a/1', 'a/2'])
  await clock.advance(1_499)
  expect(consumer.tries()).toEqual(['a/1', 'a/2'])
  await clock.advance(1)
  expect(consumer.tries()).toEqual(['a/1', 'a/2', 'a/3'])
  expect(source.story).toEqual(['failed a', 'failed a', 'dead a'])
  expect(source.verdicts.at(-1)).toMatchObject({ attempts: 3, reason: 'RangeError' })
  expect(log.named('queue_event_buried')).toMatchObject([
    { level: 'error', fields: { event_id: 'a', attempts: 3, reason: 'RangeError' } },
  ])
  // Beyond the lease too: its timer is not set anew while nothing runs.
  await clock.advance(300_000)
  expect(consumer.tries()).toHaveLength(3)
  expect(clock.timerCount).toBe(0)
})

test('a subscription brings its own retry policy', async () => {
  const { clock, source, consume } = bench()
  const own = { attemptsMax: 1, firstMs: 1, longestMs: 1 }
  consume({ handler: () => Promise.reject(new Error('no')), retry: own })
  source.offer(held('a'))
  await clock.advance(0)
  expect(source.story).toEqual(['dead a'])
})

test('a handler that throws before its first await counts as failed', async () => {
  const { source, consume } = bench()
  consume({
    handler: () => {
      throw new Error('at once')
    },
  })
  source.offer(held('a'))
  await settle()
  expect(source.story).toEqual(['failed a'])
})

test('a handler that hangs loses its lease: its signal aborts, the try counts as failed, the slot is free', async () => {
  const { clock, source, consume } = bench()
  const hanging = Promise.withResolvers<void>()
  let wasAborted = false
  const consumer = consume({
    leaseMs: 10_000,
    handler: ({ event }, signal) => {
      signal.addEventListener('abort', () => {
        wasAborted = true
      })
      return event.id === 'hangs' ? hanging.promise : Promise.resolve()
    },
  })
  source.offer(held('hangs'), held('next'))
  await clock.advance(9_999)
  expect({ tries: consumer.tries(), wasAborted }).toEqual({ tries: ['hangs/1'], wasAborted: false })
  await clock.advance(1)
  expect(wasAborted).toBe(true)
  expect(source.story).toEqual(['failed hangs', 'acknowledged next'])
  // Too late: the event is with another try by now.
  hanging.resolve()
  await settle()
  expect(source.story).toEqual(['failed hangs', 'acknowledged next'])
})

test('each of several calls has a whole lease, by one timer, which goes with the member', async () => {
  const { clock, source, consume } = bench()
  const finished = new Map<string, () => void>()
  const consumer = consume({
    leaseMs: 10_000,
    concurrencyMax: 9,
    handler: ({ event }) => new Promise<void>((resolve) => finished.set(event.id, resolve)),
    retry: { ...retry, firstMs: 60_000, longestMs: 60_000 },
  })
  for (const id of ['finishes', 'first', 'second']) {
    source.offer(held(id))
    await clock.advance(3_000)
  }
  expect(clock.timerCount).toBe(1)
  finished.get('finishes')?.()
  await clock.advance(3_999)
  expect(source.story).toEqual(['acknowledged finishes'])
  await clock.advance(1)
  expect(source.story).toEqual(['acknowledged finishes', 'failed first'])
  await clock.advance(2_999)
  expect(source.story).toEqual(['acknowledged finishes', 'failed first'])
  await clock.advance(1)
  expect(source.story).toEqual(['acknowledged finishes', 'failed first', 'failed second'])
  source.offer(held('last'))
  await settle()
  consumer.abort()
  finished.get('last')?.()
  await consumer.ended
  expect(clock.timerCount).toBe(0)
})

test('an event that ended its process with every try is buried without another', async () => {
  const { source, consume } = bench()
  const consumer = consume()
  source.offer(held('killer', 4), held('good', 3))
  await settle()
  expect(consumer.tries()).toEqual(['good/3'])
  expect(source.verdicts).toMatchObject([
    { kind: 'dead', attempts: 3, reason: 'PROCESS_ENDED' },
    { kind: 'acknowledged' },
  ])
})

test('takes no more than it can run', async () => {
  const { source, consume } = bench()
  const gate = Promise.withResolvers<void>()
  consume({ concurrencyMax: 3, handler: () => gate.promise })
  source.offer(...['a', 'b', 'c', 'd', 'e'].map((id) => held(id)))
  await settle()
  expect(source.takenCounts).toEqual([3])
  gate.resolve()
  await settle()
  expect(source.story).toHaveLength(5)
})

test('an ordered group reads on behind a key that waits, but not without end', async () => {
  const { source, consume } = bench()
  const gate = Promise.withResolvers<void>()
  const consumer = consume({ concurrencyMax: 2, ordered: true, handler: () => gate.promise })
  source.offer(...Array.from({ length: 2_000 }, (_, index) => held(`a${index}`, 1, 'same')))
  source.offer(held('other', 1, 'other'))
  await settle()
  expect(consumer.tries()).toEqual(['a0/1'])
  const taken = source.takenCounts.reduce((sum, count) => sum + count, 0)
  expect(taken).toBe(2 + 1_024)
  gate.resolve()
  await settle()
  await settle()
  expect(source.story).toHaveLength(2_001)
})

test('goes on taking when the store is back', async () => {
  const { clock, log, source, consume } = bench()
  source.isAway = true
  const consumer = consume()
  source.offer(held('a'))
  await settle()
  expect(log.named('queue_take_failed')).toHaveLength(1)
  source.isAway = false
  await clock.advance(999)
  expect(consumer.tries()).toEqual([])
  await clock.advance(1)
  expect(source.story).toEqual(['acknowledged a'])
})

test('keeps verdicts for a store that is away and records them when it is back, in one batch', async () => {
  const { clock, source, consume } = bench()
  const gate = Promise.withResolvers<void>()
  consume({ concurrencyMax: 3, handler: () => gate.promise })
  source.offer(held('a'), held('b'), held('c'))
  await settle()
  source.isAway = true
  gate.resolve()
  await clock.advance(1_500)
  expect(source.story).toEqual([])
  source.isAway = false
  await clock.advance(1_000)
  expect(source.story.toSorted()).toEqual(['acknowledged a', 'acknowledged b', 'acknowledged c'])
})

test('gives back what no handler had when the last member leaves, with the try that was not begun', async () => {
  const { clock, source, consume } = bench()
  const consumer = consume({
    concurrencyMax: 2,
    ordered: true,
    handler: ({ event }) => (event.id === 'fails' ? Promise.reject(new Error('no')) : Promise.resolve()),
  })
  source.offer(held('fails', 1, 'x'), held('behind', 1, 'x'))
  await settle()
  expect(source.story).toEqual(['failed fails'])
  consumer.abort()
  await consumer.ended
  expect(source.released.map(({ held, attempt }) => `${held.event.id}/${attempt}`).toSorted()).toEqual([
    'behind/1',
    'fails/2',
  ])
  expect(clock.timerCount).toBe(0)
})

test('what is taken after the last member left goes back unseen', async () => {
  const { source, consume } = bench()
  const consumer = consume()
  await settle()
  consumer.abort()
  source.offer(held('late'))
  await consumer.ended
  await settle()
  expect(consumer.tries()).toEqual([])
  expect(source.released.map(({ held }) => held.event.id)).toEqual(['late'])
})

test('starts no handler once the signal aborts, not even in the same turn', async () => {
  const { source, consume } = bench()
  source.offer(held('a'))
  const consumer = consume()
  consumer.abort()
  await consumer.ended
  expect(consumer.tries()).toEqual([])
  expect(source.released.map(({ held, attempt }) => `${held.event.id}/${attempt}`)).toEqual(['a/1'])
})

test('one member leaves while another goes on', async () => {
  const { source, consume } = bench()
  const gate = Promise.withResolvers<void>()
  const leaving = consume({ handler: () => gate.promise })
  const staying = consume({ handler: () => gate.promise })
  source.offer(held('a'), held('b'), held('c'), held('d'))
  await settle()
  leaving.abort()
  await settle()
  expect(leaving.hasEnded()).toBe(false)
  gate.resolve()
  await leaving.ended
  await settle()
  expect(leaving.tries()).toHaveLength(1)
  expect(staying.tries()).toHaveLength(3)
  expect(source.released).toEqual([])
  expect(source.story).toHaveLength(4)
})

test('stops although the store does not take the last verdicts, leaving no timer', async () => {
  const { clock, source, dispatcher, consumer, finish } = await inTheMiddle()
  source.isAway = true
  finish()
  await settle()
  dispatcher.stop()
  await consumer.ended
  await settle()
  expect(source.story).toEqual([])
  expect(clock.timerCount).toBe(0)
})

test('an ordered key goes on after its poison was buried', async () => {
  const { source, consume } = bench()
  consume({
    ordered: true,
    retry: { attemptsMax: 1, firstMs: 1, longestMs: 1 },
    handler: ({ event }) => (event.id === 'poison' ? Promise.reject(new Error('no')) : Promise.resolve()),
  })
  source.offer(held('poison'), held('behind'))
  await settle()
  expect(source.story).toEqual(['dead poison', 'acknowledged behind'])
})

test('waits for a take under way when the last member leaves, and gives back what it brings', async () => {
  const { source, consume } = bench()
  const gate = Promise.withResolvers<void>()
  source.takeGate = gate.promise
  const consumer = consume()
  source.offer(held('late'))
  await settle()
  consumer.abort()
  await settle()
  expect(consumer.hasEnded()).toBe(false)
  gate.resolve()
  await consumer.ended
  expect(consumer.tries()).toEqual([])
  expect(source.released.map(({ held }) => held.event.id)).toEqual(['late'])
})

test('a member that joins while the last one leaves gets what was taken', async () => {
  const { source, consume } = bench()
  const gate = Promise.withResolvers<void>()
  source.takeGate = gate.promise
  const leaving = consume({ concurrencyMax: 2 })
  source.offer(held('a'), held('b'))
  await settle()
  leaving.abort()
  await settle()
  const working = Promise.withResolvers<void>()
  const joining = consume({ handler: () => working.promise })
  gate.resolve()
  await leaving.ended
  working.resolve()
  await settle()
  expect({ tries: joining.tries(), released: source.released }).toEqual({
    tries: ['a/1', 'b/1'],
    released: [],
  })
})

test('ends only when the last verdict is kept', async () => {
  const { source, consume } = bench()
  const gate = Promise.withResolvers<void>()
  source.settleGate = gate.promise
  const consumer = consume()
  source.offer(held('a'))
  await settle()
  consumer.abort()
  await settle()
  expect(consumer.hasEnded()).toBe(false)
  gate.resolve()
  await consumer.ended
  expect(source.story).toEqual(['acknowledged a'])
})

test('a member that leaves others behind ends only when its own last verdict is kept', async () => {
  const { source, consume, consumer: leaving, finish } = await inTheMiddle()
  const keeping = Promise.withResolvers<void>()
  source.settleGate = keeping.promise
  consume()
  leaving.abort()
  await settle()
  finish()
  await settle()
  expect(leaving.hasEnded()).toBe(false)
  keeping.resolve()
  await leaving.ended
  expect(source.story).toEqual(['acknowledged a'])
})

test('a member counts, and nothing is given back, until its last handler has settled', async () => {
  const { source, dispatcher, consume } = bench()
  const gate = Promise.withResolvers<void>()
  const working = consume({ ordered: true, concurrencyMax: 2, handler: () => gate.promise })
  source.offer(held('a'), held('behind'))
  await settle()
  const idle = consume()
  for (const member of [working, idle]) member.abort()
  await idle.ended
  expect({ members: dispatcher.memberCount, released: source.released }).toEqual({ members: 1, released: [] })
  gate.resolve()
  await working.ended
  expect(dispatcher.memberCount).toBe(0)
  expect(source.released.map(({ held }) => held.event.id)).toEqual(['behind'])
})

test('ends without the store where that is away, and records the verdict when it is back', async () => {
  const { clock, source, consumer, finish } = await inTheMiddle()
  source.isAway = true
  consumer.abort()
  finish()
  await consumer.ended
  expect(source.story).toEqual([])
  source.isAway = false
  await clock.advance(1_000)
  expect(source.story).toEqual(['acknowledged a'])
})

test('gives the next event to the member that has the least to do', async () => {
  const { source, consume } = bench()
  const gate = Promise.withResolvers<void>()
  const members = [1, 2].map(() => consume({ concurrencyMax: 2, handler: () => gate.promise }))
  source.offer(held('a'), held('b'))
  await settle()
  expect(members.map((member) => member.tries().length)).toEqual([1, 1])
})

test('the bound on what is held survives failures and members that come and go', async () => {
  const { clock, source, consume } = bench()
  const takenCount = () => source.takenCounts.reduce((sum, count) => sum + count, 0)
  const rejectFirst: Subscription['handler'] = () => Promise.reject(new Error('no'))
  const retry = { attemptsMax: 100, firstMs: 1, longestMs: 1 }
  const first = consume({ ordered: true, retry, handler: rejectFirst })
  source.offer(...Array.from({ length: 3_000 }, (_, index) => held(`a${index}`, 1, 'same')))
  await clock.advance(20)
  expect(takenCount()).toBe(1 + 1_024)
  first.abort()
  await first.ended
  expect(source.released).toHaveLength(1_025)
  consume({ ordered: true, retry, handler: rejectFirst })
  await clock.advance(20)
  expect(takenCount()).toBe(2 * (1 + 1_024))
})

test('goes on where the store took no verdicts until the bound on what is held was reached', async () => {
  const { clock, source, consume } = bench()
  const consumer = consume()
  source.isReadOnly = true
  source.offer(...Array.from({ length: 3_000 }, (_, index) => held(`a${index}`)))
  await settle()
  expect(consumer.tries()).toHaveLength(1 + 1_024)
  source.isReadOnly = false
  await clock.advance(1_000)
  expect(source.verdicts).toHaveLength(3_000)
})
