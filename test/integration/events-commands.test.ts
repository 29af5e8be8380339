import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { IntegratedAppOptions } from '../../src/app-options.ts'
import { createSystemClock } from '../../src/base/clock.ts'
import type { StopSignal } from '../../src/cli/cli-context.ts'
import { triggerTemplates } from '../../src/cli/trigger-templates.ts'
import { type AppFixture, startApp } from '../support/app-fixture.ts'
import { type CliInput, type CliRun, runCommandLine } from '../support/cli-context.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { signingSecret } from '../support/http-fixture.ts'
import { verifies } from '../support/verifies.ts'

const env = { SLACK_SIGNING_SECRET: signingSecret }

const running: AppFixture[] = []
const directories: string[] = []
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop()
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true })
})

interface Fixture {
  readonly server: AppFixture
  readonly asked: string[]
  run(line: string, input?: CliInput): Promise<CliRun>
  /** The JSON lines of a command that succeeds. */
  json(line: string): Promise<readonly Record<string, unknown>[]>
}

/** A server that the command lines reach at 127.0.0.1:3000. */
async function start(options: IntegratedAppOptions = {}): Promise<Fixture> {
  const server = await startApp(options)
  running.push(server)
  const asked: string[] = []
  const reach: CliInput['fetch'] = (url, init) => {
    asked.push(url)
    return (server.admin ?? server.app).handle(new Request(url, init))
  }
  const run = (line: string, input: CliInput = {}) =>
    runCommandLine(line.split(' '), { env, fetch: reach, clock: createSystemClock(), ...input })
  return {
    server,
    asked,
    run,
    async json(line) {
      const { code, stdout, stderr } = await run(line)
      expect([line, code, stderr]).toEqual([line, 0, ''])
      return linesOf(stdout)
    },
  }
}

