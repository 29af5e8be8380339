import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, createSystemClock } from '../../src/base/clock.ts'
import { createSystemIds } from '../../src/base/ids.ts'
import { judgeSelfTest, selfTest, type Trial } from '../../src/cli/doctor-app.ts'
import { createDemoWorkspace, type DemoWorkspace } from '../../src/demo/workspace.ts'
import { createLocalFiles } from '../../src/local-files.ts'
import { type CliInput, runCommandLine } from '../support/cli-context.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { FakeLocalFiles } from '../support/fake-local-files.ts'
import { credentials } from '../support/load-config.ts'
import { describeWithRedis, RedisServer } from '../support/redis-server.ts'
import { sequentialIds } from '../support/sequential-ids.ts'
import { verifies } from '../support/verifies.ts'

const clock = createSystemClock()
let folder: string
let workspace: DemoWorkspace

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-'))
  workspace = createDemoWorkspace({ clock, ids: createSystemIds() })
})
afterAll(() => {
  workspace.stop()
  rmSync(folder, { recursive: true })
})

interface Row {
  readonly area: string
  readonly level: string
  readonly says: string
  readonly fix: string | null
}

/** `doctor` on a demo workspace; everything is well unless the test says otherwise. */
async function doctor(argv: readonly string[], { env = {}, ...input }: CliInput = {}) {
  const run = await runCommandLine(['doctor', '--port', '0', ...argv], {
    clock,
    localFiles: createLocalFiles('test'),
    files: {
      '/proc/self/limits': 'Max open files            20000                20000                files\n',
    },
    fetch: (url, init) => workspace.handle(new Request(url, init)),
    ...input,
    env: {
      SLACK_BOT_TOKEN: workspace.botToken,
      SLACK_SIGNING_SECRET: `${credentials.SLACK_SIGNING_SECRET},${'2'.repeat(32)}`,
      SLACK_API_URL: 'http://127.0.0.1:1/api/',
      QUEUE_BACKEND_TYPE: 'sqlite',
      STATE_DIR: folder,
      ...env,
    },
  })
  return run
}

async function report(argv: readonly string[] = [], input: CliInput = {}) {
  const { code, stdout, stderr } = await doctor(['--json', ...argv], input)
  expect(stderr).toBe('')
  const parsed: { readonly exit_code: number; readonly checks: readonly Row[] } = JSON.parse(stdout)
  expect(parsed.exit_code).toBe(code)
  const bad = parsed.checks.filter(({ level }) => level === 'fail' || level === 'warn')
  return { code, checks: parsed.checks, bad }
}

const granting = (scopes: string, date?: string) => async () =>
  new Response(JSON.stringify({ ok: true, team_id: 'T1', team: 'Acme', user_id: 'U1', user: 'bot' }), {
    headers: { 'x-oauth-scopes': scopes, ...(date === undefined ? {} : { date }) },
  })

