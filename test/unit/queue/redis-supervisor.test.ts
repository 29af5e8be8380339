import { describe, expect, test } from 'bun:test'
import type { OpenRedis, RedisConnection } from '../../../src/queue/redis-connection.ts'
import { RedisFailure, type RedisFailureKind, redisFailure } from '../../../src/queue/redis-failure.ts'
import type { RedisReply } from '../../../src/queue/redis-reply.ts'
import { RedisSupervisor } from '../../../src/queue/redis-supervisor.ts'
import { parseRedisUrl } from '../../../src/queue/redis-url.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { verifies } from '../../support/verifies.ts'

const info = [
  'redis_version:7.0.15',
  'redis_mode:standalone',
  'run_id:a',
  'loading:0',
  'aof_enabled:1',
  'role:master',
].join('\r\n')

/** A connection whose replies the test gives; INFO answers by itself. */
class FakeConnection implements RedisConnection {
  readonly closed: Promise<void>
  readonly commands: string[] = []
  isClosed = false
  readonly #onClosed: () => void
  readonly #waiting: PromiseWithResolvers<RedisReply>[] = []
  readonly #info: string

  constructor(infoText = info) {
    this.#info = infoText
    const { promise, resolve } = Promise.withResolvers<void>()
    this.closed = promise
    this.#onClosed = resolve
  }