function linesOf(stdout: string): readonly Record<string, unknown>[] {
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

const mention = (text: string) => ({ type: 'app_mention', channel: 'C1', user: 'U1', text, ts: '1.1' })

/** Gives up every event of `poison` at the first try. */
async function consume(server: AppFixture, group: string, count: number, poison: readonly string[] = []) {
  const [all, over] = [Promise.withResolvers<void>(), new AbortController()]
  let seen = 0
  const subscription = server.events.subscribe({
    group,
    signal: over.signal,
    retry: { attemptsMax: 1, firstMs: 1, longestMs: 1 },
    async handler({ event }) {
      if (++seen === count) all.resolve()
      if (poison.includes(event.id)) throw new TypeError('poison')
    },
  })
  await all.promise
  over.abort()
  await subscription
}

async function startWithEvents(options: IntegratedAppOptions = {}): Promise<Fixture> {
  const fixture = await start(options)
  await fixture.server.event('Ev1', mention('one'))
  await fixture.server.event('Ev2', mention('two \u202e\u001b[31m'))
  await fixture.server.event('Ev3', {
    type: 'message',
    channel: 'D1',
    channel_type: 'im',
    text: 'three',
    ts: '1.3',
  })
  await consume(fixture.server, 'billing', 3, ['Ev2'])
  return fixture
}

describe('events', () => {
  verifies('cli:events', 'shows what is kept: JSON lines for programs, a table for people', async () => {
    const { run, json } = await startWithEvents()
    const listed = await json('events tail --once')
    expect(listed.map(({ id, type }) => [id, type])).toEqual([
      ['Ev1', 'app_mention'],
      ['Ev2', 'app_mention'],
      ['Ev3', 'message'],
    ])
    expect(listed[0]?.['data']).toMatchObject({ event: { text: 'one' } })
    expect((await json('events tail --once --limit 1')).map(({ id }) => id)).toEqual(['Ev3'])
    expect((await json('events tail --once --type message.im')).map(({ id }) => id)).toEqual(['Ev3'])
    const table = await run('events tail --once', { isTerminal: true })
    expect(table.stdout.split('\n')[0]).toMatch(/^\d\d:\d\d:\d\d {2}app_mention {15}Ev1 {13}C1$/)
    expect((await json('events show Ev1'))[0]).toMatchObject({ id: 'Ev1', data: { event_id: 'Ev1' } })
    const page = await run('events show Ev2', { isTerminal: true })
    expect(page.stdout).toContain('"text": "two \\u{202e}\\u001b[31m"')
    expect(await run('events show EvGone')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'slack-integrated-server: no event EvGone is kept\n',
    })
    expect((await json('events stats'))[0]).toMatchObject({ backend: 'memory', events: 3, dead_letters: 1 })
    expect((await run('events stats', { isTerminal: true })).stdout).toContain('billing  0')
  })

  verifies(
    'forward:resume',
    'resumes forwarding in the running server, and says where there is none',
    async () => {
      const { run } = await start()
      expect(await run('events forward resume')).toEqual({
        code: 1,
        stdout: '',
        stderr: 'slack-integrated-server: http://127.0.0.1:3000 forwards nothing: it has no FORWARD_URL\n',
      })
      const forwarding = await start({ config: { forwardUrl: 'http://127.0.0.1:9/' } })
      expect(await forwarding.json('events forward resume')).toEqual([{ resumed: false }])
      expect((await forwarding.run('events forward resume', { isTerminal: true })).stdout).toBe(
        'Forwarding was not paused.\n',
      )
    },
  )

  verifies('cli:events:groups', 'lists groups and forgets one', async () => {
    const { run, json } = await startWithEvents()
    expect(await json('events groups list')).toMatchObject([{ group: 'billing', pending: 0 }])
    expect(await json('events groups remove billing')).toEqual([
      { group: 'billing', removed: true, pending: 0 },
    ])
    expect((await run('events groups remove billing')).code).toBe(1)
    expect(await json('events groups list')).toEqual([])
    expect((await run('events groups remove')).code).toBe(2)
  })

  verifies(
    'cli:events:dead',
    'lists, shows, replays and removes dead letters, and only says so without --yes',
    async () => {
      const { run, json } = await startWithEvents()
      expect(await json('events dead list')).toMatchObject([
        { id: 'Ev2', group: 'billing', reason: 'TypeError' },
      ])
      expect(await json('events dead list --since 1h --reason TypeError')).toHaveLength(1)
      expect(await json('events dead list --before 1h')).toEqual([])
      expect((await json('events dead show Ev2'))[0]).toMatchObject({
        data: { event_id: 'Ev2' },
        attempts: 1,
      })
      expect((await run('events dead show Ev1')).code).toBe(1)
      const dry = await run('events dead replay Ev2', { isTerminal: true })
      expect(dry.stdout).toContain('1 would be replayed; --yes does it.\n')
      expect(await json('events dead list')).toHaveLength(1)
      expect((await run('events dead replay')).code).toBe(2)
      expect((await run('events dead replay Ev2 --all')).code).toBe(2)
      expect(await json('events dead replay --all --yes')).toMatchObject([
        { matched: 1, done: 1, dry_run: false },
      ])
      expect(await json('events dead list')).toEqual([])
      expect(await json('events groups list')).toMatchObject([{ group: 'billing', pending: 1 }])
    },
  )

  test('says by its exit code that some could not be replayed', async () => {
    const { run, json } = await startWithEvents()
    await json('events groups remove billing')
    const { code, stdout } = await run('events dead replay Ev2 --yes', { isTerminal: true })
    expect([code, stdout.split('\n').at(-2)]).toEqual([
      1,
      '0 replayed, 1 not: gone meanwhile, or the group is.',
    ])
    expect(await json('events dead purge Ev2')).toMatchObject([{ matched: 1, done: 0, dry_run: true }])
    expect(await json('events dead purge Ev2 --yes')).toMatchObject([{ matched: 1, done: 1 }])
    expect(await json('events dead purge Ev2 --yes')).toMatchObject([{ matched: 0, done: 0 }])
  })

  verifies(
    'cli:events:purge',
    'removes what arrived before a time, and only says so without --yes',
    async () => {
      const { run, json } = await startWithEvents()
      expect(await json('events purge --before 1h')).toEqual([{ dry_run: true, removed: 0 }])
      expect(await json('events purge --before 2999-01-01')).toEqual([{ dry_run: true, removed: 3 }])
      expect((await json('events stats'))[0]).toMatchObject({ events: 3 })
      expect(await json('events purge --before 2999-01-01 --yes')).toEqual([{ dry_run: false, removed: 3 }])
      expect((await json('events stats'))[0]).toMatchObject({ events: 0 })
      expect((await run('events purge')).code).toBe(2)
    },
  )

  verifies('cli:events:tail', 'follows what comes, each event once, until Ctrl-C', async () => {
    const { server, run } = await start()
    await server.event('Ev0', mention('zero'))
    const clock = new FakeClock(createSystemClock().now())
    let listener: ((signal: StopSignal) => void) | undefined
    const onSignal = (given: (signal: StopSignal) => void) => {
      listener = given
      return () => undefined
    }
    const followed = run('events tail', { clock, onSignal })
    await clock.advance(100)
    for (const id of ['Ev1', 'Ev2']) await server.event(id, mention(id))
    await clock.advance(1_000)
    await server.event('Ev3', mention('three'))
    await clock.advance(3_000)
    listener?.('SIGINT')
    const { code, stdout, stderr } = await followed
    expect([code, stderr]).toEqual([130, ''])
    expect(linesOf(stdout).map(({ id }) => id)).toEqual(['Ev0', 'Ev1', 'Ev2', 'Ev3'])
    expect(clock.timerCount).toBe(0)
  })

  test('refuses what it does not understand, before it asks anybody', async () => {
    const { run, asked } = await start()
    const lines = [
      'events tail --limit 0',
      'events tail --limit 1001',
      'events tail --limit 1.5',
      'events show',
      'events dead list --since yesterday',
      'events dead list --since 2026-13-45',
      'events purge --before 7w',
      'events groups list --url ftp://example.com',
      'events groups list --url http://example.com',
    ]
    for (const line of lines) expect([line, (await run(line)).code]).toEqual([line, 2])
    expect(asked).toEqual([])
    expect((await run('events tail --once --limit 1000')).code).toBe(0)
    expect((await run('events tail --once --type A')).code).toBe(1)
  })
})

