import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { AppError } from '../../src/base/errors.ts'
import type { QueueBackend } from '../../src/queue/driver.ts'
import { asList } from '../../src/queue/redis-reply.ts'
import { queuedEvent, queuedEvents, topic } from '../support/queue-events.ts'
import { RedisBench, until } from '../support/redis-bench.ts'
import { RedisProxy } from '../support/redis-proxy.ts'
import { describeWithRedis } from '../support/redis-server.ts'
import { verifies } from '../support/verifies.ts'

/** What a publish comes to: its outcome, or why not. */
async function publish(driver: QueueBackend, id: string): Promise<string> {
  try {
    return await driver.publish(queuedEvent({ id }))
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return `${error.code} ${String(error.details['reason'])}`
  }
}

/** Publishes until it is kept, as Slack and the spool do. */
async function publishUntilKept(driver: QueueBackend, id: string): Promise<void> {
  await until(`${id} is kept`, async () => ['stored', 'duplicate'].includes(await publish(driver, id)))
}

describeWithRedis('Redis faults', () => {
  let bench: RedisBench

  beforeEach(async () => {
    bench = await RedisBench.open()
  })
  afterEach(async () => {
    await bench.close()
  })

  const idsInStream = async (): Promise<readonly string[]> =>
    (await asList(await bench.server.command('XRANGE', topic, '-', '+'))).map((entry) =>
      String(asList(asList(entry)[1])[1]),
    )

  describe('F4: down at start', () => {
    verifies(
      'queue:redis:down-at-start',
      'starts, refuses what comes, and stores once Redis is there',
      async () => {
        await bench.server.kill()
        const driver = await bench.startDriver()
        expect(await publish(driver, 'Ev1')).toBe('QUEUE_UNAVAILABLE unreachable')
        expect(driver.problem?.kind).toBe('unreachable')
        await bench.server.begin()
        await publishUntilKept(driver, 'Ev1')
        expect(driver.problem).toBeUndefined()
      },
    )
  })

  describe('F4: hung at start', () => {
    verifies(
      'queue:redis:down-at-start',
      'starts all the same, and says that it does not answer',
      async () => {
        bench.server.freeze()
        const driver = await bench.startDriver({ commandTimeoutMs: 1_000 })
        expect(driver.problem?.kind).toBe('timeout')
        expect(await publish(driver, 'Ev1')).toBe('QUEUE_UNAVAILABLE timeout')
        bench.server.thaw()
        await publishUntilKept(driver, 'Ev1')
      },
    )
  })

  describe('F5: away for a while', () => {
    verifies(
      'queue:redis:outage',
      'loses nothing that was acknowledged, and consumers go on where they were',
      async () => {
        const driver = await bench.startDriver()
        const consumer = bench.consume(driver)
        const acknowledged: string[] = []
        for (const { id } of queuedEvents(5))
          if ((await publish(driver, id)) === 'stored') acknowledged.push(id)
        await until('both connections are made', () => bench.log.named('redis_connected').length === 2)
        await bench.server.kill()
        expect(await publish(driver, 'lost')).toBe('QUEUE_UNAVAILABLE unreachable')
        await until('both connections were refused', () => bench.log.named('redis_unavailable').length === 2)
        await bench.server.begin()
        await publishUntilKept(driver, 'after')
        await until('all have come', () => consumer.ids.includes('after'))
        expect(new Set(consumer.ids)).toEqual(new Set([...acknowledged, 'after']))
        await consumer.end()
      },
    )
  })

  describe('F6: hung', () => {
    verifies(
      'queue:redis:hung',
      'gives up in time, and keeps one copy of what a frozen Redis carries out after all',
      async () => {
        const driver = await bench.startDriver()
        await publish(driver, 'before')
        bench.server.freeze()
        expect(await bench.overdue(publish(driver, 'frozen'))).toBe('QUEUE_UNAVAILABLE timeout')
        bench.server.thaw()
        await publishUntilKept(driver, 'frozen')
        expect(await idsInStream()).toEqual(['before', 'frozen'])
      },
    )

    test('does not make a caller wait for it that gives up earlier', async () => {
      const driver = await bench.startDriver()
      bench.server.freeze()
      const controller = new AbortController()
      const lost = driver.publish(queuedEvent({ id: 'Ev1' }), controller.signal)
      controller.abort()
      await expect(lost).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE', details: { reason: 'aborted' } })
      bench.server.thaw()
    })
  })

  describe('F7: a reply is lost', () => {
    verifies('queue:redis:lost-reply', 'stores once what is sent again', async () => {
      const proxy = await RedisProxy.start(bench.server.port)
      const driver = await bench.startDriver({ address: proxy.url })
      await publish(driver, 'before')
      const lost: string[] = []
      for (let round = 0; round < 10; round++) {
        let isArmed = true
        proxy.judge = (request) => {
          if (!isArmed || !request.includes(`Lost${round}`)) return 'pass'
          isArmed = false
          return 'lose'
        }
        expect(await publish(driver, `Lost${round}`)).toBe('QUEUE_UNAVAILABLE unreachable')
        await publishUntilKept(driver, `Lost${round}`)
        lost.push(`Lost${round}`)
      }
      expect(proxy.lostCount).toBe(10)
      expect(await idsInStream()).toEqual(['before', ...lost])
      await driver.stop()
      proxy.close()
    })

    verifies(
      'queue:redis:lost-reply',
      'delivers soon what was handed out in a reply that nobody got',
      async () => {
        const proxy = await RedisProxy.start(bench.server.port)
        const driver = await bench.startDriver({ address: proxy.url })
        const consumer = bench.consume(driver)
        await publish(driver, 'first')
        await until('the first is acknowledged', async () => (await driver.groups())[0]?.pending === 0)
        proxy.judge = (request) => {
          if (!request.includes('EVALSHA') || request.includes('correlation_id')) return 'pass'
          proxy.judge = () => 'pass'
          return 'lose'
        }
        const direct = await bench.startDriver()
        await publish(direct, 'second')
        await until('the second has come', () => consumer.ids.length === 2)
        expect(proxy.lostCount).toBe(1)
        expect(consumer.deliveries[1]).toMatchObject({ event: { id: 'second' }, attempt: 1 })
        await consumer.end()
        await driver.stop()
        proxy.close()
      },
    )
  })

  describe('F8: Redis comes back empty', () => {
    verifies('queue:redis:empty', 'takes events again and forms the groups anew', async () => {
      const driver = await bench.startDriver()
      const consumer = bench.consume(driver)
      await publish(driver, 'Ev1')
      await until('it has come', () => consumer.ids.length === 1)
      const { runId } = driver
      await bench.server.killAndForget()
      await bench.server.begin()
      await publishUntilKept(driver, 'Ev2')
      expect(driver.runId).not.toBe(runId)
      await until('the new one has come', () => consumer.ids.includes('Ev2'))
      await until('the group is there', async () => (await driver.groups())[0]?.pending === 0)
      await consumer.end()
    })
  })

  describe('F9: Redis refuses', () => {
    verifies(
      'queue:redis:refusals',
      'out of memory: QUEUE_FULL, nothing is marked as seen, and it goes on by itself',
      async () => {
        const driver = await bench.startDriver()
        await publish(driver, 'before')
        await bench.server.command('CONFIG', 'SET', 'maxmemory', '1000')
        expect(await publish(driver, 'Ev1')).toBe('QUEUE_FULL out_of_memory')
        await driver.ping()
        await bench.server.command('CONFIG', 'SET', 'maxmemory', '0')
        expect(await publish(driver, 'Ev1')).toBe('stored')
        expect(await idsInStream()).toEqual(['before', 'Ev1'])
      },
    )

    verifies(
      'queue:redis:refusals',
      'a replica: refuses, and stores once it is the primary again',
      async () => {
        const driver = await bench.startDriver()
        await bench.server.command('REPLICAOF', '127.0.0.1', '1')
        expect(await publish(driver, 'Ev1')).toBe('QUEUE_UNAVAILABLE readonly')
        await until('it is seen to be a replica', () => driver.problem?.kind === 'readonly')
        await bench.server.command('REPLICAOF', 'NO', 'ONE')
        await publishUntilKept(driver, 'Ev1')
      },
    )

    verifies(
      'queue:redis:refusals',
      'a changed password: says so, and stores once it is right again',
      async () => {
        const driver = await bench.startDriver()
        await bench.server.command('CONFIG', 'SET', 'requirepass', 'other')
        await bench.server.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
        await until('the reason is known', () => driver.problem?.kind === 'auth')
        expect(await publish(driver, 'Ev1')).toBe('QUEUE_UNAVAILABLE auth')
        expect(driver.problem?.message).toBe('Redis does not accept the user or password of REDIS_URL')
        await bench.server.command('CONFIG', 'SET', 'requirepass', '')
        await publishUntilKept(driver, 'Ev1')
      },
    )

    verifies(
      'queue:redis:refusals',
      'loading its data: waits for it, and finds what was acknowledged',
      async () => {
        const driver = await bench.startDriver()
        for (const { id } of queuedEvents(10)) await publish(driver, id)
        const others = Array.from({ length: 30_000 }, (_, index) =>
          bench.server.command('SET', `other${index}`, ''),
        )
        await Promise.all(others)
        await bench.server.kill()
        // Nine seconds for 30,000 commands, unless it is told to hurry; Redis looks up every 1,024 of them.
        bench.server.spawn(['--key-load-delay', '300'])
        await until('it is seen to load', () => driver.problem?.kind === 'loading')
        expect(await publish(driver, 'Ev0')).toBe('QUEUE_UNAVAILABLE loading')
        await bench.server.command('CONFIG', 'SET', 'key-load-delay', '0')
        await publishUntilKept(driver, 'after')
        expect(await idsInStream()).toEqual([...queuedEvents(10).map(({ id }) => id), 'after'])
      },
    )

    verifies(
      'queue:redis:refusals',
      'a key of another type in the place of the stream: refuses, and harms nothing',
      async () => {
        const driver = await bench.startDriver()
        await bench.server.command('SET', topic, 'mine')
        expect(await publish(driver, 'Ev1')).toBe('QUEUE_UNAVAILABLE refused')
        expect(await bench.server.command('GET', topic)).toBe('mine')
        await bench.server.command('DEL', topic)
        expect(await publish(driver, 'Ev1')).toBe('stored')
      },
    )

    verifies('queue:redis:refusals', 'a script cache that was emptied: goes on', async () => {
      const driver = await bench.startDriver()
      expect(await publish(driver, 'Ev1')).toBe('stored')
      await bench.server.command('SCRIPT', 'FLUSH')
      expect(await publish(driver, 'Ev2')).toBe('stored')
    })
  })

  describe('F10: the stream or its group is deleted', () => {
    for (const [what, remove] of Object.entries({
      stream: ['DEL', topic],
      group: ['XGROUP', 'DESTROY', topic, 'g'],
    })) {
      verifies('queue:redis:group-deleted', `forms the group anew at the beginning: ${what}`, async () => {
        const driver = await bench.startDriver()
        const consumer = bench.consume(driver)
        await publish(driver, 'Ev1')
        await until('it has come', () => consumer.ids.length === 1)
        const [command = '', ...args] = remove
        await bench.server.command(command, ...args)
        await publish(driver, 'Ev2')
        await until('the next one has come', () => consumer.ids.includes('Ev2'))
        await until('nothing is pending', async () => (await driver.groups())[0]?.pending === 0)
        await consumer.end()
      })
    }
  })

  describe('F11: a blocked read', () => {
    verifies('queue:redis:blocked-read', 'holds up no other command', async () => {
      const proxy = await RedisProxy.start(bench.server.port)
      let isBlocked = false
      proxy.judge = (request) => {
        if (!request.includes('XREAD\r\n')) return 'pass'
        isBlocked = true
        return 'withhold'
      }
      const driver = await bench.startDriver({ address: proxy.url })
      const consumer = bench.consume(driver)
      await until('it waits', () => isBlocked)
      // The read is answered never: what waited behind it would be given up at its deadline.
      await driver.ping()
      expect(await publish(driver, 'Ev1')).toBe('stored')
      await consumer.end()
      await driver.stop()
      proxy.close()
    })

    verifies('queue:redis:blocked-read', 'that never returns is given up by its watchdog', async () => {
      const proxy = await RedisProxy.start(bench.server.port)
      const driver = await bench.startDriver({ address: proxy.url })
      let withheldCount = 0
      proxy.judge = (request) => {
        if (!request.includes('XREAD\r\n')) return 'pass'
        return ++withheldCount === 1 ? 'withhold' : 'pass'
      }
      const consumer = bench.consume(driver)
      await until('the read hangs', () => withheldCount === 1)
      const direct = await bench.startDriver()
      await publish(direct, 'Ev1')
      await until('its reply is withheld', () => proxy.lostCount === 1)
      bench.clock.shift(4_000)
      await until('the event has come by another read', () => consumer.ids.includes('Ev1'))
      await consumer.end()
      await driver.stop()
      proxy.close()
    })

    verifies(
      'queue:redis:hung',
      'and every other command that is paused is given up, and one copy is kept',
      async () => {
        const driver = await bench.startDriver()
        const consumer = bench.consume(driver)
        await publish(driver, 'before')
        // Of writes: the command that ends it would be paused as well.
        await bench.server.command('CLIENT', 'PAUSE', '60000', 'WRITE')
        expect(await bench.overdue(publish(driver, 'paused'))).toBe('QUEUE_UNAVAILABLE timeout')
        await bench.server.command('CLIENT', 'UNPAUSE')
        await publishUntilKept(driver, 'paused')
        await until('both have come', () => new Set(consumer.ids).size === 2)
        expect(await idsInStream()).toEqual(['before', 'paused'])
        await consumer.end()
      },
    )

    verifies('queue:redis:lost-reply', 'survives its connections being killed all the time', async () => {
      const driver = await bench.startDriver()
      const consumer = bench.consume(driver, { concurrencyMax: 8 })
      const ids = queuedEvents(60).map(({ id }) => id)
      const kill = () => bench.server.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      for (const id of ids) await Promise.all([publishUntilKept(driver, id), kill()])
      await until('all have come', () => new Set(consumer.ids).size === ids.length)
      expect((await idsInStream()).toSorted()).toEqual(ids.toSorted())
      await consumer.end()
    })
  })

  describe('F12: a consumer dies', () => {
    /** Hands the oldest event to a consumer that is never heard of again, `times` times. */
    const dieWith = async (times: number): Promise<void> => {
      await bench.server.command('XGROUP', 'CREATE', topic, 'g', '0', 'MKSTREAM')
      await bench.server.command('XREADGROUP', 'GROUP', 'g', 'dead', 'COUNT', '1', 'STREAMS', topic, '>')
      for (let time = 1; time < times; time++) {
        await bench.server.command('XAUTOCLAIM', topic, 'g', 'dead', '0', '0', 'COUNT', '1')
      }
    }
    /** The oldest event in anybody's hands. */
    const oldestHeld = async () => {
      const pending = asList(await bench.server.command('XPENDING', topic, 'g', '-', '+', '1'))
      const [id, consumer, idleMs] = asList(pending[0])
      return { id: String(id), consumer: String(consumer), idleMs: Number(idleMs) }
    }
    /** Redis itself counts for how long an event lies there, by its own clock. */
    const ageTo = async (idleMs: number): Promise<void> => {
      const { id, consumer } = await oldestHeld()
      const args = [topic, 'g', consumer, '0', id, 'IDLE', String(idleMs), 'JUSTID']
      await bench.server.command('XCLAIM', ...args)
    }

    verifies(
      'queue:redis:dead-consumer',
      'claims what it left behind after its time, as the next try, and not before',
      async () => {
        const claimAfterMs = 3_600_000
        const driver = await bench.startDriver({ limits: { claimAfterMs } })
        await publish(driver, 'Ev1')
        await dieWith(1)
        await ageTo(claimAfterMs - 60_000)
        const early = bench.consume(driver)
        await publish(driver, 'Ev2')
        await until('the other one has come', () => early.ids.includes('Ev2'))
        expect(early.ids).toEqual(['Ev2'])
        await early.end()
        await ageTo(claimAfterMs)
        const consumer = bench.consume(driver)
        await until('it has come', () => consumer.ids.includes('Ev1'))
        expect(consumer.deliveries[0]?.attempt).toBe(2)
        await consumer.end()
      },
    )

    verifies(
      'queue:redis:dead-consumer',
      'buries what has ended its process every time, with its bytes, and delivers the neighbours',
      async () => {
        const driver = await bench.startDriver({
          limits: { retry: { attemptsMax: 3, firstMs: 1, longestMs: 1 } },
        })
        await publish(driver, 'poison')
        await publish(driver, 'good')
        await dieWith(3)
        await ageTo(60_000)
        const consumer = bench.consume(driver)
        await until('it is buried', async () => (await driver.depth()).deadLetters === 1)
        await until('the neighbour has come', () => consumer.ids.includes('good'))
        expect(consumer.ids).toEqual(['good'])
        expect(await driver.deadLetters(topic, 9)).toMatchObject([
          { event: { id: 'poison' }, attempts: 3, reason: 'PROCESS_ENDED', group: 'g' },
        ])
        await consumer.end()
      },
    )

    verifies('queue:redis:dead-consumer', 'keeps what a living consumer works on, however long', async () => {
      const claimAfterMs = 3_600_000
      const driver = await bench.startDriver({ limits: { claimAfterMs } })
      const rival = await bench.startDriver({ limits: { claimAfterMs } })
      const gate = Promise.withResolvers<void>()
      const consumer = bench.consume(driver, { handle: () => gate.promise })
      await publish(driver, 'slow')
      await until('it works', () => consumer.ids.length === 1)
      const other = bench.consume(rival)
      let publishedCount = 0
      for (let round = 0; round < 4; round++) {
        await ageTo(claimAfterMs - 60_000)
        bench.clock.shift(claimAfterMs / 3)
        await until('it has given a sign of life', async () => (await oldestHeld()).idleMs < claimAfterMs / 2)
        const countBefore = other.ids.length
        await until('the other one has taken something', async () => {
          await publish(rival, `Ev${++publishedCount}`)
          return other.ids.length > countBefore
        })
      }
      expect(other.ids).not.toContain('slow')
      gate.resolve()
      await consumer.end()
      await other.end()
    })
  })

  describe('F30: replicas', () => {
    verifies(
      'queue:redis:one-copy',
      'keep one copy of what is delivered to both fifty times at once',
      async () => {
        const drivers = [await bench.startDriver(), await bench.startDriver()]
        const outcomes = await Promise.all(
          Array.from({ length: 100 }, (_, index) => {
            const driver = drivers[index % 2]
            return driver === undefined ? '' : publish(driver, 'Ev1')
          }),
        )
        expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(1)
        expect(outcomes.filter((outcome) => outcome === 'duplicate')).toHaveLength(99)
        expect(await idsInStream()).toEqual(['Ev1'])
      },
    )

    verifies('queue:redis:shared-group', 'share the events of a group', async () => {
      const [left, right] = [await bench.startDriver(), await bench.startDriver()]
      // Each is held in its first event until the other has one.
      const gate = Promise.withResolvers<void>()
      const consumers = [left, right].map((driver) => bench.consume(driver, { handle: () => gate.promise }))
      const ids = queuedEvents(100).map(({ id }) => id)
      for (const id of ids) await publish(left, id)
      await until('both work', () => consumers.every(({ ids: of }) => of.length > 0))
      gate.resolve()
      await until('all have come', () => consumers.flatMap(({ ids: of }) => of).length >= ids.length)
      expect(consumers.flatMap(({ ids: of }) => of).toSorted()).toEqual(ids.toSorted())
      for (const consumer of consumers) await consumer.end()
    })

    verifies(
      'queue:redis:shared-group',
      'hand over soon what one of them has not begun when it leaves',
      async () => {
        const [left, right] = [await bench.startDriver(), await bench.startDriver()]
        const leaving = bench.consume(left, { handle: () => Promise.reject(new Error('no')) })
        for (const { id } of queuedEvents(3)) await publish(left, id)
        await until('it has failed', () => leaving.ids.length > 0)
        await left.stop()
        const staying = bench.consume(right)
        await until('all have come', () => new Set(staying.ids).size === 3)
        await staying.end()
      },
    )
  })
})
