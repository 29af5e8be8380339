import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  binaryPath,
  type FinishedRun,
  type RunningServer,
  runBinary,
  spawnBinary,
  startServer,
  testCredentials,
} from '../support/binary.ts'
import { verifies } from '../support/verifies.ts'

const directories: string[] = []
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true })
})

function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sis-events-'))
  directories.push(directory)
  return directory
}

/** The environment of a command that finds this server. */
const envOf = ({ port }: RunningServer, more: Readonly<Record<string, string>> = {}) => ({
  ...testCredentials,
  PORT: String(port),
  ...more,
})

const linesOf = ({ stdout }: Pick<FinishedRun, 'stdout'>) =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map((line): Record<string, unknown> => JSON.parse(line))

async function succeed(words: readonly string[], env: Readonly<Record<string, string>>) {
  const run = await runBinary({ args: words, env })
  expect([words, run.exitCode, run.stderr]).toEqual([words, 0, ''])
  return linesOf(run)
}

const trigger = (server: RunningServer, ...words: readonly string[]) =>
  succeed(['trigger', ...words], envOf(server))

/** Far above what a starved machine needs, and below the time-out of the tests that wait. */
const waitMaxMs = 30_000

/** What a group has not acknowledged; asked again until it is `count`. */
async function untilPending(env: Readonly<Record<string, string>>, count: number): Promise<void> {
  const startedAtMs = performance.now()
  while (performance.now() - startedAtMs < waitMaxMs) {
    const [group] = await succeed(['events', 'groups', 'list'], env)
    if (group?.['pending'] === count) return
  }
  throw new Error(`Waited in vain until ${count} were pending`)
}