describe('the server of a command', () => {
  verifies('cli:events:server', 'is the one of the configuration, or the one of --url', async () => {
    const { run, asked } = await start()
    const first = async (line: string, more: Readonly<Record<string, string>> = {}) => {
      asked.splice(0)
      expect((await run(line, { env: { ...env, ...more } })).code).toBe(0)
      return asked[0]
    }
    const path = '/admin/events/groups'
    expect(await first('events groups list')).toBe(`http://127.0.0.1:3000${path}`)
    expect(await first('events groups list', { HOST: '0.0.0.0', PORT: '8080' })).toBe(
      `http://127.0.0.1:8080${path}`,
    )
    expect(await first('events groups list', { ADMIN_PORT: '9000' })).toBe(`http://127.0.0.1:9000${path}`)
    expect(await first('events groups list --url http://localhost:7000/')).toBe(
      `http://localhost:7000${path}`,
    )
  })

  test('takes ADMIN_TOKEN, and says when it is another one', async () => {
    const { run } = await start()
    const other = await run('events groups list', { env: { ADMIN_TOKEN: 't'.repeat(32) } })
    expect([other.code, other.stdout]).toEqual([1, ''])
    expect(other.stderr).toContain('does not take the admin token')
    expect((await run('events groups list', { env: {} })).code).toBe(78)
    const withoutRoutes = await start({ config: { webhookEnabled: false } })
    const { code, stderr } = await withoutRoutes.run('events groups list')
    expect(code).toBe(1)
    expect(stderr).toContain('has no admin routes')
  })

  test('that does not answer is exit code 69, where memory kept the events', async () => {
    expect(await runCommandLine(['events', 'tail'], { env })).toEqual({
      code: 69,
      stdout: '',
      stderr: 'slack-integrated-server: no server answers at http://127.0.0.1:3000\n',
    })
    expect((await runCommandLine(['events', 'tail', '--offline'], { env })).code).toBe(78)
  })
})

describe('without a server', () => {
  async function store(): Promise<Readonly<Record<string, string>>> {
    const stateDir = mkdtempSync(join(tmpdir(), 'sis-events-'))
    directories.push(stateDir)
    const { server } = await startWithEvents({ config: { queueBackendType: 'sqlite', stateDir } })
    running.splice(0)
    await server.stop()
    return { ...env, QUEUE_BACKEND_TYPE: 'sqlite', STATE_DIR: stateDir }
  }
  const clock = createSystemClock()

  verifies(
    'cli:events:offline',
    'the sqlite file itself is looked at and changed, and that is said',
    async () => {
      const sqlite = await store()
      const run = (line: string) => runCommandLine(line.split(' '), { env: sqlite, clock })
      const stats = await run('events stats')
      expect(stats.stderr).toBe('no server answers at http://127.0.0.1:3000; looking at sqlite itself\n')
      expect(linesOf(stats.stdout)).toMatchObject([
        { backend: 'sqlite', events: 3, dead_letters: 1, forward: null },
      ])
      const offline = async (line: string) => {
        const { code, stdout, stderr } = await run(`${line} --offline`)
        expect([code, stderr]).toEqual([0, ''])
        return linesOf(stdout)
      }
      expect((await offline('events tail --once')).map(({ id }) => id)).toEqual(['Ev1', 'Ev2', 'Ev3'])
      expect(await offline('events show Ev3')).toMatchObject([{ id: 'Ev3' }])
      expect(await offline('events dead replay --all --yes')).toMatchObject([{ matched: 1, done: 1 }])
      expect(await offline('events groups list')).toMatchObject([{ group: 'billing', pending: 1 }])
      expect(await offline('events groups remove billing')).toHaveLength(1)
      expect(await offline('events purge --before 2999-01-01 --yes')).toEqual([
        { dry_run: false, removed: 3 },
      ])
      expect((await run('events groups list --url http://127.0.0.1:3000')).code).toBe(69)
    },
  )

  test('a directory that a running server has is left to it', async () => {
    const sqlite = await store()
    const { server } = await start({ config: { queueBackendType: 'sqlite', stateDir: sqlite['STATE_DIR'] } })
    const { code, stdout, stderr } = await runCommandLine(['events', 'tail', '--once', '--offline'], {
      env: sqlite,
      clock,
    })
    expect([code, stdout]).toEqual([78, ''])
    expect(stderr).toContain('state directory')
    expect((await server.health()).components.queue_backend).toBe('connected')
  })
})

