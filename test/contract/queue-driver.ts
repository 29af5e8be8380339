import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { AppError } from '../../src/base/errors.ts'
import type {
  DeadLetter,
  DeadLetterPage,
  Delivery,
  QueueBackend,
  QueuedEvent,
  Subscription,
} from '../../src/queue/driver.ts'
import { NotTried } from '../../src/queue/failure-reason.ts'
import { deadLetterPageMax, type QueueLimits, retryPolicyDefault } from '../../src/queue/limits.ts'
import { queuedEvent, queuedEvents, topic } from '../support/queue-events.ts'

/** What a second driver over the same store is. */
export type SecondDriver =
  /** On its own: it sees nothing of the first. */
  | 'separate'
  /** Refused at start. */
  | 'refused'
  /** The same store: what one has stored is a duplicate to the other. */
  | 'shared'
  /** The same store in the end: what both have stored is delivered once (a spool cannot know what another replica took in a moment ago). */
  | 'shared-at-delivery'

/** A store, and drivers over it. Made anew for every case. */
export interface QueueHarness {
  /** One more driver over the store, not started. It keeps the limits it is given and chooses what they leave open. */
  createDriver(limits?: Partial<QueueLimits>): QueueBackend
  readonly secondDriver: SecondDriver
  /** Lets time pass for the drivers and the store, and what is under way go on. */
  advance(ms: number): Promise<void>
  /** Takes the store away and gives it back; undefined where the store cannot be away. */
  readonly outage: { begin(): Promise<void>; end(): Promise<void> } | undefined
  /** Timers, sockets, threads and files that the drivers hold; 0 once all are stopped. */
  openHandles(): number | Promise<number>
  /** Stops what is left and removes the store. */
  close(): Promise<void>
}

/** Fast enough for a test, slow enough to be told apart. */
const retry = { attemptsMax: 3, firstMs: 100, longestMs: 400 }
const dedupeWindowMs = 60_000
/** One step of a clock that a test waits by. Small, so that real I/O keeps up with an injected clock. */
const stepMs = 10
const waitMaxMs = 20_000