describe('the binary', () => {
  verifies(
    'e2e:events',
    'triggers an event, shows it, follows others, and ends at Ctrl-C',
    async () => {
      const server = await startServer()
      await using _ = server.child
      const [sent] = await trigger(server, 'app_mention', 'text=first')
      expect(sent).toMatchObject({ status: 200 })
      const env = envOf(server)
      await using tail = spawnBinary({ args: ['events', 'tail', '--type', 'app_mention'], env })
      await tail.stdout.find((line) => line.includes('first'))
      await trigger(server, 'message', 'text=other')
      await trigger(server, 'app_mention', 'text=second')
      await tail.stdout.find((line) => line.includes('second'))
      tail.signal('SIGINT')
      expect(await tail.exited).toBe(130)
      expect(tail.stdout.lines).toHaveLength(2)
      expect((await succeed(['events', 'show', String(sent?.['event_id'])], env))[0]).toMatchObject({
        data: { event: { text: 'first' } },
      })
      expect((await succeed(['events', 'stats'], env))[0]).toMatchObject({ backend: 'memory', events: 3 })
      expect(await server.child.stop()).toBe(0)
    },
    60_000,
  )

  verifies(
    'e2e:events:admin-port',
    'keeps operators to ADMIN_PORT',
    async () => {
      const server = await startServer({ env: { ADMIN_PORT: '0' } })
      await using _ = server.child
      const [line] = server.child.stdout.logged('server_started')
      const admin = new URL(String(line?.['admin']))
      expect(admin.hostname).toBe('127.0.0.1')
      expect((await fetch(`${server.url}/metrics`)).status).toBe(404)
      expect((await fetch(`${admin.origin}/metrics`)).status).toBe(200)
      expect((await fetch(`${admin.origin}/health`)).status).toBe(404)
      await trigger(server, 'app_mention')
      expect(
        await succeed(['events', 'tail', '--once'], envOf(server, { ADMIN_PORT: admin.port })),
      ).toHaveLength(1)
      const wrong = await runBinary({ args: ['events', 'tail', '--once'], env: envOf(server) })
      expect([wrong.exitCode, wrong.stdout]).toEqual([1, ''])
      expect(wrong.stderr).toContain('ADMIN_PORT')
      const taken = await runBinary({ env: { ...testCredentials, PORT: '0', ADMIN_PORT: admin.port } })
      expect(taken.exitCode).toBe(1)
      expect(taken.stderr).toContain('choose another with ADMIN_PORT')
      expect(await server.child.stop()).toBe(0)
    },
    60_000,
  )

  verifies(
    'e2e:consume',
    'runs a real command with the bytes on its input, and again where it fails',
    async () => {
      const server = await startServer()
      await using _ = server.child
      const directory = makeDirectory()
      const script = join(directory, 'handle')
      writeFileSync(
        script,
        '#!/bin/sh\ncat; echo " try $EVENT_ATTEMPT args $#"\n[ "$EVENT_ATTEMPT" = 2 ]\n',
        { mode: 0o700 },
      )
      const env = envOf(server)
      await using consumer = spawnBinary({ args: ['consume', '--group', 'g', '--', script, 'a b'], env })
      await trigger(server, 'app_mention', 'text=$(touch pwned)')
      const first = await consumer.stdout.find((line) => line.includes(' try 1 args 1'))
      expect(JSON.parse(first.slice(0, first.indexOf(' try ')))).toMatchObject({
        event: { text: '$(touch pwned)' },
      })
      await consumer.stdout.find((line) => line.includes(' try 2 args 1'))
      await untilPending(env, 0)
      consumer.signal('SIGTERM')
      expect(await consumer.exited).toBe(0)
    },
    60_000,
  )

  verifies(
    'e2e:consume:crash',
    'gives an event to another consumer when the first is killed',
    async () => {
      const server = await startServer()
      await using _ = server.child
      const env = envOf(server)
      await using first = spawnBinary({
        args: ['consume', '--group', 'g', '--', '/bin/sh', '-c', 'echo begun; sleep 60'],
        env,
      })
      await trigger(server, 'app_mention', 'text=once')
      await first.stdout.find((line) => line === 'begun')
      first.signal('SIGKILL')
      await using second = spawnBinary({ args: ['consume', '--group', 'g'], env })
      expect(JSON.parse(await second.stdout.find((line) => line.includes('once')))).toMatchObject({
        attempt: 2,
      })
      second.signal('SIGINT')
      expect(await second.exited).toBe(130)
    },
    60_000,
  )

  verifies(
    'e2e:consume:pipe',
    'ends quietly where nobody reads any more, and the server drains beside a consumer',
    async () => {
      const server = await startServer()
      await using _ = server.child
      for (const text of ['one', 'two', 'three']) await trigger(server, 'app_mention', `text=${text}`)
      const env = { PATH: '/usr/bin:/bin', HOME: makeDirectory(), ...envOf(server) }
      const pipeline = Bun.spawn(['/bin/sh', '-c', `"${binaryPath}" consume --group g | head -1`], {
        env,
        stdout: 'pipe',
        stderr: 'pipe',
      })
      const read = Promise.all([new Response(pipeline.stdout).text(), new Response(pipeline.stderr).text()])
      // Whoever has written all before the reader left hears of that with the next event only.
      while (pipeline.exitCode === null) await trigger(server, 'app_mention', 'text=more')
      const [out, err] = await read
      expect([await pipeline.exited, err, out.split('\n').length]).toEqual([0, '', 2])
      await using consumer = spawnBinary({ args: ['consume', '--group', 'other'], env: envOf(server) })
      await consumer.stdout.find((line) => line.includes('three'))
      expect(await server.child.stop()).toBe(0)
      await consumer.stderr.find((line) => line.includes('waiting for it'))
      consumer.signal('SIGTERM')
      expect(await consumer.exited).toBe(0)
    },
    60_000,
  )

  test('looks at the state directory that a killed server left, and not at one that is in use', async () => {
    const state = { QUEUE_BACKEND_TYPE: 'sqlite', STATE_DIR: makeDirectory() }
    const server = await startServer({ env: state })
    await using _ = server.child
    await trigger(server, 'app_mention', 'text=kept')
    const env = envOf(server, state)
    const offline = { args: ['events', 'tail', '--once', '--offline'], env }
    const busy = await runBinary(offline)
    expect([busy.exitCode, busy.stdout]).toEqual([78, ''])
    expect(busy.stderr).toContain(`pid: ${server.child.pid}`)
    server.child.signal('SIGKILL')
    await server.child.exited
    const left = await runBinary(offline)
    expect([left.exitCode, left.stderr]).toEqual([0, ''])
    expect(linesOf(left)[0]).toMatchObject({ data: { event: { text: 'kept' } } })
  }, 60_000)
})