describe('trigger', () => {
  verifies(
    'cli:trigger',
    'sends every event that it knows, signed so that the webhook takes it',
    async () => {
      const { server, run, json } = await start()
      const events: Record<string, unknown>[] = []
      for (const name of Object.keys(triggerTemplates)) {
        const [sent] = await json(`trigger ${name} text=hi channel=C9 user=U9`)
        expect([name, sent?.['status']]).toEqual([name, 200])
        events.push(...(await json('events tail --once --limit 1')))
        expect(events.at(-1)?.['id']).toBe(sent?.['event_id'])
        expect(events.at(-1)?.['correlation_id']).toBe(sent?.['correlation_id'])
      }
      const typeOf = (name: string) => (name.startsWith('message') ? 'message' : name)
      expect(events.map(({ type }) => type)).toEqual(Object.keys(triggerTemplates).map(typeOf))
      const channels = events.map(({ channel_id: channel }) => channel)
      // A member of the team, a view and a global shortcut are in no channel.
      expect(channels.filter((channel) => channel !== 'C9')).toEqual([null, null, null])
      expect(events[0]?.['data']).toMatchObject({
        event: { type: 'app_mention', text: 'hi', channel: 'C9', user: 'U9' },
      })
      expect(await json('events tail --once --type message.im')).toHaveLength(1)
      const shown = await run('trigger app_mention', { isTerminal: true })
      expect(shown.stdout).toMatch(
        /^POST http:\/\/127\.0\.0\.1:3000\/slack\/events signed -> 200 in \d+ ms {2}event_id=Ev[0-9A-F]{12} correlation_id=[0-9a-f-]{36}\n$/,
      )
      expect(server.log.named('webhook_event_received').length).toBeGreaterThan(10)
    },
  )

  test('sets any field, and the parts of a command', async () => {
    const { json } = await start()
    await json('trigger message thread_ts=1.5 text=a=b')
    expect((await json('events tail --once'))[0]?.['data']).toMatchObject({
      event: { thread_ts: '1.5', text: 'a=b' },
    })
    await json('trigger slash_command command=/deploy text=now')
    expect((await json('events tail --once --limit 1'))[0]).toMatchObject({
      source: 'commands',
      data: { command: '/deploy', text: 'now' },
    })
  })

  test('puts fields where the kind of interaction has them', async () => {
    const { json } = await start()
    const kept = async (words: string) => {
      await json(`trigger ${words}`)
      return (await json('events tail --once --limit 1'))[0]
    }
    expect(await kept('interactive:block_actions action_id=approve value=7 text=Yes')).toMatchObject({
      source: 'interactivity',
      team_id: 'T0TRIGGER',
      data: {
        type: 'block_actions',
        actions: [{ type: 'button', action_id: 'approve', value: '7', text: { text: 'Yes' } }],
      },
    })
    expect(await kept('interactive:view_submission callback_id=order')).toMatchObject({
      data: { type: 'view_submission', view: { callback_id: 'order' } },
    })
    expect(await kept('interactive:message_action callback_id=file text=hi')).toMatchObject({
      data: { type: 'message_action', callback_id: 'file', message: { text: 'hi' } },
    })
  })

  test('says why it was not taken', async () => {
    const { run } = await start()
    const wrong = await run('trigger app_mention', { env: { SLACK_SIGNING_SECRET: 'x'.repeat(32) } })
    expect([wrong.code, linesOf(wrong.stdout)[0]?.['status']]).toEqual([1, 401])
    expect(wrong.stderr).toContain('another signing secret')
    expect((await run('trigger app_mention', { env: {} })).code).toBe(78)
    expect(await runCommandLine(['trigger', 'app_mention'], { env })).toEqual({
      code: 69,
      stdout: '',
      stderr: 'slack-integrated-server: no server answers at http://127.0.0.1:3000/slack/events\n',
    })
    for (const line of [
      'trigger',
      'trigger toString',
      'trigger app_mention hello',
      'trigger app_mention TEXT=a',
    ]) {
      expect([line, (await run(line)).code]).toEqual([line, 2])
    }
    expect((await run('trigger app_mentoin')).stderr).toContain('did you mean app_mention?')
  })
})
