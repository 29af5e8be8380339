import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { IntegratedAppOptions } from '../../src/app-options.ts'
import { createSystemClock } from '../../src/base/clock.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { Secret } from '../../src/base/secret.ts'
import type { CliContext, StopSignal } from '../../src/cli/cli-context.ts'
import { listen } from '../../src/cli/listen.ts'
import { silentLogger, silentMetrics } from '../../src/observe/silent.ts'
import { createQueueBackend } from '../../src/queue/registry.ts'
import { type AppFixture, startApp } from '../support/app-fixture.ts'
import { type CliRun, runCommandLine } from '../support/cli-context.ts'
import { signingSecret } from '../support/http-fixture.ts'
import { queuedEvents } from '../support/queue-events.ts'
import { describeWithRedis, RedisServer } from '../support/redis-server.ts'
import { verifies } from '../support/verifies.ts'

type RunProgram = CliContext['runProgram']

const env = { SLACK_SIGNING_SECRET: signingSecret }
const clock = createSystemClock()
const directories: string[] = []
const running: AppFixture[] = []

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop()
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true })
})

/** A server on a port: a consumer that goes away is noticed by its connection. */
async function start(options: IntegratedAppOptions = {}) {
  const server = await startApp(options)
  running.push(server)
  const { port } = listen(server.app, { host: '127.0.0.1', port: 0 })
  const pending = async (group = 'g') => {
    const { groups } = (await (await ask(server, '/admin/events/groups')).json()) as {
      groups: readonly { group: string; pending: number }[]
    }
    return groups.find((info) => info.group === group)?.pending
  }
  return { server, port, pending }
}

async function ask(server: AppFixture, path: string): Promise<Response> {
  const token = (await runCommandLine(['token', '--admin'], { env })).stdout.trim()
  return server.request(path, { headers: { authorization: `Bearer ${token}` } })
}

interface Consumer {
  readonly ended: Promise<CliRun>
  /** What it said of events in its hands, once the server has heard. */
  readonly settlements: readonly Readonly<Record<string, unknown>>[]
  signal(name: StopSignal): void
}