describe('doctor', () => {
  verifies('cli:doctor', 'looks at every part and finds a good configuration good', async () => {
    const { code, stdout, stderr } = await doctor(['--strict'])
    expect([code, stderr]).toEqual([0, ''])
    const lines = stdout.trimEnd().split('\n')
    expect(lines.at(-1)).toBe('Everything is well.')
    const areas = new Set(lines.slice(0, -1).map((line) => line.split(' ')[0]))
    expect([...areas]).toEqual(['CONFIG', 'SLACK', 'EVENTS', 'MCP', 'QUEUE', 'HOST'])
    expect(stdout).toContain('bot token: Tidemark (')
    expect(stdout).toContain('a forged and a stale one are refused with 401')
    expect(stdout).not.toContain(workspace.botToken)
  })

  test('without a valid configuration names every problem with its fix, and stops there', async () => {
    const { code, checks } = await report(['--queue-backend', 'redis'], { env: { SLACK_BOT_TOKEN: '' } })
    expect(code).toBe(78)
    expect(checks.map(({ area, level }) => `${area} ${level}`)).toEqual(['config fail', 'config fail'])
    expect(checks[0]?.fix).toContain('Bot User OAuth Token')
  })

  test('exits 1 for a warning only where it is strict', async () => {
    const env = { QUEUE_BACKEND_TYPE: 'memory' }
    const lax = await report([], { env })
    expect([lax.code, lax.bad.map(({ area, level }) => [area, level])]).toEqual([0, [['queue', 'warn']]])
    expect((await report(['--strict'], { env })).code).toBe(1)
  })

  test('shows parts that are off as such', async () => {
    const noWebhook = await report(['--no-webhook'])
    expect([noWebhook.code, noWebhook.bad]).toEqual([0, []])
    expect(noWebhook.checks.filter(({ level }) => level === 'off').map(({ area }) => area)).toEqual([
      'events',
      'queue',
    ])
    const noMcp = await report(['--no-mcp'], { env: { SLACK_BOT_TOKEN: '' } })
    expect(noMcp.checks.filter(({ level }) => level === 'off').map(({ area }) => area)).toEqual([
      'slack',
      'mcp',
    ])
  })

  verifies('cli:doctor:slack', 'names what each toolset lacks, and a clock that is off', async () => {
    const lacking = await report([], {
      fetch: granting('chat:write,channels:history,users:read,channels:read'),
    })
    expect([lacking.code, lacking.bad.map(({ says }) => says)]).toEqual([
      0,
      [
        'reactions: reactions:write missing (hidden: slack_add_reactions, slack_remove_reactions)',
        'emoji: emoji:read missing (hidden: slack_read_emojis)',
      ],
    ])
    const scopes = 'chat:write,channels:history,users:read,channels:read,reactions:write,emoji:read'
    const at = async (aheadMs: number) => {
      const { code, bad } = await report([], {
        fetch: granting(scopes, new Date(clock.now() + aheadMs).toUTCString()),
      })
      return [code, bad.map(({ level }) => level)]
    }
    expect(await at(-50_000)).toEqual([0, []])
    expect(await at(70_000)).toEqual([0, ['warn']])
    expect(await at(-290_000)).toEqual([0, ['warn']])
    expect(await at(310_000)).toEqual([1, ['fail']])
  })

  verifies('cli:doctor:events', 'fails the self-test for every answer that is not the right one', () => {
    const good = { signed: ['answered', 'answered'], forged: 401, stale: 401, elapsedMs: 1 } as const
    expect(judgeSelfTest(good).level).toBe('ok')
    for (const wrong of [
      { signed: ['answered', 401] },
      { signed: ['answered', 200] },
      { forged: 'answered' },
      { forged: 503 },
      { stale: 'answered' },
      { stale: 200 },
    ] as const) {
      const { level, exitCode, fix } = judgeSelfTest({ ...good, ...wrong })
      expect([wrong, level, exitCode, fix]).toEqual([wrong, 'fail', 1, expect.stringContaining('report it')])
    }
    expect(judgeSelfTest({ ...good, signed: ['answered', 401], stale: 200 }).says).toBe(
      'self-test: signed answered, 401; forged 401; stale 200',
    )
  })

  verifies('cli:doctor:events', 'signs with every secret, with one of nobody, and too long ago', async () => {
    const sent: Trial[] = []
    const send = async (trial: Trial) => {
      sent.push(trial)
      return sent.length < 3 ? 'answered' : 400 + sent.length
    }
    const deps = { secrets: ['one', 'two'], clock: new FakeClock(1_000_000_999), ids: sequentialIds() }
    expect(await selfTest(send, deps)).toEqual({
      signed: ['answered', 'answered'],
      forged: 403,
      stale: 404,
      elapsedMs: 0,
    })
    const now = 1_000_000
    expect(sent.map(({ secret, timestamp }) => [secret, timestamp])).toEqual([
      ['one', now],
      ['two', now],
      [expect.not.stringMatching(/^(one|two|)$/), now],
      // Slack's limit is 300 s: one that only age makes wrong.
      ['one', now - 301],
    ])
    expect(new Set(sent.map(({ challenge }) => challenge)).size).toBe(4)
  })

  verifies('cli:doctor:events', 'ends with 1 where the self-test fails', async () => {
    let jumpedMs = 0
    const sixMinutesMs = 360_000
    // Whoever looks at this clock twice sees what was signed in between go stale.
    const jumping: Clock = {
      ...clock,
      now() {
        jumpedMs += sixMinutesMs
        return clock.now() + jumpedMs
      },
    }
    const { code, bad } = await report(['--no-mcp'], { clock: jumping, env: { SLACK_BOT_TOKEN: '' } })
    expect([code, bad.map(({ says }) => says)]).toEqual([
      1,
      ['self-test: signed 401, 401; forged 401; stale 401'],
    ])
  })

  test('ends with 77 where Slack refuses the token, 69 where it does not answer, and goes on looking', async () => {
    const refused = await report([], { env: { SLACK_BOT_TOKEN: 'xoxb-dead' } })
    expect([refused.code, refused.bad.map(({ area }) => area)]).toEqual([77, ['slack']])
    expect(refused.checks.at(-1)?.area).toBe('host')
    const away = await report([], {
      fetch: () => Promise.reject(Object.assign(new Error('x'), { code: 'ECONNREFUSED' })),
    })
    expect([away.code, away.bad.map(({ area }) => area)]).toEqual([69, ['slack']])
  }, 20_000)

  test('ends with what is most the configuration of several problems', async () => {
    const dead = { SLACK_BOT_TOKEN: 'xoxb-dead' }
    const noRedis = { QUEUE_BACKEND_TYPE: 'redis', REDIS_URL: 'redis://127.0.0.1:1/0', STATE_DIR: '' }
    const other = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('other') })
    const taken = ['--port', String(other.port)]
    const codes = [
      await report(taken, { env: { ...dead, STATE_DIR: join(folder, 'nowhere') } }),
      await report(taken, { env: { ...dead, ...noRedis } }),
      await report(taken, { env: noRedis }),
      await report(taken),
    ].map(({ code }) => code)
    await other.stop(true)
    expect(codes).toEqual([78, 77, 69, 1])
  }, 20_000)

  verifies('cli:doctor:queue', 'leaves nothing behind in the state directory', async () => {
    const stateDir = join(folder, 'state')
    mkdirSync(stateDir)
    const { code, checks } = await report([], { env: { STATE_DIR: stateDir } })
    expect(code).toBe(0)
    expect(checks.find(({ area }) => area === 'queue')?.says).toMatch(
      /^sqlite: answers in [\d.]+ ms; survives kill -9/,
    )
    expect(readdirSync(stateDir)).toEqual([])
  })

  test('says what is wrong with a state directory', async () => {
    const missing = await report([], { env: { STATE_DIR: join(folder, 'nowhere') } })
    expect([missing.code, missing.bad.map(({ says }) => says)]).toEqual([
      78,
      [`STATE_DIR ${join(folder, 'nowhere')} does not exist`],
    ])
    const below = await report([], { env: { STATE_DIR: `${import.meta.path}/below` } })
    expect(below.bad.map(({ says }) => says)).toEqual([`STATE_DIR ${import.meta.path}/below does not exist`])
    symlinkSync('circle', join(folder, 'circle'))
    const hidden = await report([], { env: { STATE_DIR: join(folder, 'circle') } })
    rmSync(join(folder, 'circle'))
    expect([hidden.code, hidden.bad.map(({ says }) => says)]).toEqual([
      78,
      [`STATE_DIR ${join(folder, 'circle')} lies in a folder that is closed to this user`],
    ])
    const file = await report([], { env: { STATE_DIR: import.meta.path } })
    expect(file.bad.map(({ says }) => says)).toContain(`STATE_DIR ${import.meta.path} is no directory`)
  })

  test('is 69 where Redis does not answer', async () => {
    const env = {
      QUEUE_BACKEND_TYPE: 'redis',
      REDIS_URL: 'redis://:canary-password@127.0.0.1:1/0',
      STATE_DIR: '',
    }
    const { code, bad } = await report([], { env })
    expect([code, bad.map(({ area, level }) => [area, level])]).toEqual([69, [['queue', 'fail']]])
    expect(bad[0]?.says).toBe('redis: Redis cannot be reached (ECONNREFUSED)')
    expect(JSON.stringify(bad)).not.toContain('canary')
  }, 20_000)

  test('says where the platform makes the choice of a queue lossy, and what else it makes of the configuration', async () => {
    const { code, bad } = await report([], { env: { DYNO: 'web.1' } })
    expect([code, bad.map(({ area, says, fix }) => [area, says, fix])]).toEqual([
      0,
      [
        [
          'config',
          'HOST is 127.0.0.1, and Heroku reaches the server from outside its loopback address',
          'Set HOST=0.0.0.0.',
        ],
        [
          'queue',
          'sqlite: accepted events are lost: Heroku restarts dynos every day, and the disk with STATE_DIR goes with them',
          'QUEUE_BACKEND_TYPE=redis (with REDIS_URL) keeps them.',
        ],
      ],
    ])
  })

  verifies('cli:doctor:host', 'tells a port that is taken from one that such a server uses', async () => {
    const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('other') })
    try {
      const port = ['--port', String(server.port)]
      const taken = await report(port)
      expect([taken.code, taken.bad.map(({ says }) => says)]).toEqual([
        1,
        [`port ${server.port} on 127.0.0.1 is in use by another program`],
      ])
      const ours = await report(port, {
        fetch: async (url, init) =>
          url.endsWith('/health')
            ? Response.json({ status: 'healthy', components: {} })
            : workspace.handle(new Request(url, init)),
      })
      expect([ours.code, ours.bad]).toEqual([0, []])
    } finally {
      await server.stop(true)
    }
  })

  test('warns of too few file descriptors, and says where the system does not tell', async () => {
    const limits = (soft: string) => ({ '/proc/self/limits': `Max open files   ${soft}  4096  files\n` })
    const found = async (files: CliInput['files']) => {
      const { checks } = await report([], { files: files ?? {} })
      return checks.filter(({ says }) => says.includes('descriptor')).map(({ level }) => level)
    }
    expect(await found(limits('1511'))).toEqual(['warn'])
    expect(await found(limits('1512'))).toEqual(['ok'])
    expect(await found(limits('unlimited'))).toEqual(['ok'])
    expect(await found({})).toEqual(['off'])
  })

  verifies('cli:doctor:modes', 'warns of files with secrets that others can read', async () => {
    const files = {
      '/c.toml': `[slack]\nsigning_secret = ["${credentials.SLACK_SIGNING_SECRET}"]`,
      '/token': workspace.botToken,
      '/e.env': 'LOG_LEVEL=DEBUG',
    }
    const facts = (mode: number) => ({ kind: 'file', mode, isWritable: true }) as const
    const found = async (config: number, secret: number) => {
      const localFiles = new FakeLocalFiles(files, {
        '/c.toml': facts(config),
        '/token': facts(secret),
        '/e.env': facts(0o644),
      })
      const { bad } = await report(['--config', '/c.toml', '--env-file', '/e.env'], {
        files,
        localFiles,
        env: {
          SLACK_BOT_TOKEN: '',
          SLACK_BOT_TOKEN_FILE: '/token',
          SLACK_SIGNING_SECRET: '',
          QUEUE_BACKEND_TYPE: 'memory',
          STATE_DIR: '',
        },
      })
      return bad.filter(({ area }) => area === 'config').map(({ fix }) => fix)
    }
    expect(await found(0o600, 0o400)).toEqual([])
    expect((await found(0o640, 0o604)).sort()).toEqual(['chmod 600 /c.toml', 'chmod 600 /token'])
  })
})

