import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningServer, runBinary, startServer, testCredentials } from '../support/binary.ts'
import { describeWithRedis, RedisServer } from '../support/redis-server.ts'
import { eventCallback, signedRequest } from '../support/signed-sender.ts'
import { verifies } from '../support/verifies.ts'

const preload = join(import.meta.dir, '../support/stray-faults.ts')
const directories: string[] = []
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true })
})

function durable(): Readonly<Record<string, string>> {
  const directory = mkdtempSync(join(tmpdir(), 'sis-fault-'))
  directories.push(directory)
  return { QUEUE_BACKEND_TYPE: 'sqlite', STATE_DIR: directory }
}

async function trigger({ port }: RunningServer): Promise<string> {
  const run = await runBinary({
    args: ['trigger', 'app_mention'],
    env: { ...testCredentials, PORT: String(port) },
  })
  expect([run.exitCode, run.stderr]).toEqual([0, ''])
  return JSON.parse(run.stdout).event_id
}

/** The answer does not matter, nor whether there is one. */
const ask = (url: string, what: string) =>
  fetch(`${url}/health`, { headers: { 'x-request-id': what, 'x-correlation-id': what } }).catch(
    () => undefined,
  )

/** How each fault is brought about. */
const faults: Readonly<Record<string, (server: RunningServer) => unknown>> = {
  'thrown in a timer, again and again': ({ child }) => child.signal('SIGUSR2'),
  'thrown in a request': ({ url }) => ask(url, 'stray-throw'),
  'rejected in a request': ({ url }) => ask(url, 'stray-rejection'),
}

