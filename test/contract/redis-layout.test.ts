import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { RedisClient } from 'bun'
import type { QueueBackend } from '../../src/queue/driver.ts'
import { redisTopicKeys } from '../../src/queue/redis-keys.ts'
import { asList } from '../../src/queue/redis-reply.ts'
import { queuedEvent, queuedEvents, topic } from '../support/queue-events.ts'
import { RedisBench, until } from '../support/redis-bench.ts'
import { describeWithRedis } from '../support/redis-server.ts'
import { verifies } from '../support/verifies.ts'

const keys = redisTopicKeys('', topic)
const hourMs = 3_600_000

describeWithRedis('What the queue keeps in Redis', () => {
  let bench: RedisBench
  let driver: QueueBackend

  beforeEach(async () => {
    bench = await RedisBench.open()
    driver = await bench.startDriver()
  })
  afterEach(async () => {
    await bench.close()
  })

  const xlen = async (key: string) => Number(await bench.server.command('XLEN', key))

  describe('an entry', () => {
    verifies(
      'queue:redis:layout',
      'is flat text that needs none of our code, in the documented fields',
      async () => {
        await driver.publish(queuedEvent({ id: 'Ev1', bytes: new TextEncoder().encode('{"a":"é"}') }))
        await driver.publish(
          queuedEvent({
            id: 'Ev2',
            key: 'T1',
            meta: {
              eventId: 'Ev2',
              type: 'slash_command',
              teamId: undefined,
              channelId: undefined,
              receivedAtMs: 7,
              correlationId: 'c',
              source: 'commands',
              retryNum: 2,
            },
          }),
        )
        const entries = asList(await bench.server.command('XRANGE', topic, '-', '+'))
        const fields = entries.map((entry) => {
          const list = asList(asList(entry)[1]).map(String)
          return Object.fromEntries(
            list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1]]] : [])),
          )
        })
        expect(fields).toEqual([
          {
            event_id: 'Ev1',
            type: 'message',
            team_id: 'T1',
            channel_id: 'C1',
            key: 'C1',
            received_at_ms: '1700000000123',
            correlation_id: '00000000-0000-4000-8000-000000000001',
            source: 'events',
            retry_num: '0',
            seq: '0',
            offset: '0',
            body: '{"a":"é"}',
          },
          {
            event_id: 'Ev2',
            type: 'slash_command',
            team_id: '',
            channel_id: '',
            key: 'T1',
            received_at_ms: '7',
            correlation_id: 'c',
            source: 'commands',
            retry_num: '2',
            seq: '1',
            offset: '10',
            body: '{"event_id":"Ev2"}',
          },
        ])
        const documented = await Bun.file(`${import.meta.dir}/../../docs/consuming.md`).text()
        for (const name of Object.keys(fields[0] ?? {})) expect(documented).toContain(`\`${name}\``)
      },
    )

    verifies(
      'queue:redis:bytes',
      'has the exact bytes, as Redis itself counts and compares them',
      async () => {
        const bytes = Uint8Array.from({ length: 512 }, (_, index) => (index * 7) & 255)
        await driver.publish(queuedEvent({ id: 'Ev1', bytes }))
        // Bun's client would decode them: Redis copies the field to a key, whose bytes Bun does hand out.
        await bench.server.command(
          'EVAL',
          `local fields = redis.call('XRANGE', KEYS[1], '-', '+')[1][2]; redis.call('SET', 'copy', fields[#fields])`,
          '1',
          topic,
        )
        const client = new RedisClient(bench.server.url)
        const stored = await client.getBuffer('copy')
        client.close()
        expect([...(stored ?? [])]).toEqual([...bytes])
      },
    )

    test('keeps an id of any text apart from every other', async () => {
      const ids = [
        'Ev1',
        'Ev1 ',
        'ev1',
        '{Ev1}',
        '}{',
        ':',
        '\u00c9',
        'E\u0301',
        '🎉',
        '\u0000',
        '\r\n',
        'x'.repeat(5_000),
      ]
      for (const id of ids) expect(await driver.publish(queuedEvent({ id }))).toBe('stored')
      for (const id of ids) expect(await driver.publish(queuedEvent({ id }))).toBe('duplicate')
      expect((await driver.recent(topic, 99)).map(({ id }) => id)).toEqual(ids)
    })
  })

  describe('an entry that somebody else wrote', () => {
    const foreign: Readonly<Record<string, readonly (string | Uint8Array)[]>> = {
      'one field': ['hello', 'world'],
      'no body': ['event_id', 'E', 'type', 'message', 'received_at_ms', '1', 'source', 'events'],
      'a time that is none': [
        'event_id',
        'E',
        'type',
        't',
        'received_at_ms',
        '1e9',
        'source',
        'events',
        'body',
        '',
      ],
      'a source that is none': [
        'event_id',
        'E',
        'type',
        't',
        'received_at_ms',
        '1',
        'source',
        'x',
        'body',
        '',
      ],
      'bytes that are no text': [
        new Uint8Array([255, 0, 254]),
        new Uint8Array([128, 129]),
        'body',
        new Uint8Array([255, 0]),
      ],
      'ten thousand fields': Array.from({ length: 20_000 }, (_, index) => `f${index}`),
      'a name twice': ['event_id', '', 'event_id', 'E', 'body', 'x'],
      'dead letter fields': ['dead_group', 'other', 'dead_attempts', '-1', 'body', 'x'],
    }
    for (const [what, fields] of Object.entries(foreign)) {
      verifies(
        'queue:redis:foreign-entry',
        `goes to the dead letters and harms nobody: ${what}`,
        async () => {
          await driver.publish(queuedEvent({ id: 'before' }))
          await bench.server.command('XADD', topic, '*', ...fields)
          await driver.publish(queuedEvent({ id: 'after' }))
          const consumer = bench.consume(driver)
          await until('the neighbours have come', () => consumer.ids.includes('after'))
          await until('it is a dead letter', async () => (await driver.depth()).deadLetters === 1)
          await until('nothing is pending', async () => (await driver.groups())[0]?.pending === 0)
          expect(consumer.ids).toEqual(['before', 'after'])
          const [letter] = await driver.deadLetters(topic, 9)
          expect(letter).toMatchObject({ group: 'g', attempts: 1, reason: 'MALFORMED_ENTRY' })
          expect(bench.log.named('queue_entry_foreign')).toHaveLength(1)
          const body = fields[fields.indexOf('body') + 1]
          if (fields.includes('body') && fields.length < 20) {
            expect([...(letter?.event.bytes ?? [])]).toEqual([
              ...(typeof body === 'string' ? new TextEncoder().encode(body) : (body ?? [])),
            ])
          }
          expect(await driver.removeDeadLetter({ topic, eventId: letter?.event.id ?? '', group: 'g' })).toBe(
            true,
          )
          await consumer.end()
        },
      )
    }

    test('counts neither for nor against the room of ours', async () => {
      await bench.server.command('XADD', topic, '*', 'hello', 'world')
      await driver.publish(queuedEvent({ id: 'Ev1', bytes: new Uint8Array(10) }))
      await bench.server.command('XADD', topic, '*', 'hello', 'world')
      expect(await driver.depth()).toMatchObject({ events: 3, bytes: 10 })
    })
  })

  describe('retention', () => {
    verifies(
      'queue:redis:retention',
      'removes what every group has acknowledged when it is old enough, and not what one has not',
      async () => {
        const keeping = await bench.startDriver({ limits: { retentionMs: 0 } })
        for (const event of queuedEvents(6)) await driver.publish(event)
        const stuck = Promise.withResolvers<void>()
        const fast = bench.consume(driver, { group: 'fast' })
        const slow = bench.consume(driver, {
          group: 'slow',
          handle: async ({ event }) => {
            if (event.id === 'Ev3') await stuck.promise
          },
        })
        await until(
          'one group is done and the other is stuck',
          () => fast.ids.length === 6 && slow.ids.length === 4,
        )
        await until('what is done is acknowledged', async () =>
          (await driver.groups()).every(({ group, pending }) => pending === (group === 'fast' ? 0 : 3)),
        )
        const tidied = await untilTidied(bench, keeping)
        expect(tidied).toEqual(['Ev3', 'Ev4', 'Ev5'])
        expect(await driver.depth()).toMatchObject({ events: 3, pending: 3 })
        stuck.resolve()
      },
    )

    verifies('queue:redis:retention', 'keeps acknowledged events for a day', async () => {
      for (const event of queuedEvents(3)) await driver.publish(event)
      const consumer = bench.consume(driver)
      await until('all are acknowledged', async () => (await driver.groups())[0]?.pending === 0)
      expect(await untilTidied(bench, driver)).toEqual(['Ev0', 'Ev1', 'Ev2'])
      await consumer.end()
    })

    verifies('queue:redis:retention', 'respects a group of another language', async () => {
      await bench.server.command('XGROUP', 'CREATE', topic, 'python', '0', 'MKSTREAM')
      const small = await bench.startDriver({ limits: { eventsMax: 3, retentionMs: 0 } })
      for (const event of queuedEvents(3)) await small.publish(event)
      await expect(small.publish(queuedEvent({ id: 'late' }))).rejects.toMatchObject({ code: 'QUEUE_FULL' })
      const read = await bench.server.command(
        'XREADGROUP',
        'GROUP',
        'python',
        'me',
        'COUNT',
        '2',
        'STREAMS',
        topic,
        '>',
      )
      expect(JSON.stringify(read)).toContain('Ev1')
      await expect(small.publish(queuedEvent({ id: 'late' }))).rejects.toMatchObject({ code: 'QUEUE_FULL' })
      const [first] = asList(await bench.server.command('XRANGE', topic, '-', '+'))
      await bench.server.command('XACK', topic, 'python', String(asList(first)[0]))
      expect(await small.publish(queuedEvent({ id: 'late' }))).toBe('stored')
      expect((await small.recent(topic, 9)).map(({ id }) => id)).toEqual(['Ev1', 'Ev2', 'late'])
    })

    test('forgets consumers that are gone for an hour and have nothing', async () => {
      await driver.publish(queuedEvent({ id: 'Ev1' }))
      await bench.server.command('XGROUP', 'CREATE', topic, 'g', '0')
      await bench.server.command('XREADGROUP', 'GROUP', 'g', 'holds', 'COUNT', '1', 'STREAMS', topic, '>')
      await bench.server.command('XGROUP', 'CREATECONSUMER', topic, 'g', 'idle')
      const names = async () =>
        asList(await bench.server.command('XINFO', 'CONSUMERS', topic, 'g')).map((info) =>
          JSON.stringify(info),
        )
      await untilTidied(bench, driver)
      // They are young: an hour is measured by Redis, which this test cannot put forward.
      expect(await names()).toHaveLength(2)
    })
  })

  describe('the ledger', () => {
    test('is found again from the stream where its key was lost', async () => {
      for (const event of queuedEvents(3)) await driver.publish(event)
      const { bytes } = await driver.depth()
      await bench.server.command('DEL', keys.ledger)
      expect(await driver.depth()).toMatchObject({ events: 3, bytes })
      await driver.publish(queuedEvent({ id: 'Ev3', bytes: new Uint8Array(5) }))
      expect(await driver.depth()).toMatchObject({ events: 4, bytes: bytes + 5 })
    })

    test('starts anew with a stream that was deleted', async () => {
      for (const event of queuedEvents(3)) await driver.publish(event)
      await bench.server.command('DEL', topic)
      expect(await driver.depth()).toMatchObject({ events: 0, bytes: 0 })
      await driver.publish(queuedEvent({ id: 'Ev3', bytes: new Uint8Array(5) }))
      expect(await driver.depth()).toMatchObject({ events: 1, bytes: 5 })
    })

    test('lets nothing give way for room that somebody else has made', async () => {
      const small = await bench.startDriver({ limits: { bytesMax: 100 } })
      for (const id of ['Ev1', 'Ev2', 'Ev3'])
        await small.publish(queuedEvent({ id, bytes: new Uint8Array(33) }))
      const [first] = asList(await bench.server.command('XRANGE', topic, '-', '+'))
      await bench.server.command('XDEL', topic, String(asList(first)[0]))
      expect(await small.publish(queuedEvent({ id: 'Ev4', bytes: new Uint8Array(33) }))).toBe('stored')
      expect((await small.recent(topic, 9)).map(({ id }) => id)).toEqual(['Ev2', 'Ev3', 'Ev4'])
    })

    test('counts the bytes of what is left after events gave way', async () => {
      const small = await bench.startDriver({ limits: { eventsMax: 3 } })
      for (let index = 0; index < 10; index++) {
        await small.publish(queuedEvent({ id: `Ev${index}`, bytes: new Uint8Array(index) }))
      }
      expect(await small.depth()).toMatchObject({ events: 3, bytes: 7 + 8 + 9 })
      await small.stop()
      expect(bench.metrics.sum('slackmcp_queue_dropped_total', { reason: 'no_subscriber' })).toBe(7)
    })
  })

  describe('the record of a seen id', () => {
    verifies('queue:dedupe:apart', 'lasts for the window, whatever became of the event', async () => {
      const lasting = await bench.startDriver({ limits: { dedupeWindowMs: 26 * hourMs } })
      await lasting.publish(queuedEvent({ id: 'Ev1' }))
      const leftMs = Number(await bench.server.command('PTTL', `${keys.seen}Ev1`))
      expect(leftMs).toBeGreaterThan(26 * hourMs - 60_000)
      expect(leftMs).toBeLessThanOrEqual(26 * hourMs)
      await bench.server.command('XTRIM', topic, 'MAXLEN', '0')
      expect(await lasting.publish(queuedEvent({ id: 'Ev1' }))).toBe('duplicate')
    })
  })

  test('ends a consumer of ours with its last member, takes nothing with it, and remembers when the group was last active', async () => {
    const stuck = Promise.withResolvers<void>()
    const consumer = bench.consume(driver, { handle: () => stuck.promise })
    for (const event of queuedEvents(3)) await driver.publish(event)
    await until('it works on the first', () => consumer.ids.length === 1)
    consumer.abort()
    stuck.resolve()
    await consumer.end()
    expect(asList(await bench.server.command('XPENDING', topic, 'g'))[0]).toBe(0)
    const consumers = asList(await bench.server.command('XINFO', 'CONSUMERS', topic, 'g'))
    expect(JSON.stringify(consumers)).toContain('"released"')
    expect(consumers).toHaveLength(1)
    const [info] = await driver.groups()
    expect(bench.clock.now() - (info?.activeAtMs ?? 0)).toBeLessThan(60_000)
  })

  test('goes on with what is published from now on where the group removed has members', async () => {
    const consumer = bench.consume(driver, { handle: () => Promise.reject(new Error('no')) })
    await driver.publish(queuedEvent({ id: 'Ev1' }))
    await until('it has come', () => consumer.ids.length > 0)
    expect(await driver.removeGroup(topic, 'g')).toBe(true)
    expect(await driver.groups()).toMatchObject([{ group: 'g', pending: 0 }])
    await driver.publish(queuedEvent({ id: 'Ev2' }))
    await until('the next one has come', () => consumer.ids.includes('Ev2'))
    await consumer.end()
    expect(await xlen(topic)).toBe(2)
  })
})

/** Lets the minute of the tidying pass, and answers the ids that are left once it ran. */
async function untilTidied(bench: RedisBench, driver: QueueBackend): Promise<readonly string[]> {
  const countOf = async () =>
    Number(
      /cmdstat_xtrim:calls=(\d+)/.exec(String(await bench.server.command('INFO', 'commandstats')))?.[1] ?? 0,
    )
  const before = await countOf()
  bench.clock.shift(60_000)
  await until('it has tidied', async () => (await countOf()) > before)
  return (await driver.recent(topic, 99)).map(({ id }) => id)
}
