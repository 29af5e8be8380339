import { Database } from 'bun:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { Delivery, Subscription } from '../../src/queue/driver.ts'
import { GuardedQueue } from '../../src/queue/guarded-queue.ts'
import type { DurableLimits } from '../../src/queue/limits.ts'
import type { SqliteQueue } from '../../src/queue/sqlite.ts'
import type { WriterEnvelope } from '../../src/queue/sqlite-protocol.ts'
import {
  type OpenWriterPort,
  openWriterThread,
  type WriterPortEvents,
} from '../../src/queue/sqlite-thread.ts'
import { settle } from '../support/fake-clock.ts'
import { queuedEvent, queuedEvents, topic } from '../support/queue-events.ts'
import { sequentialIds } from '../support/sequential-ids.ts'
import { SqliteHarness } from '../support/sqlite-harness.ts'
import { verifies } from '../support/verifies.ts'

const hourMs = 3_600_000
let harness: SqliteHarness

beforeEach(() => {
  harness = new SqliteHarness()
})
afterEach(() => harness.close())

async function started(
  limits: Partial<DurableLimits> = {},
  openWriter?: OpenWriterPort,
): Promise<SqliteQueue> {
  const queue = harness.createQueue(limits, openWriter === undefined ? {} : { openWriter })
  await queue.start()
  return queue
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await harness.advance(5)
}

function consume(queue: SqliteQueue, options: Partial<Subscription> = {}) {
  const deliveries: Delivery[] = []
  const controller = new AbortController()
  const { handler = async () => undefined, ...rest } = options
  const ended = queue.subscribe({
    topic,
    group: 'g',
    signal: controller.signal,
    ...rest,
    handler: async (delivery, signal) => {
      deliveries.push(delivery)
      await handler(delivery, signal)
    },
  })
  return {
    tries: () => deliveries.map(({ event, attempt }) => `${event.id}/${attempt}`),
    end: async () => {
      controller.abort()
      await ended
    },
  }
}

const pendingOf = async (queue: SqliteQueue, group = 'g') =>
  (await queue.groups()).find((info) => info.group === group)?.pending

const allAcknowledged = (queue: SqliteQueue) => until(async () => (await pendingOf(queue)) === 0)
const idsOf = (events: readonly { readonly id: string }[]) => events.map(({ id }) => id)

/** Reads the file beside the server, as an operator with the sqlite3 shell does. */
function look(sql: string): unknown[] {
  const db = new Database(join(harness.directory, 'events.db'), { readonly: true })
  try {
    return db.query(sql).values().flat()
  } finally {
    db.close()
  }
}