/** `consume` at work, and how to send it a signal. */
function consume(
  words: readonly string[],
  options: { readonly env?: Record<string, string>; readonly runProgram?: RunProgram } = {},
): Consumer {
  const listeners = new Set<(signal: StopSignal) => void>()
  const settlements: Record<string, unknown>[] = []
  const ended = runCommandLine(['consume', ...words], {
    clock,
    async fetch(url, init) {
      const response = await fetch(url, init)
      if (url.endsWith('/admin/events/ack')) settlements.push(JSON.parse(String(init.body)))
      tell()
      return response
    },
    onSignal(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    ...(options.runProgram === undefined ? {} : { runProgram: options.runProgram }),
    env: { ...env, ...options.env },
  })
  return {
    ended,
    settlements,
    signal(name) {
      for (const listener of listeners) listener(name)
    },
  }
}

const mention = (text: string) => ({ type: 'app_mention', channel: 'C1', user: 'U1', text, ts: '1.1' })

/** Resolved whenever a consumer gets an answer or runs a program: nothing that is waited for here comes about without one of the two. */
let happening = Promise.withResolvers<void>()

function tell(): void {
  happening.resolve()
  happening = Promise.withResolvers()
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (;;) {
    // Taken before looking: what happens meanwhile is not missed.
    const { promise } = happening
    if (await holds()) return
    await promise
  }
}

const linesOf = ({ stdout }: CliRun) =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map((line): Record<string, unknown> => JSON.parse(line))

interface Ran {
  readonly command: readonly string[]
  readonly text: string
  readonly env: Readonly<Record<string, string>>
}

/** Programs that a test lets end when it likes. */
function programs(codeOf: (ran: Ran) => number | Promise<number>) {
  const ran: Ran[] = []
  const runProgram: RunProgram = async (command, { input, env: given, signal }) => {
    const run = { command, text: new TextDecoder().decode(input), env: given }
    ran.push(run)
    tell()
    const killed = new Promise<number>((resolve) => signal.addEventListener('abort', () => resolve(137)))
    return await Promise.race([codeOf(run), killed])
  }
  return { ran, runProgram }
}

describe('consume from a running server', () => {
  verifies(
    'cli:consume',
    'writes each event as a line of JSON, acknowledges it, and ends at SIGTERM',
    async () => {
      const { server, port, pending } = await start()
      await server.event('Ev1', mention('one'))
      const consumer = consume(['--group', 'g', '--port', String(port)])
      await until(async () => (await pending()) === 0)
      await server.event('Ev2', mention('two'))
      await until(async () => (await pending()) === 0)
      consumer.signal('SIGTERM')
      const run = await consumer.ended
      expect([run.code, run.stderr]).toEqual([0, ''])
      expect(linesOf(run)).toMatchObject([
        { id: 'Ev1', type: 'app_mention', channel_id: 'C1', attempt: 1, data: { event: { text: 'one' } } },
        { id: 'Ev2', attempt: 1 },
      ])
      expect(linesOf(run)[0]).not.toHaveProperty('body_base64')
      await server.event('Ev3', mention('three'))
      expect(await pending()).toBe(1)
    },
  )

  verifies(
    'cli:consume:command',
    'runs a command for each, the bytes on its standard input and nothing of them in its arguments',
    async () => {
      const { server, port, pending } = await start()
      const { ran, runProgram } = programs(({ env: given }) => (given['EVENT_ATTEMPT'] === '1' ? 3 : 0))
      const consumer = consume(['--group', 'g', '--port', String(port), '--', 'handle', '--all', '$(x)'], {
        runProgram,
      })
      await server.event('Ev1', mention('one'))
      await until(async () => ran.length === 2 && (await pending()) === 0)
      consumer.signal('SIGTERM')
      const { code, stderr } = await consumer.ended
      expect([code, stderr]).toEqual([
        0,
        'Ev1: handle ended with 3 at attempt 1; the event comes again, or is given up\n',
      ])
      expect(ran.map(({ command }) => command)).toEqual([
        ['handle', '--all', '$(x)'],
        ['handle', '--all', '$(x)'],
      ])
      expect(ran[0]?.text).toBe(ran[1]?.text ?? '')
      expect(JSON.parse(ran[0]?.text ?? '')).toMatchObject({ event_id: 'Ev1', event: { text: 'one' } })
      expect(
        ran.map(({ env: given }) => [given['EVENT_ID'], given['EVENT_TYPE'], given['EVENT_ATTEMPT']]),
      ).toEqual([
        ['Ev1', 'app_mention', '1'],
        ['Ev1', 'app_mention', '2'],
      ])
    },
  )

  verifies('cli:consume:stop', 'lets the running command finish at Ctrl-C, and takes no other', async () => {
    const { server, port, pending } = await start()
    const finish = Promise.withResolvers<number>()
    const { ran, runProgram } = programs(() => finish.promise)
    const consumer = consume(['--group', 'g', '--port', String(port), '--', 'handle'], { runProgram })
    for (const id of ['Ev1', 'Ev2']) await server.event(id, mention(id))
    await until(() => ran.length === 1)
    consumer.signal('SIGINT')
    // It goes on: the connection stays until what is in hand is settled.
    await until(() => consumer.settlements.length === 1)
    expect(consumer.settlements).toMatchObject([{ last: true }])
    expect(await pending()).toBe(2)
    finish.resolve(0)
    expect((await consumer.ended).code).toBe(130)
    expect(ran).toHaveLength(1)
    expect(await pending()).toBe(1)
  })

  test('kills the running command at the second Ctrl-C, and its event comes again', async () => {
    const { server, port, pending } = await start()
    const { ran, runProgram } = programs(() => new Promise(() => undefined))
    const consumer = consume(['--group', 'g', '--port', String(port), '--', 'handle'], { runProgram })
    await server.event('Ev1', mention('one'))
    await until(() => ran.length === 1)
    consumer.signal('SIGINT')
    consumer.signal('SIGINT')
    expect((await consumer.ended).code).toBe(130)
    expect(await pending()).toBe(1)
  })

  test('runs as many at once as it is told to', async () => {
    const { server, port, pending } = await start()
    const finish = Promise.withResolvers<number>()
    const { ran, runProgram } = programs(() => finish.promise)
    const consumer = consume(['--group', 'g', '--concurrency', '2', '--port', String(port), '--', 'handle'], {
      runProgram,
    })
    for (const id of ['Ev1', 'Ev2', 'Ev3']) await server.event(id, mention(id))
    await until(() => ran.length === 2)
    finish.resolve(0)
    await until(async () => (await pending()) === 0)
    expect(ran).toHaveLength(3)
    consumer.signal('SIGTERM')
    await consumer.ended
  })

  test('keeps the order of a channel where it is told to', async () => {
    const { server, port, pending } = await start()
    const first = Promise.withResolvers<number>()
    const { ran, runProgram } = programs(({ env: given }) =>
      given['EVENT_ID'] === 'Ev1' ? first.promise : 0,
    )
    for (const id of ['Ev1', 'Ev2']) await server.event(id, mention(id))
    await server.event('Ev3', { ...mention('three'), channel: 'C2' })
    const options = ['--group', 'g', '--ordered', '--concurrency', '3', '--port', String(port)]
    const consumer = consume([...options, '--', 'handle'], { runProgram })
    // The other channel is through, and the second of the first one has not begun.
    await until(async () => (await pending()) === 2)
    expect(ran.map(({ env: given }) => given['EVENT_ID'])).toEqual(['Ev1', 'Ev3'])
    first.resolve(0)
    await until(async () => (await pending()) === 0)
    expect(ran.map(({ env: given }) => given['EVENT_ID'])).toEqual(['Ev1', 'Ev3', 'Ev2'])
    consumer.signal('SIGTERM')
    await consumer.ended
  })

  test('gives up a command that outlives its lease', async () => {
    const { server, port, pending } = await start()
    const { ran, runProgram } = programs(({ env: given }) =>
      given['EVENT_ATTEMPT'] === '1' ? new Promise(() => undefined) : 0,
    )
    const consumer = consume(['--group', 'g', '--lease', '1', '--port', String(port), '--', 'handle'], {
      runProgram,
    })
    await server.event('Ev1', mention('one'))
    await until(async () => ran.length === 2 && (await pending()) === 0)
    consumer.signal('SIGTERM')
    await consumer.ended
  })

  test('ends where the command cannot be run, and the event comes again', async () => {
    const { server, port, pending } = await start()
    const consumer = consume(['--group', 'g', '--port', String(port), '--', 'nosuch'])
    await server.event('Ev1', mention('one'))
    const { code, stderr } = await consumer.ended
    expect([code, stderr]).toEqual([1, 'slack-integrated-server: nosuch cannot be run\n'])
    expect(await pending()).toBe(1)
  })

  test('acknowledges unseen what --type leaves out', async () => {
    const { server, port, pending } = await start()
    await server.event('Ev1', mention('one'))
    await server.event('Ev2', { type: 'message', channel: 'D1', channel_type: 'im', text: 'two', ts: '1.2' })
    const consumer = consume(['--group', 'g', '--type', 'message.im', '--port', String(port)])
    await until(async () => (await pending()) === 0)
    consumer.signal('SIGTERM')
    expect(linesOf(await consumer.ended).map(({ id }) => id)).toEqual(['Ev2'])
  })

  test('waits for a server that goes away', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'sis-consume-'))
    directories.push(stateDir)
    const config = { queueBackendType: 'sqlite', stateDir } as const
    const first = await start({ config, pid: 1 })
    const consumer = consume(['--group', 'g', '--port', String(first.port)])
    await first.server.event('Ev1', mention('one'))
    await until(async () => (await first.pending()) === 0)
    running.splice(0)
    await first.server.stop()
    const server = await startApp({ config, pid: 1 })
    running.push(server)
    await server.event('Ev2', mention('two'))
    listen(server.app, { host: '127.0.0.1', port: first.port })
    await until(async () => {
      const { groups } = (await (await ask(server, '/admin/events/groups')).json()) as {
        groups: readonly { pending: number }[]
      }
      return groups[0]?.pending === 0
    })
    consumer.signal('SIGTERM')
    const run = await consumer.ended
    expect([run.code, linesOf(run).map(({ id }) => id)]).toEqual([0, ['Ev1', 'Ev2']])
  }, 20_000)

  test('refuses what it does not understand, and says where nobody answers', async () => {
    const refused = [
      [],
      ['--group', 'a b'],
      ['--group', 'g', '--concurrency', '257'],
      ['--group', 'g', '--concurrency', '0'],
      ['--group', 'g', '--lease', '0'],
      ['--group', 'g', '--type', 'A'],
      ['--group', 'g', '-x'],
    ]
    for (const words of refused) expect([words, (await consume(words).ended).code]).toEqual([words, 2])
    expect((await consume(['--group', 'g', '--port', '1']).ended).code).toBe(69)
    expect((await consume(['--group', 'g', '--offline']).ended).code).toBe(78)
    const { port } = await start()
    const wrong = await consume(['--group', 'g', '--port', String(port)], {
      env: { ADMIN_TOKEN: 'x'.repeat(32) },
    }).ended
    expect([wrong.code, wrong.stdout]).toEqual([1, ''])
  })
})