describe('an error that nobody caught', () => {
  for (const [where, bringAbout] of Object.entries(faults)) {
    verifies(
      'server:fault',
      `F27: ${where}: is logged once, and the server drains and ends with 1`,
      async () => {
        const state = durable()
        const server = await startServer({ env: { ...state, BUN_OPTIONS: `--preload ${preload}` } })
        await using child = server.child
        const eventId = await trigger(server)
        await bringAbout(server)
        expect(await child.exited).toBe(1)
        await child.closed
        const logged = child.stdout.logged('server_fault')
        expect(logged).toMatchObject([
          { level: 'error', correlation_id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
        ])
        expect(JSON.stringify(logged)).toContain('nobody catches this')
        expect(child.stdout.logged('server_stopped')).toHaveLength(1)
        expect(child.stderr.text).toBe('')
        // The lock is free and the event is there: it was a stop, not a crash.
        const shown = await runBinary({
          args: ['events', 'show', eventId],
          env: { ...testCredentials, ...state },
        })
        expect(JSON.parse(shown.stdout)).toMatchObject({ id: eventId })
      },
    )
  }

  test('of one that embeds the server is left to it', async () => {
    const before = [process.listenerCount('uncaughtException'), process.listenerCount('unhandledRejection')]
    const { createIntegratedApp } = await import('../../src/index.ts')
    const embedded = createIntegratedApp({
      token: testCredentials.SLACK_BOT_TOKEN,
      signingSecret: testCredentials.SLACK_SIGNING_SECRET,
      config: { slackApiUrl: 'http://127.0.0.1:1/api/' },
    })
    await embedded.start()
    const during = [process.listenerCount('uncaughtException'), process.listenerCount('unhandledRejection')]
    await embedded.stop()
    expect(during).toEqual(before)
  })
})

/** Longer than a command to Redis may take, and than its connection is silent otherwise. */
const pauseMs = 3_000

describeWithRedis('a server that was paused', () => {
  verifies(
    'server:pause',
    'F28: takes events again at once and holds nothing against its queue',
    async () => {
      const redis = await RedisServer.start()
      await using _ = { [Symbol.asyncDispose]: () => redis.close() }
      const server = await startServer({ env: { QUEUE_BACKEND_TYPE: 'redis', REDIS_URL: redis.url } })
      await using child = server.child
      await trigger(server)
      child.signal('SIGSTOP')
      await Bun.sleep(pauseMs)
      child.signal('SIGCONT')
      await trigger(server)
      const health = await (await fetch(`${server.url}/health`)).json()
      expect(health).toMatchObject({ components: { queue_backend: 'connected' } })
      // Slack is out of reach of these tests.
      const complaints = child.stdout.lines.filter((line) => /"level":"(warn|error)"/.test(line))
      expect(complaints.filter((line) => !line.includes('"msg":"slack_'))).toEqual([])
      expect(await child.stop()).toBe(0)
    },
  )
})

describeWithRedis('a stop while Redis is frozen', () => {
  for (const [what, state, statusWhileFrozen] of [
    ['directly before Redis', () => ({}), 503],
    ['with a spool', durable, 200],
  ] as const) {
    verifies(
      'server:stop:redis-frozen',
      `F25: ${what}: ends cleanly, and every acknowledged event is in Redis in the end`,
      async () => {
        const redis = await RedisServer.start()
        await using _ = { [Symbol.asyncDispose]: () => redis.close() }
        const env = { ...state(), QUEUE_BACKEND_TYPE: 'redis', REDIS_URL: redis.url }
        const stored = async () => JSON.stringify(await redis.command('XRANGE', 'slack.events', '-', '+'))
        const server = await startServer({ env })
        await using child = server.child
        const untilStored = async (id: string) => {
          while (!(await stored()).includes(`"${id}"`)) await Bun.sleep(retryMs)
        }
        expect(await post(server, 'EvBefore')).toBe(200)
        await untilStored('EvBefore')
        redis.freeze()
        const statuses = [await post(server, 'EvMeanwhile')]
        expect(statuses).toEqual([statusWhileFrozen])
        // Not answered when the stop begins; whoever is cut off was not told that it was taken.
        const last = post(server, 'EvLast').catch(() => 503)
        // 137 where the stop outlives its deadline and has to be killed.
        expect(await child.stop()).toBe(0)
        statuses.push(await last)
        const acknowledged = ['EvMeanwhile', 'EvLast'].filter((_id, index) => statuses[index] === 200)
        redis.thaw()
        const next = await startServer({ env })
        await using _next = next.child
        for (const id of ['EvBefore', ...acknowledged]) await untilStored(id)
        expect(await next.child.stop()).toBe(0)
      },
    )
  }
})

const limitBytes = 400_000
/** Of each event of this test. */
const textCharacters = 20_000

describe.skipIf(Bun.which('prlimit') === null)('a file that may not grow', () => {
  verifies(
    'e2e:file-size-limit',
    'F15: is a full disk: the server refuses events, keeps every one it took, and takes more when it may again',
    async () => {
      const state = durable()
      const server = await startServer({ env: state })
      await using child = server.child
      await limitFileSize(child.pid, String(limitBytes))
      const accepted: string[] = []
      // A first refusal empties the WAL, which gives it room once more.
      for (let refusedInRow = 0; refusedInRow < 10; ) {
        // Ten times what fits: without a refusal by now nothing is limited.
        expect(accepted.length * textCharacters).toBeLessThan(10 * limitBytes)
        const eventId = `Ev${accepted.length}`
        const status = await post(server, eventId)
        expect([200, 503]).toContain(status)
        if (status === 200) accepted.push(eventId)
        refusedInRow = status === 200 ? 0 : refusedInRow + 1
      }
      expect(accepted.length).toBeGreaterThan(0)
      expect((await fetch(`${server.url}/livez`)).status).toBe(200)
      await limitFileSize(child.pid, 'unlimited')
      // The breaker looks every second whether the queue is back.
      while ((await post(server, 'refused')) !== 200) await Bun.sleep(retryMs)
      expect(await child.stop()).toBe(0)
      const tailed = await runBinary({
        args: ['events', 'tail', '--offline', '--once', '--limit', '1000'],
        env: { ...testCredentials, ...state },
      })
      expect(tailed.stdout).toContain('refused')
      for (const id of accepted) expect(tailed.stdout.split(`"id":"${id}"`)).toHaveLength(2)
    },
  )
})

const retryMs = 100

async function limitFileSize(pid: number, bytes: string): Promise<void> {
  expect(await Bun.spawn(['prlimit', '--pid', String(pid), `--fsize=${bytes}:unlimited`]).exited).toBe(0)
}

async function post({ url }: RunningServer, eventId: string): Promise<number> {
  const event = {
    type: 'message',
    channel: 'C1',
    user: 'U1',
    ts: '1700000000.000100',
    text: 'x'.repeat(textCharacters),
  }
  const request = signedRequest(eventCallback({ eventId, event }), {
    signingSecret: testCredentials.SLACK_SIGNING_SECRET,
    nowMs: Date.now(),
    url: `${url}/slack/events`,
  })
  return (await fetch(request)).status
}