describe('storing', () => {
  verifies('queue:sqlite:group-commit', 'publishes of one turn share one transaction', async () => {
    let commits = 0
    const queue = await started({}, (events) => {
      const port = harness.countThreads(openWriterThread)(events)
      return {
        ...port,
        send(envelope) {
          if (envelope.kind === 'commit') commits++
          port.send(envelope)
        },
      }
    })
    const outcomes = await Promise.all(queuedEvents(500).map((event) => queue.publish(event)))
    expect(outcomes.every((outcome) => outcome === 'stored')).toBe(true)
    expect(commits).toBe(1)
  })

  test('one transaction takes no more than 2,000 events or 16 MiB', async () => {
    const batches: number[] = []
    const queue = await started({ eventsMax: 10_000 }, (events) => {
      const port = harness.countThreads(openWriterThread)(events)
      return {
        ...port,
        send(envelope) {
          if (envelope.kind === 'commit') batches.push(envelope.request.publishes.count)
          port.send(envelope)
        },
      }
    })
    await Promise.all(queuedEvents(4_001).map((event) => queue.publish(event)))
    expect(batches).toEqual([2_000, 2_000, 1])
    batches.length = 0
    const mebibyte = new Uint8Array(1024 * 1024)
    const large = queuedEvents(20, 'Large').map((event) => ({ ...event, bytes: mebibyte }))
    await Promise.all(large.map((event) => queue.publish(event)))
    expect(batches).toEqual([16, 4])
  })

  test('takes any number of bytes one after the other', async () => {
    const queue = await started({ bytesMax: 16 * 1024 * 1024 })
    const mebibyte = new Uint8Array(1024 * 1024)
    for (const event of queuedEvents(80)) {
      expect(await queue.publish({ ...event, bytes: mebibyte })).toBe('stored')
    }
  })

  test('the same id in two batches at once is stored once', async () => {
    const queue = await started()
    const first = queue.publish(queuedEvent({ id: 'a' }))
    await settle()
    expect(await Promise.all([first, queue.publish(queuedEvent({ id: 'a' }))])).toEqual([
      'stored',
      'duplicate',
    ])
  })

  test('survives a stop: events, groups, cursors, failures, dead letters', async () => {
    const retry = { attemptsMax: 2, firstMs: 100, longestMs: 100 }
    const first = await started({ retry })
    const consumer = consume(first, {
      handler: async ({ event }) => {
        if (event.id === 'Ev1') throw new Error('no')
      },
    })
    await first.publish(queuedEvent({ id: 'Ev1' }))
    await until(async () => (await first.depth()).deadLetters === 1)
    await first.publish(queuedEvent({ id: 'Ev2' }))
    await allAcknowledged(first)
    await consumer.end()
    const failing = consume(first, { handler: () => Promise.reject(new Error('no')) })
    await first.publish(queuedEvent({ id: 'Ev3' }))
    await until(() => failing.tries().length === 1)
    await failing.end()
    await first.stop()

    const second = await started({ retry })
    expect((await second.deadLetters(topic, 5)).map(({ event }) => event.id)).toEqual(['Ev1'])
    expect(await pendingOf(second)).toBe(1)
    const again = consume(second)
    await allAcknowledged(second)
    // One try had failed before: this is the second.
    expect(again.tries()).toEqual(['Ev3/2'])
    await again.end()
  })

  test('hands out large events in bites, and all of them', async () => {
    const queue = await started()
    const mebibyte = new Uint8Array(1024 * 1024)
    for (const event of queuedEvents(20)) await queue.publish({ ...event, bytes: mebibyte })
    const consumer = consume(queue, { concurrencyMax: 20 })
    await allAcknowledged(queue)
    expect(consumer.tries()).toHaveLength(20)
    await consumer.end()
  })

  test('keeps many waiting failures and goes on with all of them after a restart', async () => {
    const first = await started({ eventsMax: 5_000 })
    await Promise.all(queuedEvents(200).map((event) => first.publish(event)))
    const failing = consume(first, {
      concurrencyMax: 200,
      retry: { attemptsMax: 9, firstMs: hourMs, longestMs: hourMs },
      handler: () => Promise.reject(new Error('no')),
    })
    await until(() => failing.tries().length === 200)
    await failing.end()
    await first.stop()
    const second = await started({ eventsMax: 5_000 })
    const consumer = consume(second, { concurrencyMax: 100 })
    await allAcknowledged(second)
    expect(consumer.tries()).toHaveLength(200)
    expect(new Set(consumer.tries()).size).toBe(200)
    expect(consumer.tries().every((text) => text.endsWith('/2'))).toBe(true)
    await consumer.end()
  })

  test('the order of a key holds across a restart', async () => {
    const first = await started()
    for (const event of queuedEvents(6)) await first.publish(event)
    const failing = consume(first, {
      ordered: true,
      concurrencyMax: 3,
      handler: ({ event }) => (event.id === 'Ev2' ? Promise.reject(new Error('no')) : Promise.resolve()),
    })
    await until(() => failing.tries().length === 3)
    await failing.end()
    await first.stop()
    const second = await started()
    const consumer = consume(second, { ordered: true, concurrencyMax: 3 })
    await allAcknowledged(second)
    expect(consumer.tries()).toEqual(['Ev2/2', 'Ev3/1', 'Ev4/1', 'Ev5/1'])
    await consumer.end()
  })
})