  send(command: string): Promise<RedisReply> {
    if (command === 'INFO') return Promise.resolve(this.#info)
    this.commands.push(command)
    const waiting = Promise.withResolvers<RedisReply>()
    this.#waiting.push(waiting)
    return waiting.promise
  }

  answer(reply: RedisReply): void {
    this.#waiting.shift()?.resolve(reply)
  }

  refuse(failure: RedisFailure): void {
    this.#waiting.shift()?.reject(failure)
  }

  close(): void {
    this.isClosed = true
    for (const { reject } of this.#waiting.splice(0)) reject(redisFailure('unreachable'))
    this.#onClosed()
  }
}

interface Bench {
  readonly clock: FakeClock
  readonly log: RecordingLogger
  readonly supervisor: RedisSupervisor
  readonly connections: FakeConnection[]
  /** When each attempt to connect began, monotonic milliseconds. */
  readonly attemptsAtMs: number[]
  /** What the next attempts come to. Without it they succeed. */
  failWith: RedisFailureKind | undefined
  infoText: string
}

function createBench(): Bench {
  const clock = new FakeClock()
  const log = new RecordingLogger()
  const open: OpenRedis = async () => {
    bench.attemptsAtMs.push(clock.monotonic())
    if (bench.failWith !== undefined) throw redisFailure('unreachable')
    const connection = new FakeConnection(bench.infoText)
    bench.connections.push(connection)
    return connection
  }
  const bench: Bench = {
    clock,
    log,
    connections: [],
    attemptsAtMs: [],
    failWith: undefined,
    infoText: info,
    supervisor: new RedisSupervisor({
      target: parseRedisUrl('redis://user:hunter2@localhost:6379'),
      clock,
      ids: { random: () => 1 },
      log,
      open,
      diagnose: () => Promise.resolve(redisFailure(bench.failWith ?? 'unreachable')),
    }),
  }
  return bench
}

async function kindOf(promise: Promise<unknown>): Promise<RedisFailureKind> {
  const thrown = await promise.then(
    (value) => expect.unreachable(`resolved with ${String(value)}`),
    (error: unknown) => error,
  )
  if (!(thrown instanceof RedisFailure)) throw thrown
  return thrown.kind
}

describe('the supervisor of a Redis connection', () => {
  test('hands commands to the connection and their replies back', async () => {
    const { supervisor, connections } = createBench()
    await supervisor.start()
    const replies = Promise.all([supervisor.send('A', []), supervisor.send('B', [])])
    connections[0]?.answer('a')
    connections[0]?.answer('b')
    expect(await replies).toEqual(['a', 'b'])
    expect(supervisor.info).toEqual({
      version: '7.0.15',
      runId: 'a',
      hasAof: true,
      evictionPolicy: undefined,
    })
    expect(supervisor.problem).toBeUndefined()
    await supervisor.stop()
  })

  verifies(
    'queue:redis:no-offline-queue',
    'refuses commands at once while there is no connection, and runs none of them later',
    async () => {
      const bench = createBench()
      bench.failWith = 'unreachable'
      await bench.supervisor.start()
      expect(await kindOf(bench.supervisor.send('XADD', []))).toBe('unreachable')
      bench.failWith = undefined
      await bench.clock.advance(2_000)
      expect(bench.supervisor.info).toBeDefined()
      expect(bench.connections[0]?.commands).toEqual([])
      await bench.supervisor.stop()
    },
  )

  verifies('queue:redis:reconnects', 'reconnects for ever, at most 2 s apart', async () => {
    const bench = createBench()
    bench.failWith = 'unreachable'
    await bench.supervisor.start()
    await bench.clock.advance(3_600_000)
    const gaps = bench.attemptsAtMs.slice(1).map((atMs, index) => atMs - (bench.attemptsAtMs[index] ?? 0))
    expect(gaps.slice(0, 8)).toEqual([50, 100, 200, 400, 800, 1_600, 2_000, 2_000])
    expect(Math.max(...gaps)).toBe(2_000)
    expect(gaps.length).toBeGreaterThan(1_795)
    bench.failWith = undefined
    await bench.clock.advance(2_000)
    expect(bench.supervisor.problem).toBeUndefined()
    await bench.supervisor.stop()
  })

  test('logs an outage once, with the reason and without the password', async () => {
    const bench = createBench()
    bench.failWith = 'auth'
    await bench.supervisor.start()
    await bench.clock.advance(600_000)
    expect(bench.log.named('redis_unavailable')).toHaveLength(1)
    expect(bench.log.named('redis_unavailable')[0]?.fields).toMatchObject({
      redis: 'localhost:6379/0',
      reason: 'auth',
    })
    expect(Bun.inspect(bench.log.lines, { depth: 9 })).not.toContain('hunter2')
    expect(bench.supervisor.problem?.message).toBe('Redis does not accept the user or password of REDIS_URL')
    await bench.supervisor.stop()
  })

  verifies(
    'queue:redis:hung',
    'gives up a connection on which a command takes 1 s, and tells every caller on it',
    async () => {
      const { supervisor, connections, clock } = createBench()
      await supervisor.start()
      const first = kindOf(supervisor.send('A', []))
      await clock.advance(999)
      const second = kindOf(supervisor.send('B', []))
      expect(connections[0]?.isClosed).toBe(false)
      await clock.advance(1)
      expect(await first).toBe('timeout')
      expect(await second).toBe('timeout')
      expect(connections[0]?.isClosed).toBe(true)
      await clock.advance(50)
      expect(connections).toHaveLength(2)
      await supervisor.stop()
    },
  )

  test('measures every command from when it was sent, however many came before', async () => {
    const { supervisor, connections, clock } = createBench()
    await supervisor.start()
    for (let round = 0; round < 10; round++) {
      const reply = supervisor.send('A', [])
      await clock.advance(900)
      connections[0]?.answer('a')
      expect(await reply).toBe('a')
    }
    const late = kindOf(supervisor.send('B', []))
    await clock.advance(1_000)
    expect(await late).toBe('timeout')
    await supervisor.stop()
  })

  test('gives a command no more time because one before it had more', async () => {
    const { supervisor, connections, clock } = createBench()
    await supervisor.start()
    await clock.advance(1_000)
    const blocked = supervisor.send('XREAD', [], 4_000)
    connections[0]?.answer(null)
    await blocked
    let kind: RedisFailureKind | undefined
    void kindOf(supervisor.send('A', [])).then((thrown) => {
      kind = thrown
    })
    await clock.advance(999)
    expect(kind).toBeUndefined()
    await clock.advance(1)
    expect(kind).toBe('timeout')
    await supervisor.stop()
  })

  test('lets a command have a longer time of its own', async () => {
    const { supervisor, connections, clock } = createBench()
    await supervisor.start()
    const blocked = supervisor.send('XREAD', [], 4_000)
    await clock.advance(3_999)
    connections[0]?.answer(null)
    expect(await blocked).toBeNull()
    const hung = kindOf(supervisor.send('XREAD', [], 4_000))
    await clock.advance(4_000)
    expect(await hung).toBe('timeout')
    await supervisor.stop()
  })

  for (const kind of ['readonly', 'auth', 'loading', 'unsupported'] as const) {
    test(`looks for a better connection after ${kind}`, async () => {
      const { supervisor, connections, clock } = createBench()
      await supervisor.start()
      const refused = kindOf(supervisor.send('XADD', []))
      connections[0]?.refuse(redisFailure(kind))
      expect(await refused).toBe(kind)
      expect(connections[0]?.isClosed).toBe(true)
      await settle()
      expect(supervisor.problem?.kind).toBe(kind)
      await clock.advance(50)
      expect(connections).toHaveLength(2)
      await supervisor.stop()
    })
  }

  for (const kind of ['full', 'no-group', 'no-script', 'forbidden', 'refused'] as const) {
    test(`keeps the connection after ${kind}`, async () => {
      const { supervisor, connections } = createBench()
      await supervisor.start()
      const refused = kindOf(supervisor.send('XADD', []))
      connections[0]?.refuse(redisFailure(kind))
      expect(await refused).toBe(kind)
      expect(connections[0]?.isClosed).toBe(false)
      expect(supervisor.problem).toBeUndefined()
      await supervisor.stop()
    })
  }

  test('backs off from a server that drops connections unused, and forgets that once one held for 2 s or served', async () => {
    const { supervisor, connections, clock, attemptsAtMs } = createBench()
    await supervisor.start()
    const dropEach = async (count: number, afterMs: number) => {
      for (let round = 0; round < count; round++) {
        await clock.advance(afterMs)
        connections.at(-1)?.close()
        const known = connections.length
        while (connections.length === known) await clock.advance(10)
      }
    }
    await dropEach(4, 0)
    const gaps = attemptsAtMs.slice(1).map((atMs, index) => atMs - (attemptsAtMs[index] ?? 0))
    expect(gaps).toEqual([50, 100, 200, 400])
    await dropEach(1, 2_000)
    expect((attemptsAtMs.at(-1) ?? 0) - (attemptsAtMs.at(-2) ?? 0)).toBe(2_050)
    await dropEach(1, 0)
    expect((attemptsAtMs.at(-1) ?? 0) - (attemptsAtMs.at(-2) ?? 0)).toBe(100)
    const served = supervisor.send('A', [])
    connections.at(-1)?.answer('a')
    await served
    await dropEach(1, 0)
    expect((attemptsAtMs.at(-1) ?? 0) - (attemptsAtMs.at(-2) ?? 0)).toBe(50)
    await supervisor.stop()
  })

  test('keeps a server that cannot serve at a distance, and says why', async () => {
    const bench = createBench()
    bench.infoText = info.replace('7.0.15', '6.2.0')
    await bench.supervisor.start()
    expect(bench.supervisor.problem).toMatchObject({
      kind: 'unsupported',
      message: 'Redis 6.2.0 is too old; 7 or later is needed',
    })
    expect(await kindOf(bench.supervisor.send('XADD', []))).toBe('unsupported')
    expect(bench.connections[0]?.isClosed).toBe(true)
    await bench.supervisor.stop()
  })

  test('wakes who waits for it: when it is ready, when they give up, when it stops', async () => {
    const bench = createBench()
    bench.failWith = 'unreachable'
    await bench.supervisor.start()
    const gaveUp = new AbortController()
    const patient = new AbortController()
    const waits = { gaveUp: false, patient: false, last: false }
    const wait = async (name: keyof typeof waits, signal: AbortSignal) => {
      await bench.supervisor.ready(signal)
      waits[name] = true
    }
    void wait('gaveUp', gaveUp.signal)
    void wait('patient', patient.signal)
    await settle()
    expect(waits).toEqual({ gaveUp: false, patient: false, last: false })
    gaveUp.abort()
    await settle()
    expect(waits).toEqual({ gaveUp: true, patient: false, last: false })
    bench.failWith = undefined
    await bench.clock.advance(50)
    expect(waits).toEqual({ gaveUp: true, patient: true, last: false })
    bench.failWith = 'unreachable'
    bench.connections[0]?.close()
    await settle()
    void wait('last', patient.signal)
    await settle()
    await bench.supervisor.stop()
    await settle()
    expect(waits.last).toBe(true)
  })

  test('stops before it started, twice, and while it waits; nothing is left running', async () => {
    const idle = createBench()
    await idle.supervisor.stop()
    const waiting = createBench()
    waiting.failWith = 'unreachable'
    await waiting.supervisor.start()
    await waiting.supervisor.stop()
    await waiting.supervisor.stop()
    const busy = createBench()
    await busy.supervisor.start()
    const unanswered = kindOf(busy.supervisor.send('A', []))
    await busy.supervisor.stop()
    expect(await unanswered).toBe('unreachable')
    expect(busy.connections[0]?.isClosed).toBe(true)
    expect([idle, waiting, busy].map(({ clock }) => clock.timerCount)).toEqual([0, 0, 0])
    expect(await kindOf(busy.supervisor.send('A', []))).toBe('unreachable')
  })
})