/** The cases that make a queue backend correct. Every backend passes all of them; `makeHarness` says what it is made of. */
export function queueDriverContract(
  name: string,
  makeHarness: () => QueueHarness | Promise<QueueHarness>,
): void {
  describe(`queue driver: ${name}`, () => {
    let harness: QueueHarness

    beforeEach(async () => {
      harness = await makeHarness()
    })
    afterEach(async () => {
      await harness.close()
    })

    const start = async (limits: Partial<QueueLimits> = {}): Promise<QueueBackend> => {
      const driver = harness.createDriver({ retry, dedupeWindowMs, ...limits })
      await driver.start()
      return driver
    }

    /** Advances until `condition` holds. */
    const until = async (says: string, condition: () => boolean | Promise<boolean>): Promise<void> => {
      const startedAtMs = performance.now()
      while (!(await condition())) {
        if (performance.now() - startedAtMs > waitMaxMs) throw new Error(`Waited in vain until ${says}`)
        await harness.advance(stepMs)
      }
    }

    /** Subscribes until `end`, recording what comes. */
    const consume = (driver: QueueBackend, options: ConsumeOptions = {}): Consumer => {
      const deliveries: Delivery[] = []
      const { handler = async () => undefined, group = 'g', ...rest } = options
      const controller = new AbortController()
      let hasEnded = false
      const ended = driver
        .subscribe({
          topic,
          group,
          handler: async (delivery, signal) => {
            deliveries.push(delivery)
            await handler(delivery, signal)
          },
          signal: controller.signal,
          ...rest,
        })
        .then(() => {
          hasEnded = true
        })
      return {
        deliveries,
        ids: () => deliveries.map(({ event }) => event.id),
        hasEnded: () => hasEnded,
        abort: () => controller.abort(),
        end: async () => {
          controller.abort()
          await until('the subscription has ended', () => hasEnded)
          await ended
        },
      }
    }

    /** A group that nobody consumes from. */
    const register = async (driver: QueueBackend, group = 'g'): Promise<void> => {
      const consumer = consume(driver, { group })
      await until('the group is known', async () => (await pendingOf(driver, group)) !== undefined)
      await consumer.end()
    }

    const pendingOf = async (driver: QueueBackend, group = 'g'): Promise<number | undefined> =>
      (await driver.groups()).find((info) => info.topic === topic && info.group === group)?.pending

    describe('publishing', () => {
      for (const [what, bytes] of Object.entries(byteSamples())) {
        test(`keeps the bytes unchanged: ${what}`, async () => {
          const driver = await start()
          const event = queuedEvent({ id: 'Ev1', bytes: bytes.slice() })
          expect(await driver.publish(event)).toBe('stored')
          const consumer = consume(driver)
          await until('the event is delivered', () => consumer.deliveries.length === 1)
          expect(hashOf(consumer.deliveries[0]?.event.bytes)).toBe(hashOf(bytes))
          const [recent] = await driver.recent(topic, 1)
          expect(hashOf(recent?.bytes)).toBe(hashOf(bytes))
          await consumer.end()
        })
      }

      test('keeps every field of an event', async () => {
        const driver = await start()
        const full = queuedEvent({ id: 'Ev1', key: 'C9:ключ' })
        const traced = queuedEvent({
          id: 'Ev3',
          meta: {
            ...full.meta,
            eventId: 'Ev3',
            traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
            tracestate: 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7',
          },
        })
        const sparse = queuedEvent({
          id: 'Ev2',
          key: '',
          meta: {
            eventId: 'Ev2',
            type: 'interactive:block_actions',
            teamId: undefined,
            channelId: undefined,
            receivedAtMs: 1_700_000_000_999,
            correlationId: '00000000-0000-4000-8000-000000000002',
            source: 'interactivity',
            retryNum: 3,
          },
        })
        for (const event of [full, sparse, traced]) await driver.publish(event)
        const consumer = consume(driver)
        await until('all are delivered', () => consumer.deliveries.length === 3)
        expect(consumer.deliveries.map(plain)).toEqual([
          { event: plainEvent(full), attempt: 1 },
          { event: plainEvent(sparse), attempt: 1 },
          { event: plainEvent(traced), attempt: 1 },
        ])
        await consumer.end()
      })

      test('stores the same id once', async () => {
        const driver = await start()
        expect(await driver.publish(queuedEvent({ id: 'Ev1' }))).toBe('stored')
        expect(await driver.publish(queuedEvent({ id: 'Ev1' }))).toBe('duplicate')
        expect(await driver.publish(queuedEvent({ id: 'Ev2' }))).toBe('stored')
        expect((await driver.depth()).events).toBe(2)
      })

      test('stores the same id once of ten at the same moment', async () => {
        const driver = await start()
        const outcomes: readonly string[] = await Promise.all(
          Array.from({ length: 10 }, () => driver.publish(queuedEvent({ id: 'Ev1' }))),
        )
        expect(outcomes.toSorted()).toEqual([...Array<string>(9).fill('duplicate'), 'stored'])
        expect((await driver.depth()).events).toBe(1)
      })

      test('keeps topics apart: the same id in two topics is two events', async () => {
        const driver = await start()
        expect(await driver.publish(queuedEvent({ id: 'Ev1' }))).toBe('stored')
        expect(await driver.publish(queuedEvent({ id: 'Ev1', topic: 'other' }))).toBe('stored')
        expect((await driver.recent('other', 10)).map(({ id }) => id)).toEqual(['Ev1'])
        const consumer = consume(driver)
        await until('the event of its topic is delivered', () => consumer.deliveries.length === 1)
        expect(consumer.deliveries[0]?.event.topic).toBe(topic)
        await consumer.end()
      })

      test('remembers an id for the whole window and not longer, also when its event is acknowledged', async () => {
        const driver = await start()
        const consumer = consume(driver)
        await driver.publish(queuedEvent({ id: 'Ev1' }))
        await until('it is acknowledged', async () => (await pendingOf(driver)) === 0)
        await consumer.end()
        await harness.advance(dedupeWindowMs / 2)
        expect(await driver.publish(queuedEvent({ id: 'Ev1' }))).toBe('duplicate')
        await harness.advance(dedupeWindowMs / 2)
        expect(await driver.publish(queuedEvent({ id: 'Ev1' }))).toBe('stored')
      })

      test('says how much it keeps', async () => {
        const driver = await start({ eventsMax: 8 })
        const nothing = { events: 0, bytes: 0, eventsMax: 8, pending: 0, fill: 0, deadLetters: 0 }
        expect(await driver.depth()).toEqual({ ...nothing, oldestAtMs: undefined })
        await register(driver)
        const first = queuedEvent({ id: 'Ev1', bytes: new Uint8Array(100) })
        await driver.publish(first)
        await driver.publish(queuedEvent({ id: 'Ev2', bytes: new Uint8Array(20) }))
        expect(await driver.depth()).toEqual({
          ...nothing,
          events: 2,
          bytes: 120,
          pending: 2,
          fill: 0.25,
          oldestAtMs: first.meta.receivedAtMs,
        })
        const consumer = consume(driver)
        await until('both are acknowledged', async () => (await driver.depth()).pending === 0)
        expect(await driver.depth()).toMatchObject({ pending: 0, fill: 0, oldestAtMs: undefined })
        await consumer.end()
      })

      test('shows the newest events kept, newest last', async () => {
        const driver = await start()
        for (const event of queuedEvents(5)) await driver.publish(event)
        expect((await driver.recent(topic, 2)).map(({ id }) => id)).toEqual(['Ev3', 'Ev4'])
        expect((await driver.recent(topic, 10)).map(({ id }) => id)).toEqual([
          'Ev0',
          'Ev1',
          'Ev2',
          'Ev3',
          'Ev4',
        ])
        expect(await driver.recent(topic, 0)).toEqual([])
        expect(await driver.recent('other', 10)).toEqual([])
      })

      test('finds a kept event by its id, as it was stored', async () => {
        const driver = await start()
        const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
        const wanted = queuedEvent({ id: 'wanted', bytes })
        for (const event of [...queuedEvents(3), wanted, ...queuedEvents(3, 'later')])
          await driver.publish(event)
        const found = await driver.find(topic, 'wanted')
        expect(found && plainEvent(found)).toEqual(plainEvent(wanted))
        expect((await driver.find(topic, 'Ev0'))?.id).toBe('Ev0')
        expect((await driver.find(topic, 'later2'))?.id).toBe('later2')
        expect(await driver.find(topic, 'Ev3')).toBeUndefined()
        expect(await driver.find(topic, '')).toBeUndefined()
        expect(await driver.find('other', 'wanted')).toBeUndefined()
      })

      test('finds among more events than it looks at in one go', async () => {
        const driver = await start({ eventsMax: 10_000 })
        const events = [...queuedEvents(4_500)]
        // A bite at a time: on a slow disk the last of all at once would outlive the time that a store has for it.
        while (events.length > 0)
          await Promise.all(events.splice(0, 100).map((event) => driver.publish(event)))
        expect((await driver.find(topic, 'Ev1'))?.id).toBe('Ev1')
        expect(await driver.find(topic, 'none')).toBeUndefined()
        const purge = { topic, receivedBeforeMs: Number.MAX_SAFE_INTEGER }
        await until(
          'all are counted',
          async () => (await driver.purge({ ...purge, isDryRun: true })) === 4_500,
        )
        expect(await driver.purge({ ...purge, isDryRun: false })).toBe(4_500)
        expect(await driver.depth()).toMatchObject({ events: 0, bytes: 0 })
      })
    })

    describe('at the bound', () => {
      test('lets the oldest give way while there is no group: 3 x N events are all stored', async () => {
        const driver = await start({ eventsMax: 5 })
        for (const event of queuedEvents(15)) expect(await driver.publish(event)).toBe('stored')
        expect(await driver.depth()).toMatchObject({ events: 5, pending: 0, fill: 0 })
        expect((await driver.recent(topic, 10)).map(({ id }) => id)).toEqual([
          'Ev10',
          'Ev11',
          'Ev12',
          'Ev13',
          'Ev14',
        ])
      })

      test('refuses with QUEUE_FULL while a group is behind, and takes events again when it caught up', async () => {
        const driver = await start({ eventsMax: 5 })
        await register(driver)
        for (const event of queuedEvents(5)) expect(await driver.publish(event)).toBe('stored')
        expect(await rejectionOf(driver.publish(queuedEvent({ id: 'late' })))).toBe('QUEUE_FULL')
        expect(await driver.publish(queuedEvent({ id: 'Ev4' }))).toBe('duplicate')
        expect(await driver.depth()).toMatchObject({ events: 5, fill: 1 })
        const consumer = consume(driver)
        await until('all are acknowledged', async () => (await pendingOf(driver)) === 0)
        // A refused event is not remembered as seen.
        expect(await driver.publish(queuedEvent({ id: 'late' }))).toBe('stored')
        await until('the late one is delivered', () => consumer.ids().includes('late'))
        expect(consumer.ids()).toEqual(['Ev0', 'Ev1', 'Ev2', 'Ev3', 'Ev4', 'late'])
        await consumer.end()
      })

      test('lets the oldest give way where the operator chose drop-oldest', async () => {
        const driver = await start({ eventsMax: 3, whenFull: 'drop-oldest' })
        await register(driver)
        for (const event of queuedEvents(5)) expect(await driver.publish(event)).toBe('stored')
        const consumer = consume(driver)
        await until('what is left is delivered', () => consumer.deliveries.length === 3)
        expect(consumer.ids()).toEqual(['Ev2', 'Ev3', 'Ev4'])
        await until('nothing is pending', async () => (await pendingOf(driver)) === 0)
        await consumer.end()
      })

      test('counts bytes too: refuses what goes beyond, takes what just fits', async () => {
        const driver = await start({ bytesMax: 100 })
        await register(driver)
        await driver.publish(queuedEvent({ id: 'Ev1', bytes: new Uint8Array(60) }))
        expect(await rejectionOf(driver.publish(queuedEvent({ id: 'Ev2', bytes: new Uint8Array(41) })))).toBe(
          'QUEUE_FULL',
        )
        expect(await driver.publish(queuedEvent({ id: 'Ev3', bytes: new Uint8Array(40) }))).toBe('stored')
      })
    })

    describe('its life', () => {
      test('refuses to publish and to ping before start and after stop', async () => {
        const driver = harness.createDriver()
        expect(await rejectionOf(driver.publish(queuedEvent({ id: 'Ev1' })))).toBe('QUEUE_UNAVAILABLE')
        expect(await rejectionOf(driver.ping())).toBe('QUEUE_UNAVAILABLE')
        await driver.start()
        await driver.ping()
        expect(await driver.publish(queuedEvent({ id: 'Ev1' }))).toBe('stored')
        await driver.stop()
        expect(await rejectionOf(driver.publish(queuedEvent({ id: 'Ev2' })))).toBe('QUEUE_UNAVAILABLE')
        expect(await rejectionOf(driver.ping())).toBe('QUEUE_UNAVAILABLE')
      })

      test('settles what is in flight when it stops', async () => {
        const driver = await start()
        const publishes = queuedEvents(20).map((event) => outcomeOf(driver.publish(event)))
        const stopped = driver.stop()
        const outcomes = await Promise.all(publishes)
        await stopped
        for (const outcome of outcomes) expect(['stored', 'QUEUE_UNAVAILABLE']).toContain(outcome)
        if (!driver.capabilities.durable) return
        const again = await start()
        const storedCount = outcomes.filter((outcome) => outcome === 'stored').length
        expect((await again.depth()).events).toBeGreaterThanOrEqual(storedCount)
      })

      test('stops twice, before start, and while it stops', async () => {
        const driver = harness.createDriver()
        await driver.stop()
        const other = await start()
        await Promise.all([other.stop(), other.stop()])
        await other.stop()
      })

      test('leaves no timer, socket or thread behind', async () => {
        const driver = await start({ eventsMax: 3 })
        for (const event of queuedEvents(9)) await driver.publish(event)
        const failing = consume(driver, { handler: () => Promise.reject(new Error('no')) })
        const idle = consume(driver, { group: 'idle' })
        await until('one has failed', () => failing.deliveries.length > 0)
        await driver.stop()
        await until('both subscriptions have ended', () => failing.hasEnded() && idle.hasEnded())
        expect(await harness.openHandles()).toBe(0)
      })

      test('claims to be durable exactly where a new driver finds what was stored', async () => {
        const first = await start()
        await first.publish(queuedEvent({ id: 'Ev1' }))
        await first.stop()
        const second = await start()
        const expected = first.capabilities.durable
          ? { events: 1, again: 'duplicate' }
          : { events: 0, again: 'stored' }
        expect((await second.depth()).events).toBe(expected.events)
        expect(await second.publish(queuedEvent({ id: 'Ev1' }))).toBe(expected.again as 'stored')
      })

      test('claims to be shared exactly where a second driver meets the first', async () => {
        const first = await start()
        await first.publish(queuedEvent({ id: 'Ev1' }))
        expect(first.capabilities.shared).toBe(harness.secondDriver.startsWith('shared'))
        const second = harness.createDriver({ dedupeWindowMs })
        if (harness.secondDriver === 'refused') {
          await expect(second.start()).rejects.toBeInstanceOf(AppError)
          await second.stop()
          expect(await first.publish(queuedEvent({ id: 'Ev2' }))).toBe('stored')
          return
        }
        await second.start()
        const outcome = await second.publish(queuedEvent({ id: 'Ev1' }))
        if (harness.secondDriver === 'separate') {
          expect(outcome).toBe('stored')
          expect((await first.depth()).events).toBe(1)
          return
        }
        if (harness.secondDriver === 'shared') expect(outcome).toBe('duplicate')
        await second.publish(queuedEvent({ id: 'Ev2' }))
        const consumer = consume(first)
        await until('the second event has come', () => consumer.ids().includes('Ev2'))
        expect(consumer.ids()).toEqual(['Ev1', 'Ev2'])
        await consumer.end()
      })

      test('refuses a publish whose caller has given up, and forgets it', async () => {
        const driver = await start()
        expect(await rejectionOf(driver.publish(queuedEvent({ id: 'Ev1' }), AbortSignal.abort()))).toBe(
          'QUEUE_UNAVAILABLE',
        )
        expect(await rejectionOf(driver.ping(AbortSignal.abort()))).toBe('QUEUE_UNAVAILABLE')
        expect((await driver.depth()).events).toBe(0)
        expect(await driver.publish(queuedEvent({ id: 'Ev1' }))).toBe('stored')
      })

      test('keeps one copy when a caller gives up during a publish and tries again', async () => {
        const driver = await start()
        const controller = new AbortController()
        const first = outcomeOf(driver.publish(queuedEvent({ id: 'Ev1' }), controller.signal))
        controller.abort()
        expect(['stored', 'QUEUE_UNAVAILABLE']).toContain(await first)
        expect(['stored', 'duplicate']).toContain(await driver.publish(queuedEvent({ id: 'Ev1' })))
        const consumer = consume(driver)
        await driver.publish(queuedEvent({ id: 'Ev2' }))
        await until('the next one has come', () => consumer.ids().includes('Ev2'))
        expect(consumer.ids()).toEqual(['Ev1', 'Ev2'])
        await consumer.end()
      })

      test('refuses while the store is away and goes on when it is back', async () => {
        const { outage } = harness
        if (outage === undefined) return
        const driver = await start()
        const consumer = consume(driver)
        await driver.publish(queuedEvent({ id: 'before' }))
        await outage.begin()
        const controller = new AbortController()
        const lost = ['a', 'b'].map((id) => outcomeOf(driver.publish(queuedEvent({ id }), controller.signal)))
        const pinged = outcomeOf(driver.ping(controller.signal))
        controller.abort()
        const outcomes: readonly unknown[] = await Promise.all([...lost, pinged])
        expect(outcomes).toEqual(Array(3).fill('QUEUE_UNAVAILABLE'))
        await outage.end()
        await until('it answers again', async () => (await outcomeOf(driver.ping())) === undefined)
        await until('it stores again', async () => {
          const outcome = await outcomeOf(driver.publish(queuedEvent({ id: 'after' })))
          return outcome === 'stored' || outcome === 'duplicate'
        })
        // Slack sends again what was refused: whatever the store made of the first try, each id is kept once.
        for (const id of ['a', 'b']) await driver.publish(queuedEvent({ id }))
        await until('all have come', () => consumer.ids().includes('after') && consumer.ids().includes('b'))
        await until('all are acknowledged', async () => (await pendingOf(driver)) === 0)
        expect(consumer.ids().toSorted()).toEqual(['a', 'after', 'b', 'before'])
        await consumer.end()
      })
    })

    describe('consuming', () => {
      test('gives a new group everything kept, oldest first', async () => {
        const driver = await start()
        for (const event of queuedEvents(3)) await driver.publish(event)
        const consumer = consume(driver)
        await until('all are delivered', () => consumer.deliveries.length === 3)
        expect(consumer.ids()).toEqual(['Ev0', 'Ev1', 'Ev2'])
        await consumer.end()
      })

      test('delivers again what was not acknowledged when a member left, and not what was', async () => {
        const driver = await start()
        const first = consume(driver, { handler: () => Promise.reject(new Error('no')) })
        await driver.publish(queuedEvent({ id: 'Ev0' }))
        await until('it has failed', () => first.deliveries.length >= 1)
        await first.end()
        expect(await pendingOf(driver)).toBe(1)
        const second = consume(driver)
        await driver.publish(queuedEvent({ id: 'Ev1' }))
        await until('both are acknowledged', async () => (await pendingOf(driver)) === 0)
        await second.end()
        expect(second.ids()).toEqual(['Ev0', 'Ev1'])
        const third = consume(driver)
        await driver.publish(queuedEvent({ id: 'Ev2' }))
        await until('the new one is delivered', () => third.deliveries.length > 0)
        expect(third.ids()).toEqual(['Ev2'])
        await third.end()
      })

      test('tries a rejected event again, then buries it with its bytes, and goes on', async () => {
        const driver = await start()
        const bytes = new Uint8Array([0, 255, 10, 0])
        const consumer = consume(driver, {
          handler: async ({ event }) => {
            if (event.id === 'poison') throw new AppError('SLACK_REFUSED')
          },
        })
        const poison = queuedEvent({ id: 'poison', bytes })
        await driver.publish(poison)
        await driver.publish(queuedEvent({ id: 'good' }))
        await until('it is buried', async () => (await driver.depth()).deadLetters === 1)
        const tries = consumer.deliveries.filter(({ event }) => event.id === 'poison')
        expect(tries.map(({ attempt }) => attempt)).toEqual([1, 2, 3])
        expect(consumer.ids().filter((id) => id === 'good')).toEqual(['good'])
        await until('nothing is pending', async () => (await pendingOf(driver)) === 0)
        const [letter, ...others] = await driver.deadLetters(topic, 10)
        expect(others).toEqual([])
        expect(letter).toMatchObject({ group: 'g', attempts: 3, reason: 'SLACK_REFUSED' })
        expect(letter && plainEvent(letter.event)).toEqual(plainEvent(poison))
        expect(await driver.deadLetters(topic, 0)).toEqual([])
        await consumer.end()
      })

      test('gives an event again as the same try where its handler did not try it', async () => {
        const driver = await start()
        let isReady = false
        const handler = async () => {
          if (!isReady) throw new NotTried()
        }
        const first = consume(driver, { handler })
        await driver.publish(queuedEvent({ id: 'Ev1' }))
        await until('it came more often than it may be tried', () => first.deliveries.length === 4)
        await first.end()
        isReady = true
        const second = consume(driver, { handler })
        await until('it is acknowledged', async () => (await pendingOf(driver)) === 0)
        const attempts = [...first.deliveries, ...second.deliveries].map(({ attempt }) => attempt)
        expect(attempts).toEqual([1, 1, 1, 1, 1])
        expect((await driver.depth()).deadLetters).toBe(0)
        await second.end()
      })

      test('hands a dead letter to its group again as a first attempt, once', async () => {
        const driver = await start()
        let isBroken = true
        const consumer = consume(driver, {
          handler: async () => {
            if (isBroken) throw new Error('broken')
          },
        })
        const other = consume(driver, { group: 'other' })
        await driver.publish(queuedEvent({ id: 'Ev1' }))
        await until('it is buried', async () => (await driver.depth()).deadLetters === 1)
        isBroken = false
        expect(await driver.replayDeadLetter({ topic, eventId: 'Ev1', group: 'other' })).toBe(false)
        expect(await driver.replayDeadLetter({ topic, eventId: 'Ev2', group: 'g' })).toBe(false)
        expect(await driver.replayDeadLetter({ topic, eventId: 'Ev1', group: 'g' })).toBe(true)
        await until('it is delivered', () => consumer.deliveries.length === 4)
        await until('it is acknowledged', async () => (await pendingOf(driver)) === 0)
        expect(consumer.deliveries[3]).toMatchObject({ attempt: 1, event: { id: 'Ev1' } })
        expect(await driver.replayDeadLetter({ topic, eventId: 'Ev1', group: 'g' })).toBe(false)
        expect((await driver.depth()).deadLetters).toBe(0)
        await until('the other has it', () => other.deliveries.length > 0)
        expect(other.ids()).toEqual(['Ev1'])
        await consumer.end()
        await other.end()
      })

      test('removes a dead letter, and drops the oldest when there are too many', async () => {
        const driver = await start({ deadLettersMax: 2 })
        const consumer = consume(driver, {
          handler: () => Promise.reject(new Error('no')),
          concurrencyMax: 1,
        })
        for (const event of queuedEvents(3)) {
          await driver.publish(event)
          await until('it is buried', async () =>
            (await driver.deadLetters(topic, 10)).some((letter) => letter.event.id === event.id),
          )
        }
        expect((await driver.deadLetters(topic, 10)).map((letter) => letter.event.id)).toEqual(['Ev1', 'Ev2'])
        expect((await driver.deadLetters(topic, 1)).map((letter) => letter.event.id)).toEqual(['Ev2'])
        expect(await driver.removeDeadLetter({ topic, eventId: 'Ev1', group: 'g' })).toBe(true)
        expect(await driver.removeDeadLetter({ topic, eventId: 'Ev1', group: 'g' })).toBe(false)
        expect((await driver.depth()).deadLetters).toBe(1)
        await consumer.end()
      })

      test('reads all dead letters part by part, oldest first, while some leave and some come', async () => {
        const driver = await start({ deadLettersMax: 1_000, retry: { ...retry, attemptsMax: 1 } })
        const count = 2 * deadLetterPageMax + 5
        const consumer = consume(driver, {
          concurrencyMax: 200,
          handler: () => Promise.reject(new Error('no')),
        })
        for (const event of queuedEvents(count)) await driver.publish(event)
        await until('all are buried', async () => (await driver.depth()).deadLetters === count)
        const buried = (await driver.deadLetters(topic, count)).map(({ event }) => event.id)
        const everySecondLeaves = async ({ event, group }: DeadLetter, index: number) =>
          index % 2 === 1 || (await driver.removeDeadLetter({ topic, eventId: event.id, group }))
        const found = await lookThrough(driver, everySecondLeaves)
        expect(found).toEqual(buried.map((id) => [id, true]))
        const left = await lookThrough(driver, () => Promise.resolve(true))
        expect(left).toEqual(found.filter((_, index) => index % 2 === 1))
        expect(await driver.deadLetterPage('none', undefined)).toEqual({ letters: [], next: undefined })
        await consumer.end()
      })

      test('keeps the dead letters of topics apart, also those of one id and group', async () => {
        const driver = await start({ retry: { ...retry, attemptsMax: 1 } })
        const handler = () => Promise.reject(new Error('no'))
        const consumers = [topic, 'other'].map((name) => consume(driver, { topic: name, handler }))
        for (const name of [topic, 'other']) await driver.publish(queuedEvent({ id: 'Ev1', topic: name }))
        await until('both are buried', async () => (await driver.depth()).deadLetters === 2)
        const name = { topic, eventId: 'Ev1', group: 'g' }
        expect(await driver.removeDeadLetter(name)).toBe(true)
        expect(await driver.removeDeadLetter(name)).toBe(false)
        expect(await driver.deadLetters(topic, 9)).toEqual([])
        expect((await driver.deadLetters('other', 9)).map(({ event }) => event.id)).toEqual(['Ev1'])
        for (const consumer of consumers) await consumer.end()
      })

      test('gives every group every event', async () => {
        const driver = await start()
        const left = consume(driver, { group: 'left' })
        const right = consume(driver, { group: 'right' })
        for (const event of queuedEvents(5)) await driver.publish(event)
        await until('both have all', () => left.deliveries.length === 5 && right.deliveries.length === 5)
        expect(left.ids()).toEqual(['Ev0', 'Ev1', 'Ev2', 'Ev3', 'Ev4'])
        expect(right.ids()).toEqual(left.ids())
        await left.end()
        await right.end()
      })

      test('shares the events of a group between its members', async () => {
        const driver = await start()
        const gate = Promise.withResolvers<void>()
        const members = [1, 2].map(() => consume(driver, { handler: () => gate.promise }))
        for (const event of queuedEvents(2)) await driver.publish(event)
        await until('each member works on one', () =>
          members.every((member) => member.deliveries.length === 1),
        )
        gate.resolve()
        for (const event of queuedEvents(8, 'More')) await driver.publish(event)
        await until('all are acknowledged', async () => (await pendingOf(driver)) === 0)
        const ids = members.flatMap((member) => member.ids())
        expect(ids.toSorted()).toEqual([
          'Ev0',
          'Ev1',
          ...Array.from({ length: 8 }, (_, index) => `More${index}`),
        ])
        for (const member of members) await member.end()
      })

      test('runs as many handlers at once as the subscription asks for, and no more', async () => {
        const driver = await start()
        for (const event of queuedEvents(12)) await driver.publish(event)
        let running = 0
        let runningMax = 0
        const consumer = consume(driver, {
          concurrencyMax: 4,
          handler: async () => {
            runningMax = Math.max(runningMax, ++running)
            await until('four run at once', () => runningMax === 4)
            running--
          },
        })
        await until('all are acknowledged', async () => (await pendingOf(driver)) === 0)
        expect(runningMax).toBe(4)
        await consumer.end()
      })

      test('keeps the order of a key where asked, also across failures, while other keys go on', async () => {
        const driver = await start()
        for (const id of ['a1', 'b1', 'a2', 'b2', 'a3']) {
          await driver.publish(queuedEvent({ id, key: id.slice(0, 1) }))
        }
        const acknowledged: string[] = []
        const running = new Set<string>()
        const consumer = consume(driver, {
          ordered: true,
          concurrencyMax: 5,
          handler: async ({ event, attempt }) => {
            expect(running.has(event.key)).toBe(false)
            running.add(event.key)
            await Promise.resolve()
            running.delete(event.key)
            if (event.id === 'a1' && attempt < 3) throw new Error('not yet')
            acknowledged.push(event.id)
          },
        })
        await until('all are acknowledged', async () => (await pendingOf(driver)) === 0)
        expect(acknowledged.filter((id) => id.startsWith('a'))).toEqual(['a1', 'a2', 'a3'])
        expect(acknowledged.filter((id) => id.startsWith('b'))).toEqual(['b1', 'b2'])
        expect(acknowledged.indexOf('b2')).toBeLessThan(acknowledged.indexOf('a1'))
        await consumer.end()
      })

      test('ends a subscription only when its running handler has settled, and starts no other', async () => {
        const driver = await start()
        const gate = Promise.withResolvers<void>()
        let sawAbort = false
        const consumer = consume(driver, {
          handler: async (_delivery, signal) => {
            signal.addEventListener('abort', () => {
              sawAbort = true
            })
            await gate.promise
          },
        })
        for (const event of queuedEvents(2)) await driver.publish(event)
        await until('the first runs', () => consumer.deliveries.length === 1)
        consumer.abort()
        await harness.advance(stepMs)
        expect({ sawAbort, hasEnded: consumer.hasEnded() }).toEqual({ sawAbort: true, hasEnded: false })
        gate.resolve()
        await consumer.end()
        expect(consumer.ids()).toEqual(['Ev0'])
        expect(await pendingOf(driver)).toBe(1)
      })

      test('does not call a handler for a subscription that was aborted before', async () => {
        const driver = await start()
        await driver.publish(queuedEvent({ id: 'Ev1' }))
        const consumer = consume(driver, { signal: AbortSignal.abort() })
        await until('the subscription has ended', () => consumer.hasEnded())
        expect(consumer.deliveries).toEqual([])
      })
    })

    describe('administration', () => {
      test('lists groups with what they have not acknowledged', async () => {
        const driver = await start()
        expect(await driver.groups()).toEqual([])
        await register(driver, 'idle')
        const busy = consume(driver, { group: 'busy' })
        for (const event of queuedEvents(3)) await driver.publish(event)
        await until('one group has all', async () => (await pendingOf(driver, 'busy')) === 0)
        const groups = (await driver.groups()).toSorted((left, right) => (left.group < right.group ? -1 : 1))
        expect(groups).toMatchObject([
          { topic, group: 'busy', pending: 0 },
          { topic, group: 'idle', pending: 3 },
        ])
        expect(groups[0]?.activeAtMs).toBeNumber()
        await busy.end()
      })

      test('forgets a group: it no longer holds the door, and would begin anew', async () => {
        const driver = await start({ eventsMax: 3 })
        await register(driver, 'forgotten')
        for (const event of queuedEvents(3)) await driver.publish(event)
        expect(await rejectionOf(driver.publish(queuedEvent({ id: 'late' })))).toBe('QUEUE_FULL')
        expect(await driver.removeGroup(topic, 'unknown')).toBe(false)
        expect(await driver.removeGroup('other', 'forgotten')).toBe(false)
        expect(await driver.removeGroup(topic, 'forgotten')).toBe(true)
        expect(await driver.groups()).toEqual([])
        expect(await driver.publish(queuedEvent({ id: 'late' }))).toBe('stored')
        const again = consume(driver, { group: 'forgotten' })
        await until('it has what is kept', () => again.deliveries.length === 3)
        expect(again.ids()).toEqual(['Ev1', 'Ev2', 'late'])
        await again.end()
      })
    })

    describe('purging', () => {
      const arrivedAt = (id: string, receivedAtMs: number) => {
        const event = queuedEvent({ id })
        return { ...event, meta: { ...event.meta, receivedAtMs } }
      }
      const publishFour = async (driver: QueueBackend) => {
        for (const second of [1, 2, 3, 4]) await driver.publish(arrivedAt(`Ev${second}`, second * 1_000))
      }

      test('removes what arrived before a time, acknowledged or not, and nothing in a dry run', async () => {
        const driver = await start()
        await register(driver)
        await publishFour(driver)
        const bytes = (await driver.depth()).bytes / 4
        const purge = { topic, receivedBeforeMs: 3_000 }
        expect(await driver.purge({ ...purge, isDryRun: true })).toBe(2)
        expect(await driver.depth()).toMatchObject({ events: 4, pending: 4 })
        expect(await driver.purge({ ...purge, isDryRun: false })).toBe(2)
        expect(await driver.depth()).toMatchObject({
          events: 2,
          bytes: 2 * bytes,
          pending: 2,
          oldestAtMs: 3_000,
        })
        expect(await driver.purge({ ...purge, isDryRun: false })).toBe(0)
        expect(await driver.purge({ ...purge, topic: 'other', isDryRun: false })).toBe(0)
        const consumer = consume(driver)
        await until('the rest came', () => consumer.deliveries.length === 2)
        expect(consumer.ids()).toEqual(['Ev3', 'Ev4'])
        await consumer.end()
        expect(await pendingOf(driver)).toBe(0)
      })

      test('makes room again at the bound, in events and in bytes', async () => {
        const size = queuedEvent({ id: 'Ev1' }).bytes.byteLength
        for (const limits of [{ eventsMax: 4 }, { bytesMax: 4 * size }]) {
          const driver = await start(limits)
          await register(driver)
          await publishFour(driver)
          expect(await rejectionOf(driver.publish(arrivedAt('Ev5', 5_000)))).toBe('QUEUE_FULL')
          expect(await driver.purge({ topic, receivedBeforeMs: 2_000, isDryRun: false })).toBe(1)
          expect(await driver.publish(arrivedAt('Ev5', 5_000))).toBe('stored')
          expect(await rejectionOf(driver.publish(arrivedAt('Ev6', 6_000)))).toBe('QUEUE_FULL')
          await driver.purge({ topic, receivedBeforeMs: 9_000, isDryRun: false })
          await driver.stop()
          await harness.close()
          harness = await makeHarness()
        }
      })

      test('leaves what it removed deduplicated', async () => {
        const driver = await start()
        await publishFour(driver)
        expect(await driver.purge({ topic, receivedBeforeMs: 4_001, isDryRun: false })).toBe(4)
        expect(await driver.publish(arrivedAt('Ev1', 9_000))).toBe('duplicate')
        expect(await driver.publish(arrivedAt('Ev5', 9_000))).toBe('stored')
        expect(await driver.depth()).toMatchObject({ events: 1 })
      })

      test('takes an event from nobody who has it in hand, and never gives it out again', async () => {
        const driver = await start()
        await register(driver)
        await publishFour(driver)
        const handling = Promise.withResolvers<void>()
        const consumer = consume(driver, { concurrencyMax: 2, handler: () => handling.promise })
        await until('two are in hand', () => consumer.deliveries.length === 2)
        expect(await driver.purge({ topic, receivedBeforeMs: 2_000, isDryRun: false })).toBe(1)
        expect(await pendingOf(driver)).toBe(3)
        handling.reject(new Error('failed'))
        await until('the rest came', () => consumer.ids().filter((id) => id === 'Ev4').length === 3)
        await until('all but the purged one are dead', async () => (await driver.depth()).deadLetters === 3)
        await consumer.end()
        expect(await pendingOf(driver)).toBe(0)
        expect((await driver.deadLetters(topic, 10)).map(({ event }) => event.id).toSorted()).toEqual([
          'Ev2',
          'Ev3',
          'Ev4',
        ])
      })
    })
  })
}