describe('retention', () => {
  verifies(
    'queue:sqlite:retention',
    'what is old leaves, but nothing that a group has not acknowledged',
    async () => {
      const queue = await started({ retentionMs: hourMs })
      const consumer = consume(queue)
      await queue.publish(queuedEvent({ id: 'seen' }))
      await allAcknowledged(queue)
      await consumer.end()
      await queue.publish(queuedEvent({ id: 'unseen' }))
      await harness.advance(hourMs - 60_001)
      expect(idsOf(await queue.recent(topic, 5))).toEqual(['seen', 'unseen'])
      await harness.advance(120_000)
      await until(async () => (await queue.recent(topic, 5)).length === 1)
      expect(idsOf(await queue.recent(topic, 5))).toEqual(['unseen'])
      await harness.advance(10 * hourMs)
      expect(await pendingOf(queue)).toBe(1)
      expect(idsOf(await queue.recent(topic, 5))).toEqual(['unseen'])
    },
  )

  test('a group that does not wait for an event does not keep another from having it', async () => {
    const queue = await started({ retentionMs: hourMs })
    const quick = consume(queue, { group: 'quick' })
    await consume(queue, { group: 'slow', signal: AbortSignal.abort() }).end()
    const slow = consume(queue, { group: 'slow', handler: () => Promise.reject(new Error('no')) })
    await queue.publish(queuedEvent({ id: 'a' }))
    await until(() => slow.tries().length > 0)
    await slow.end()
    await harness.advance(5 * hourMs)
    expect(await pendingOf(queue, 'slow')).toBe(1)
    expect(await pendingOf(queue, 'quick')).toBe(0)
    await quick.end()
  })

  test('without a group, age alone decides', async () => {
    const queue = await started({ retentionMs: hourMs })
    await queue.publish(queuedEvent({ id: 'old' }))
    await harness.advance(hourMs / 2)
    await queue.publish(queuedEvent({ id: 'new' }))
    await harness.advance(hourMs / 2 + 60_000)
    await until(async () => (await queue.recent(topic, 5)).length === 1)
    expect(idsOf(await queue.recent(topic, 5))).toEqual(['new'])
    expect(harness.metrics.sum('slackmcp_queue_dropped_total')).toBe(0)
  })

  test('one sweep removes everything that is due, bite by bite', async () => {
    const queue = await started({ retentionMs: hourMs, dedupeWindowMs: hourMs, eventsMax: 10_000 })
    await Promise.all(queuedEvents(2_500).map((event) => queue.publish(event)))
    harness.clock.jumpWall(2 * hourMs)
    await harness.advance(60_000)
    const sweptAtMs = harness.clock.monotonic()
    await until(async () => (await queue.depth()).events === 0)
    await until(() => look('SELECT count(*) FROM seen')[0] === 0)
    // The next sweep had not begun.
    expect(harness.clock.monotonic() - sweptAtMs).toBeLessThan(60_000)
  })

  verifies(
    'queue:dedupe:apart',
    'an id is remembered for the window although retention has removed its event',
    async () => {
      const queue = await started({ retentionMs: hourMs, dedupeWindowMs: 26 * hourMs })
      await queue.publish(queuedEvent({ id: 'a' }))
      await harness.advance(2 * hourMs)
      await until(async () => (await queue.depth()).events === 0)
      expect(await queue.publish(queuedEvent({ id: 'a' }))).toBe('duplicate')
      await queue.stop()
      const again = await started({ retentionMs: hourMs, dedupeWindowMs: 26 * hourMs })
      expect(await again.publish(queuedEvent({ id: 'a' }))).toBe('duplicate')
      await harness.clock.advance(1)
      harness.clock.jumpWall(24 * hourMs)
      expect(await again.publish(queuedEvent({ id: 'a' }))).toBe('stored')
    },
  )

  test('F18: numbers are not given out twice, even when every event has left and the clock went back', async () => {
    const first = await started({ retentionMs: 1_000 })
    const consumer = consume(first)
    await first.publish(queuedEvent({ id: 'a' }))
    await allAcknowledged(first)
    await consumer.end()
    await harness.advance(70_000)
    await until(async () => (await first.depth()).events === 0)
    await first.stop()
    // The clock went back: only the cursor of the group knows what was given out.
    harness.clock.jumpWall(-30 * 24 * hourMs)
    const second = await started({ retentionMs: 1_000 })
    const again = consume(second)
    await second.publish(queuedEvent({ id: 'b' }))
    await until(() => again.tries().length === 1)
    expect(again.tries()).toEqual(['b/1'])
    await again.end()
  })

  test('what was dropped without a group is counted', async () => {
    const queue = await started({ eventsMax: 2 })
    for (const event of queuedEvents(5)) await queue.publish(event)
    expect(harness.metrics.sum('slackmcp_queue_dropped_total', { reason: 'no_subscriber' })).toBe(3)
  })
})