describe('consume from the store itself', () => {
  test('takes the events of sqlite where it is told to', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'sis-consume-'))
    directories.push(stateDir)
    const { server } = await start({ config: { queueBackendType: 'sqlite', stateDir } })
    await server.event('Ev1', mention('one'))
    running.splice(0)
    await server.stop()
    const sqlite = { QUEUE_BACKEND_TYPE: 'sqlite', STATE_DIR: stateDir }
    const { ran, runProgram } = programs(() => 0)
    const consumer = consume(['--group', 'g', '--offline', '--', 'handle'], { env: sqlite, runProgram })
    await until(() => ran.length === 1)
    consumer.signal('SIGTERM')
    expect((await consumer.ended).code).toBe(0)
    const { stdout } = await runCommandLine(['events', 'groups', 'list', '--offline'], {
      env: { ...env, ...sqlite },
      clock,
    })
    expect(JSON.parse(stdout)).toMatchObject({ group: 'g', pending: 0 })
  })

  describeWithRedis('Redis', () => {
    verifies(
      'cli:consume:redis',
      'needs no server: consumers share a group, and operators look at it',
      async () => {
        const redis = await RedisServer.start()
        try {
          const deps = { clock, ids: createSystemIds(), log: silentLogger, metrics: silentMetrics }
          const topics = ['slack.events']
          const queue = createQueueBackend(
            { backend: 'redis', redis: { url: new Secret(redis.url), topics } },
            deps,
          )
          await queue.start()
          for (const event of queuedEvents(20)) await queue.publish(event)
          const redisEnv = { QUEUE_BACKEND_TYPE: 'redis', REDIS_URL: redis.url }
          const { ran, runProgram } = programs(() => 0)
          const consumers = [1, 2].map(() =>
            consume(['--group', 'g', '--', 'handle'], { env: redisEnv, runProgram }),
          )
          await until(() => ran.length === 20)
          for (const consumer of consumers) consumer.signal('SIGTERM')
          for (const { ended } of consumers) expect((await ended).code).toBe(0)
          expect(await queue.groups()).toMatchObject([{ group: 'g', pending: 0 }])
          expect(new Set(ran.map(({ env: given }) => given['EVENT_ID'])).size).toBe(20)
          await queue.stop()
          const look = async (line: string) => {
            const { code, stdout, stderr } = await runCommandLine(line.split(' '), {
              env: { ...env, ...redisEnv },
              clock,
            })
            return [code, stderr, JSON.parse(stdout.split('\n')[0] ?? '')]
          }
          const note = 'no server answers at http://127.0.0.1:3000; looking at redis itself\n'
          expect(await look('events groups list')).toMatchObject([0, note, { group: 'g', pending: 0 }])
          expect(await look('events show Ev7 --offline')).toMatchObject([0, '', { id: 'Ev7' }])
          expect(await look('events purge --before 1h --offline --yes')).toEqual([
            0,
            '',
            { dry_run: false, removed: 20 },
          ])
        } finally {
          await redis.close()
        }
      },
      20_000,
    )
  })
})