type ConsumeOptions = Partial<Subscription>

interface Consumer {
  readonly deliveries: readonly Delivery[]
  ids(): readonly string[]
  hasEnded(): boolean
  abort(): void
  end(): Promise<void>
}

function byteSamples(): Readonly<Record<string, Uint8Array>> {
  const mebibyte = new Uint8Array(1024 * 1024)
  for (let index = 0; index < mebibyte.length; index++) mebibyte[index] = (index * 31) & 255
  return {
    'no byte': new Uint8Array(0),
    '0x00 and 0xFF': new Uint8Array([0, 255, 0, 0, 255, 254]),
    'every byte': Uint8Array.from({ length: 256 }, (_, index) => index),
    'invalid UTF-8': new Uint8Array([0xc3, 0x28, 0xed, 0xa0, 0x80]),
    '1 MiB': mebibyte,
  }
}

/** Bytes as a short text: comparing 1 MiB element by element takes a test framework seconds. */
function hashOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && `${bytes.byteLength}:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`
}

function plainEvent({ id, topic, key, bytes, meta }: QueuedEvent): object {
  return { id, topic, key, bytes: [...bytes], meta: { ...meta } }
}

function plain({ event, attempt }: Delivery): object {
  return { event: plainEvent(event), attempt }
}

/** The dead letters of the topic, part by part, with what became of each. */
async function lookThrough(
  driver: QueueBackend,
  act: (letter: DeadLetter, index: number) => Promise<boolean>,
): Promise<readonly (readonly [id: string, outcome: boolean])[]> {
  const seen: (readonly [string, boolean])[] = []
  for (let from: string | undefined; ; ) {
    const { letters, next }: DeadLetterPage = await driver.deadLetterPage(topic, from)
    expect(letters.length).toBeLessThanOrEqual(deadLetterPageMax)
    for (const letter of letters) seen.push([letter.event.id, await act(letter, seen.length)])
    if (next === undefined) return seen
    from = next
  }
}

/** The code that `promise` rejects with, which must be one of the two that a driver may use. */
async function rejectionOf(promise: Promise<unknown>): Promise<string> {
  const thrown = await promise.then(
    (value) => expect.unreachable(`resolved with ${String(value)}`),
    (error: unknown) => error,
  )
  if (!(thrown instanceof AppError)) throw thrown
  expect(['QUEUE_UNAVAILABLE', 'QUEUE_FULL']).toContain(thrown.code)
  return thrown.code
}

/** What a promise comes to: its value, or the code of its rejection. */
async function outcomeOf<T>(promise: Promise<T>): Promise<T | string> {
  try {
    return await promise
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    expect(['QUEUE_UNAVAILABLE', 'QUEUE_FULL']).toContain(error.code)
    return error.code
  }
}

/** Limits for harnesses: those of a case, and for the rest values that no case reaches. */
export function contractLimits(limits: Partial<QueueLimits> = {}): QueueLimits {
  return {
    eventsMax: 1_000,
    bytesMax: 64 * 1024 * 1024,
    whenFull: 'refuse',
    dedupeWindowMs,
    deadLettersMax: 100,
    retry: retryPolicyDefault,
    ...limits,
  }
}