describe('groups', () => {
  test('removing a group whose members are connected forgets its backlog and keeps it going', async () => {
    const queue = await started()
    const gate = Promise.withResolvers<void>()
    const consumer = consume(queue, { handler: () => gate.promise })
    for (const event of queuedEvents(3)) await queue.publish(event)
    await until(() => consumer.tries().length === 1)
    expect(await queue.removeGroup(topic, 'g')).toBe(true)
    expect(await pendingOf(queue)).toBe(0)
    await queue.publish(queuedEvent({ id: 'new' }))
    gate.resolve()
    await allAcknowledged(queue)
    expect(consumer.tries()).toEqual(['Ev0/1', 'new/1'])
    await consumer.end()
  })

  test('a replayed letter goes to its group alone, beside the bound, and leaves no trace', async () => {
    const queue = await started({ eventsMax: 2, retry: { attemptsMax: 1, firstMs: 1, longestMs: 1 } })
    let isBroken = true
    const consumer = consume(queue, {
      handler: () => (isBroken ? Promise.reject(new Error('no')) : Promise.resolve()),
    })
    const other = consume(queue, { group: 'other' })
    await queue.publish(queuedEvent({ id: 'a' }))
    await until(async () => (await queue.depth()).deadLetters === 1)
    isBroken = false
    expect(await queue.replayDeadLetter({ topic, eventId: 'a', group: 'g' })).toBe(true)
    await until(() => consumer.tries().length === 2)
    await allAcknowledged(queue)
    for (const event of queuedEvents(3)) {
      await queue.publish(event)
      await allAcknowledged(queue)
      await until(async () => (await pendingOf(queue, 'other')) === 0)
    }
    expect(other.tries()).toEqual(['a/1', 'Ev0/1', 'Ev1/1', 'Ev2/1'])
    expect(await queue.depth()).toMatchObject({ events: 2, pending: 0 })
    expect(look('SELECT count(*) FROM events WHERE only_group_id IS NOT NULL')).toEqual([0])
    await consumer.end()
    await other.end()
  })
})

verifies('queue:retry-storm', 'F31: of four copies of each event, all at once, one is stored', async () => {
  const queue = await started({ eventsMax: 10_000 })
  const events = queuedEvents(2_000)
  const outcomes: string[] = []
  // Interleaved, as Slack's retries of a whole backlog arrive.
  for (let begin = 0; begin < events.length; begin += 500) {
    const copies = Array.from({ length: 4 }, () => events.slice(begin, begin + 500)).flat()
    outcomes.push(...(await Promise.all(copies.map((event) => queue.publish(event)))))
  }
  expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(2_000)
  expect(outcomes.filter((outcome) => outcome === 'duplicate')).toHaveLength(6_000)
  expect(await queue.depth()).toMatchObject({ events: 2_000 })
})

test('a queue that was stopped before it started starts no thread any more', async () => {
  const queue = harness.createQueue()
  await queue.stop()
  await expect(queue.start()).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' })
  expect(harness.openHandles).toBe(0)
})

