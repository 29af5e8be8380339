import { Database } from 'bun:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { AppError } from '../../src/base/errors.ts'
import type { QueueBackend } from '../../src/queue/driver.ts'
import { asList } from '../../src/queue/redis-reply.ts'
import { queuedEvent, queuedEvents, topic } from '../support/queue-events.ts'
import { until } from '../support/redis-bench.ts'
import { RedisProxy } from '../support/redis-proxy.ts'
import { describeWithRedis } from '../support/redis-server.ts'
import { SpoolBench } from '../support/spool-bench.ts'
import { verifies } from '../support/verifies.ts'

async function publish(driver: QueueBackend, id: string): Promise<string> {
  try {
    return await driver.publish(queuedEvent({ id }))
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return error.code
  }
}

async function publishAll(driver: QueueBackend, ids: readonly string[]): Promise<void> {
  for (const id of ids) expect(await publish(driver, id)).toBe('stored')
}

const idsOf = (count: number, prefix?: string) => queuedEvents(count, prefix).map(({ id }) => id)

describeWithRedis('The spool under faults', () => {
  let bench: SpoolBench

  beforeEach(async () => {
    bench = await SpoolBench.open()
  })
  afterEach(async () => {
    await bench.close()
  })

  const idsInStream = async (): Promise<readonly string[]> =>
    asList(await bench.redis.server.command('XRANGE', topic, '-', '+')).map((entry) =>
      String(asList(asList(entry)[1])[1]),
    )
  const untilInStream = (ids: readonly string[]) =>
    until('all are in Redis', async () => (await idsInStream()).length >= ids.length)

  /** Events that wait in the file for Redis, whoever runs. */
  const rowsWaiting = (name = 'one'): number => {
    const file = new Database(join(bench.stateDirectory, name, 'events.db'), { readonly: true })
    try {
      const row = file.query("SELECT sum(pending) AS pending FROM groups WHERE name = 'redis'").get()
      return Number((row as { readonly pending: number | null } | null)?.pending ?? 0)
    } finally {
      file.close()
    }
  }

  verifies(
    'queue:spool:outage',
    'F4: takes events while Redis is down at start, and hands them on in order when it is there',
    async () => {
      await bench.redis.server.kill()
      const driver = await bench.startDriver()
      await publishAll(driver, idsOf(50))
      expect(driver.problem).toBeDefined()
      expect(driver.unsentCount).toBe(50)
      await driver.ping()
      await bench.redis.server.begin()
      await untilInStream(idsOf(50))
      expect(await idsInStream()).toEqual(idsOf(50))
      expect(driver.problem).toBeUndefined()
    },
  )

  verifies(
    'queue:spool:outage',
    'F5: bridges an outage, also over a restart of the server, and delivers each event once',
    async () => {
      const first = await bench.startDriver()
      await publishAll(first, idsOf(20, 'Before'))
      await untilInStream(idsOf(20))
      await bench.redis.server.kill()
      await publishAll(first, idsOf(20, 'During'))
      await first.stop()
      const second = await bench.startDriver()
      await publishAll(second, idsOf(20, 'After'))
      expect(await publish(second, 'During0')).toBe('duplicate')
      expect(second.unsentCount).toBeGreaterThanOrEqual(40)
      await bench.redis.server.begin()
      const ids = [...idsOf(20, 'Before'), ...idsOf(20, 'During'), ...idsOf(20, 'After')]
      await untilInStream(ids)
      expect(await idsInStream()).toEqual(ids)
      const consumer = bench.consume(second)
      await until('all have come', () => consumer.ids.length >= ids.length)
      expect(consumer.ids).toEqual(ids)
      await consumer.end()
    },
  )

  verifies('queue:spool:frozen', 'F6: acknowledges while Redis is frozen, as fast as before', async () => {
    const driver = await bench.startDriver({ redis: { commandTimeoutMs: 1_000 } })
    await publishAll(driver, ['before'])
    bench.redis.server.freeze()
    await publishAll(driver, idsOf(50))
    await driver.ping()
    await until('it is seen to hang', () => driver.problem?.message.includes('in time') === true)
    await publishAll(driver, idsOf(50, 'Later'))
    bench.redis.server.thaw()
    const ids = ['before', ...idsOf(50), ...idsOf(50, 'Later')]
    await untilInStream(ids)
    expect(await idsInStream()).toEqual(ids)
  })

  verifies(
    'queue:spool:durable',
    'F7: has one copy of what is sent again because the reply was lost',
    async () => {
      const proxy = await RedisProxy.start(bench.redis.server.port)
      let requestCount = 0
      proxy.judge = (request) =>
        request.includes('correlation_id') && ++requestCount % 3 === 0 ? 'lose' : 'pass'
      const driver = await bench.startDriver({ address: proxy.url })
      const ids: string[] = []
      while (proxy.lostCount < 10) {
        const more = idsOf(5, `Round${ids.length}-`)
        await publishAll(driver, more)
        ids.push(...more)
        await until('all are in Redis', () => driver.unsentCount === 0)
      }
      expect((await idsInStream()).toSorted()).toEqual(ids.toSorted())
      await driver.stop()
      proxy.close()
    },
  )

  verifies(
    'queue:spool:durable',
    'F8: keeps rows until Redis has had them for 2 s, and sends them again to one that came back empty',
    async () => {
      bench.redis.clock.standStill()
      const driver = await bench.startDriver()
      await publishAll(driver, idsOf(10, 'Old'))
      await untilInStream(idsOf(10))
      expect(rowsWaiting()).toBe(10)
      bench.redis.clock.goOn()
      bench.redis.clock.shift(2_300)
      await until('the old ones are let go', () => rowsWaiting() === 0)
      bench.redis.clock.standStill()
      await publishAll(driver, idsOf(10, 'New'))
      await untilInStream(idsOf(20))
      await bench.redis.server.killAndForget()
      await bench.redis.server.begin()
      await untilInStream(idsOf(10))
      // What it had for long enough is Redis' own to keep; what it had not is here again.
      expect(await idsInStream()).toEqual(idsOf(10, 'New'))
      expect(rowsWaiting()).toBe(10)
      bench.redis.clock.goOn()
      bench.redis.clock.shift(2_300)
      await until('these are let go as well', () => rowsWaiting() === 0)
      expect(await idsInStream()).toEqual(idsOf(10, 'New'))
    },
  )

  verifies('queue:spool:durable', 'F8: has one copy of what a restarted Redis still has', async () => {
    const driver = await bench.startDriver()
    await publishAll(driver, idsOf(10))
    await untilInStream(idsOf(10))
    await bench.redis.server.kill()
    await bench.redis.server.begin()
    await until('they were sent again', () => bench.redis.log.named('spool_sends_again').length === 1)
    await publishAll(driver, ['after'])
    await untilInStream(idsOf(11))
    expect(await idsInStream()).toEqual([...idsOf(10), 'after'])
  })

  verifies('queue:spool:held-up', 'F9: keeps events while Redis is out of memory', async () => {
    const driver = await bench.startDriver()
    await bench.redis.server.command('CONFIG', 'SET', 'maxmemory', '1000')
    await publishAll(driver, idsOf(10))
    await until('it is noticed', () => bench.redis.log.named('spool_held_up').length === 1)
    await publishAll(driver, idsOf(10, 'More'))
    await bench.redis.server.command('CONFIG', 'SET', 'maxmemory', '0')
    const ids = [...idsOf(10), ...idsOf(10, 'More')]
    await untilInStream(ids)
    expect(await idsInStream()).toEqual(ids)
  })

  verifies(
    'queue:spool:disk',
    'F15: hands events to Redis directly while the disk takes none, and refuses when both fail',
    async () => {
      const driver = await bench.startDriver({ spool: { lockWaitMs: 20 } })
      const intruder = new Database(join(bench.stateDirectory, 'one', 'events.db'))
      await until('somebody else has the file', () => {
        try {
          intruder.run('BEGIN IMMEDIATE')
          return true
        } catch {
          return false
        }
      })
      expect(await publish(driver, 'direct')).toBe('stored')
      expect(await publish(driver, 'direct')).toBe('duplicate')
      expect(await idsInStream()).toEqual(['direct'])
      await driver.ping()
      await bench.redis.server.kill()
      expect(await publish(driver, 'nowhere')).toBe('QUEUE_UNAVAILABLE')
      // Not by `rejects`, which in Bun 1.4.5 waits without letting the writer's thread answer.
      expect(await driver.ping().catch((error: unknown) => error)).toMatchObject({
        code: 'QUEUE_UNAVAILABLE',
      })
      intruder.run('ROLLBACK')
      intruder.close()
      await until('the disk takes it', async () => (await publish(driver, 'nowhere')) === 'stored')
    },
  )

  verifies(
    'queue:spool:bound',
    'F14: is at its bound with what Redis keeps and what waits together, and lets nothing more in',
    async () => {
      const driver = await bench.startDriver({ redis: { limits: { eventsMax: 20 } } })
      await bench.redis.server.command('XGROUP', 'CREATE', topic, 'behind', '0', 'MKSTREAM')
      bench.redis.clock.shift(1_000)
      await until('the group is known', async () => (await driver.groups()).length === 1)
      const outcomes: string[] = []
      for (const id of idsOf(30)) outcomes.push(await publish(driver, id))
      expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(20)
      expect(outcomes.filter((outcome) => outcome === 'QUEUE_FULL')).toHaveLength(10)
      expect(await driver.depth()).toMatchObject({ events: 20, pending: 20, fill: 1 })
    },
  )

  verifies('queue:spool:bound', 'F14: has a bound of its own while Redis is away', async () => {
    await bench.redis.server.kill()
    const driver = await bench.startDriver({ spool: { limits: { eventsMax: 20 } } })
    const outcomes: string[] = []
    for (const id of idsOf(25)) outcomes.push(await publish(driver, id))
    expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(20)
    expect(outcomes.slice(20)).toEqual(Array(5).fill('QUEUE_FULL'))
    expect(await driver.depth()).toMatchObject({ events: 20, eventsMax: 20, pending: 20, fill: 1 })
    await bench.redis.server.begin()
    await untilInStream(idsOf(20))
    expect(await publish(driver, 'after')).toBe('stored')
  })

  verifies(
    'queue:redis:one-copy',
    'F30: two replicas with spools of their own keep one copy of what is delivered to both fifty times',
    async () => {
      const drivers = [await bench.startDriver({ name: 'one' }), await bench.startDriver({ name: 'two' })]
      const outcomes = await Promise.all(
        Array.from({ length: 100 }, (_, index) => {
          const driver = drivers[index % 2]
          return driver === undefined ? '' : publish(driver, 'Ev1')
        }),
      )
      // Each spool knows of its own; Redis knows of both.
      expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(2)
      await until('both have handed on', () => drivers.every((driver) => driver.unsentCount === 0))
      expect(await idsInStream()).toEqual(['Ev1'])
    },
  )

  verifies('queue:spool:outage', 'carries what an earlier process accepted under another topic', async () => {
    await bench.redis.server.kill()
    const first = await bench.startDriver()
    await first.publish(queuedEvent({ id: 'Ev1', topic: 'renamed' }))
    await first.stop()
    await bench.redis.server.begin()
    await bench.startDriver()
    await until('it has come', async () => Number(await bench.redis.server.command('XLEN', 'renamed')) === 1)
  })

  describe('start', () => {
    test('refuses a directory that another one has', async () => {
      await bench.startDriver()
      await expect(bench.createDriver().start()).rejects.toMatchObject({ code: 'STATE_DIR_IN_USE' })
    })

    test('refuses a Redis of the wrong kind and lets go of the directory', async () => {
      const proxy = await RedisProxy.start(bench.redis.server.port)
      proxy.rewrite = (reply) => reply.replace('redis_mode:standalone', 'redis_mode:cluster___')
      await expect(bench.createDriver({ address: proxy.url }).start()).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
      })
      proxy.close()
      await bench.startDriver()
    })
  })

  test('a topic that is met while the queue stops leaves nothing running', async () => {
    const driver = await bench.startDriver()
    const published = driver.publish(queuedEvent({ id: 'Ev', topic: 'another' })).catch(() => undefined)
    await driver.stop()
    await published
    await until('every timer is gone', () => bench.redis.clock.timerCount === 0)
  })
})