describeWithRedis('doctor on Redis', () => {
  let server: RedisServer
  const secret = 'canary-password'
  // One for each test: they change what it is and how it is set.
  beforeEach(async () => {
    server = await RedisServer.start()
  })
  afterEach(() => server.close())

  const lookAt = async (url: string, env: CliInput['env'] = {}) => {
    const { code, checks } = await report([], {
      env: { QUEUE_BACKEND_TYPE: 'redis', REDIS_URL: url, STATE_DIR: '', ...env },
    })
    expect(JSON.stringify(checks)).not.toContain('canary')
    return { code, queue: checks.filter(({ area }) => area === 'queue') }
  }

  verifies('cli:doctor:queue', 'goes to Redis and back, and leaves nothing behind', async () => {
    const { code, queue } = await lookAt(server.url)
    expect([code, queue.map(({ level, says }) => [level, says.replace(/[\d.]+ ms/, '1 ms')])]).toEqual([
      0,
      [
        [
          'ok',
          'redis: answers in 1 ms, 0 events kept, 0 dead letters; as durable as that Redis, shared by replicas',
        ],
        ['ok', 'no STATE_DIR: Slack is refused, and sends again, while Redis is away'],
      ],
    ])
    expect([await server.command('KEYS', '*'), await server.clientCount()]).toEqual([[], 0])
    const spooled = await lookAt(server.url, { STATE_DIR: folder })
    expect(spooled.queue.map(({ level }) => level)).toEqual(['ok', 'ok'])
    expect([
      await server.command('KEYS', '*'),
      readdirSync(folder).filter((name) => name !== 'state'),
    ]).toEqual([[], []])
  })

  verifies(
    'cli:doctor:queue',
    'says of a Redis that loses events that it does, and what to set',
    async () => {
      await server.command('CONFIG', 'SET', 'appendonly', 'no')
      await server.command('CONFIG', 'SET', 'maxmemory', '64mb')
      await server.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
      const { code, queue } = await lookAt(server.url)
      expect([code, queue.filter(({ level }) => level === 'warn').map(({ fix }) => fix)]).toEqual([
        0,
        ['Set "appendonly yes" in redis.conf.', 'Set "maxmemory-policy noeviction" in redis.conf.'],
      ])
    },
  )

  verifies('cli:doctor:queue', 'tells apart why Redis cannot be used, each with its own fix', async () => {
    await server.command(
      'ACL',
      'SETUSER',
      'bob',
      'on',
      `>${secret}`,
      '~*',
      '-@all',
      '+info',
      '+hello',
      '+client',
    )
    const at = `127.0.0.1:${server.port}`
    const failureAt = async (url: string) => {
      const { code, queue } = await lookAt(url)
      const [failed] = queue.filter(({ level }) => level === 'fail')
      return [code, failed?.says, failed?.fix?.split(/[:,]/)[0]]
    }
    expect(await failureAt(`redis://bob:wrong-${secret}@${at}`)).toEqual([
      69,
      'redis: Redis does not accept the user or password of REDIS_URL',
      'Put the user and password of that Redis into REDIS_URL',
    ])
    expect(await failureAt(`redis://bob:${secret}@${at}`)).toEqual([
      69,
      'redis: The Redis user may not run a command or touch a key that the queue needs',
      'Give the Redis user the rights that docs/consuming.md lists.',
    ])
    await server.command('ACL', 'SETUSER', 'bob', '+@all', '-ping')
    expect((await failureAt(`redis://bob:${secret}@${at}`))[1]).toContain('may not run a command')
    await server.command('REPLICAOF', '127.0.0.1', '1')
    expect(await failureAt(`redis://${at}`)).toEqual([
      69,
      'redis: Redis is a replica and takes no writes',
      'Name the primary in REDIS_URL.',
    ])
  })
})