test('events of a take that was refused, and is in the file all the same, are delivered', async () => {
  let refusedCount = 0
  const queue = await started({}, (events) => {
    const takes = new Set<number>()
    const port = harness.countThreads(openWriterThread)({
      ...events,
      onAnswer(answer) {
        if (refusedCount > 0 || !takes.has(answer.callId)) return events.onAnswer(answer)
        refusedCount++
        const failure = { code: 'SQLITE_IOERR_FSYNC', message: 'disk I/O error', details: {} }
        events.onAnswer({ callId: answer.callId, failure })
      },
    })
    return {
      ...port,
      send(envelope) {
        if (envelope.kind === 'commit' && envelope.request.takes.length > 0) takes.add(envelope.callId)
        port.send(envelope)
      },
    }
  })
  for (const event of queuedEvents(3)) await queue.publish(event)
  const consumer = consume(queue, { concurrencyMax: 2 })
  await until(async () => consumer.tries().length >= 1 && (await pendingOf(queue)) === 0)
  expect(refusedCount).toBe(1)
  expect(consumer.tries().sort()).toEqual(['Ev0/2', 'Ev1/2', 'Ev2/1'])
  await consumer.end()
})

/** A writer thread that a test can stop from answering, or end. */
function moodyWriter() {
  const held: WriterEnvelope[] = []
  const ignore: (reason: string) => void = () => undefined
  const noSend: (envelope: WriterEnvelope) => void = () => undefined
  const state = { isHung: false, opened: 0, end: ignore, send: noSend }
  const open: OpenWriterPort = (events: WriterPortEvents) => {
    state.opened++
    const port = harness.countThreads(openWriterThread)(events)
    state.send = port.send
    state.end = (reason) => {
      port.terminate()
      events.onEnd(reason)
    }
    return {
      ...port,
      send: (envelope) => {
        if (state.isHung) held.push(envelope)
        else port.send(envelope)
      },
    }
  }
  const answerAgain = () => {
    state.isHung = false
    for (const envelope of held.splice(0)) state.send(envelope)
  }
  return { open, state, held, answerAgain }
}

describe('a writer that hangs', () => {
  verifies(
    'queue:sqlite:hung-writer',
    'a commit that hangs costs 503 at the deadline, and what waits meanwhile is let go',
    async () => {
      const writer = moodyWriter()
      const queue = await started({}, writer.open)
      const { clock, log, metrics } = harness
      const guarded = new GuardedQueue(queue, { clock, ids: sequentialIds(), log, metrics })
      writer.state.isHung = true
      const refused: string[] = []
      const publish = (id: string) =>
        guarded.publish(queuedEvent({ id })).catch((error: { readonly code: string }) => {
          refused.push(`${id} ${error.code}`)
        })
      void publish('a')
      await settle()
      void publish('b')
      void publish('c')
      await clock.advance(2_499)
      expect(refused).toEqual([])
      await clock.advance(1)
      expect(refused).toEqual(['a QUEUE_UNAVAILABLE', 'b QUEUE_UNAVAILABLE', 'c QUEUE_UNAVAILABLE'])
      // One transaction is under way; what only waited for it is not sent any more.
      expect(writer.held.map(({ kind }) => kind)).toEqual(['commit'])
    },
  )

  test('is asked one ping at a time, and an operator waits 30 seconds at most', async () => {
    const writer = moodyWriter()
    const queue = await started({}, writer.open)
    writer.state.isHung = true
    const given = new AbortController()
    const outcomes = [queue.ping(given.signal), queue.ping(), queue.depth()].map((promise) =>
      promise.catch((error: { readonly code: string }) => error.code),
    )
    given.abort()
    expect(await outcomes[0]).toBe('QUEUE_UNAVAILABLE')
    await settle()
    expect(writer.held.map(({ kind }) => kind)).toEqual(['ping', 'depth'])
    await harness.clock.advance(30_000)
    const expected: readonly unknown[] = ['QUEUE_UNAVAILABLE', 'QUEUE_UNAVAILABLE']
    expect(await Promise.all(outcomes.slice(1))).toEqual(expected as string[])
    writer.answerAgain()
    await queue.ping()
  })

  test('one signal gives up all publishes that share it, and no other', async () => {
    const writer = moodyWriter()
    const queue = await started({}, writer.open)
    const controller = new AbortController()
    expect(await queue.publish(queuedEvent({ id: 'early' }), controller.signal)).toBe('stored')
    writer.state.isHung = true
    const sent = queue.publish(queuedEvent({ id: 'sent' }))
    await settle()
    const outcomes = ['a', 'b', 'c'].map((id) =>
      queue
        .publish(queuedEvent({ id }), id === 'c' ? undefined : controller.signal)
        .catch((error: { readonly code: string }) => error.code),
    )
    controller.abort()
    writer.answerAgain()
    expect(await Promise.all([sent, ...outcomes])).toEqual([
      'stored',
      'QUEUE_UNAVAILABLE',
      'QUEUE_UNAVAILABLE',
      'stored',
    ])
  })

  test('bounds what waits: 64 MiB, then it refuses at once', async () => {
    const writer = moodyWriter()
    const queue = await started({}, writer.open)
    writer.state.isHung = true
    const mebibyte = new Uint8Array(1024 * 1024)
    const large = (index: number) => queuedEvent({ id: `Large${index}`, bytes: mebibyte })
    const controller = new AbortController()
    queue.publish(queuedEvent({ id: 'under way' }), controller.signal).catch(() => undefined)
    await settle()
    for (let index = 0; index < 64; index++) {
      queue.publish(large(index), controller.signal).catch(() => undefined)
    }
    await expect(queue.publish(large(64))).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' })
    controller.abort()
    const afterwards = queue.publish(large(65)).catch(() => 'refused later')
    await settle()
    expect(await Promise.race([afterwards, Promise.resolve('waits')])).toBe('waits')
  })

  test('what was given up while it waited is not stored when the writer answers again', async () => {
    const writer = moodyWriter()
    const queue = await started({}, writer.open)
    writer.state.isHung = true
    const sent = queue.publish(queuedEvent({ id: 'sent' }))
    await settle()
    const controller = new AbortController()
    const waiting = queue.publish(queuedEvent({ id: 'waiting' }), controller.signal).catch(() => 'refused')
    controller.abort()
    expect(await waiting).toBe('refused')
    writer.answerAgain()
    expect(await sent).toBe('stored')
    expect(await queue.publish(queuedEvent({ id: 'waiting' }))).toBe('stored')
  })

  test('does not keep the server from stopping', async () => {
    const writer = moodyWriter()
    const queue = await started({}, writer.open)
    const consumer = consume(queue)
    await queue.publish(queuedEvent({ id: 'a' }))
    await allAcknowledged(queue)
    writer.state.isHung = true
    const lost = queue
      .publish(queuedEvent({ id: 'b' }))
      .catch((error: { readonly code: string }) => error.code)
    await settle()
    let hasStopped = false
    const stopped = queue.stop().then(() => {
      hasStopped = true
    })
    await harness.clock.advance(4_000)
    expect(hasStopped).toBe(false)
    await harness.clock.advance(7_000)
    await stopped
    expect(await lost).toBe('QUEUE_UNAVAILABLE')
    await consumer.end()
    expect(harness.openHandles).toBe(0)
  })
})

describe('a writer that ends by itself', () => {
  test('is started again by the next publish; consumers go on and nothing is lost', async () => {
    const writer = moodyWriter()
    const queue = await started({}, writer.open)
    const consumer = consume(queue)
    await queue.publish(queuedEvent({ id: 'a' }))
    await allAcknowledged(queue)
    writer.state.isHung = true
    // The take of the consumer is under way and the publish waits behind it, or the publish itself is under way.
    const first = queue.publish(queuedEvent({ id: 'b' })).catch(() => 'refused')
    await settle()
    writer.state.isHung = false
    writer.state.end('crashed')
    expect(['stored', 'refused']).toContain(await first)
    await until(async () => (await queue.publish(queuedEvent({ id: 'b' })).catch(() => '')) !== '')
    expect(await queue.publish(queuedEvent({ id: 'a' }))).toBe('duplicate')
    await until(() => consumer.tries().includes('b/1'))
    await allAcknowledged(queue)
    expect(consumer.tries()).toEqual(['a/1', 'b/1'])
    expect(writer.state.opened).toBeGreaterThan(1)
    await consumer.end()
  })
})
